"""Columns whose values are listed: categorical and boolean."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import StrictBool, StrictInt, field_validator

from fairshare.schema import parse
from fairshare.schema.column import MAX_CODES, Coded
from fairshare.schema.parse import BEYOND, Codes
from fairshare.schema.spec import Label, normalise, show

__all__ = ["Boolean", "Categorical"]

if TYPE_CHECKING:
    Category = str | int | bool

_ARROW_TYPES = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}


class Categorical(Coded):
    """A column of listed categories, all text, all integers or all truth values.

    An unlisted value becomes `other` where that is declared, else missing where the column is nullable, else
    the first category; a null becomes missing, else `other`, else the first category. A listed category wins
    over a spelling of missing.

    Attributes:
        categories: in code order, without repeats.
        other: the category of unlisted values; it gets the next code where it isn't listed itself.
    """

    kind: Literal["categorical"] = "categorical"
    categories: tuple[Label, ...] | tuple[StrictBool, ...] | tuple[StrictInt, ...]
    other: Label | StrictBool | StrictInt | None = None

    reads: ClassVar[tuple[str, ...]] = ("text", "number", "boolean", "moment")

    @field_validator("categories", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        if not isinstance(given, list | tuple) or not given:
            raise ValueError(f"categories ({show(given)}) must be a list of at least one category")
        if len(given) > MAX_CODES:
            raise ValueError(
                f"number of categories ({len(given):,}) must be at most {MAX_CODES:,}: group them, or use "
                'kind = "text" to leave the column out'
            )
        if {type(category) for category in given} not in ({str}, {int}, {bool}):
            raise ValueError(
                f"categories ({show(given)}) must be all text, all integers or all true/false; put quotes around them"
            )
        if any(isinstance(category, int) and abs(category) >= BEYOND for category in given):
            raise ValueError("integer categories must have at most 18 digits: put quotes around them")
        given = tuple(normalise(category) if isinstance(category, str) else category for category in given)
        if len(set(given)) < len(given):
            twice = next(category for i, category in enumerate(given) if category in given[:i])
            raise ValueError(f"categories must not repeat (after NFC normalisation), but {show(twice)} does")
        return given

    def _check(self) -> None:
        if self.other is not None and type(self.other) is not type(self.categories[0]):
            raise ValueError(f"other ({show(self.other)}) must be of the categories' type")

    @cached_property
    def values(self) -> tuple["Category", ...]:
        """The category of each code but missing."""
        if self.other is None or self.other in self.categories:
            return self.categories
        return (*self.categories, self.other)

    @property
    def value_count(self) -> int:
        """Number of categories, `other` included."""
        return len(self.values)

    @property
    def fallback(self) -> int:
        """The code of `other`, else of the first category."""
        return 0 if self.other is None else self.values.index(self.other)

    @property
    def unknown_label(self) -> str:
        """`other` where it is declared; else as for all columns."""
        return super().unknown_label if self.other is None else self.labels()[self.fallback]

    @property
    def value_type(self) -> pa.DataType:
        """Arrow type of decoded cells: string, int64 or bool."""
        return _ARROW_TYPES[type(self.categories[0])]

    def _value_labels(self) -> list[str]:
        return [str(value).lower() if isinstance(value, bool) else str(value) for value in self.values]

    def _codes(self, values: pa.Array, spelled: tuple[str, ...]) -> Codes:
        if isinstance(self.categories[0], str):
            codes = _position(parse.texts(values), self.values)
        else:
            is_bool = isinstance(self.categories[0], bool)
            parsed = parse.booleans(values) if is_bool else parse.integers(values, exact=True)
            codes = np.where(parsed.valid, _position(pa.array(parsed.values), tuple(map(int, self.values))), -1)
        if self.other is None:
            return codes
        return np.where((codes < 0) & ~parse.blank(values, spelled), self.fallback, codes)

    def _cells(self, codes: Codes, missing: npt.NDArray[np.bool_], rng: np.random.Generator) -> pa.Array:
        del rng  # a category is one value
        return pa.array(self.values, self.value_type).take(pa.array(codes, mask=missing))


class Boolean(Coded):
    """A column of truth values: code 0 is false, 1 is true.

    Reads truth values, the numbers 0 and 1, and true/false, t/f, yes/no, y/n in any case; anything else is
    missing, and false where the column is not nullable.
    """

    kind: Literal["boolean"] = "boolean"

    @property
    def value_count(self) -> int:
        """Two."""
        return 2

    def _value_labels(self) -> list[str]:
        return ["false", "true"]

    def _codes(self, values: pa.Array, spelled: tuple[str, ...]) -> Codes:
        parsed = parse.booleans(values)
        return np.where(parsed.valid & ~parse.blank(values, spelled), parsed.values, -1)

    def _cells(self, codes: Codes, missing: npt.NDArray[np.bool_], rng: np.random.Generator) -> pa.Array:
        del rng  # a truth value is one value
        return pa.array(codes.astype(bool), mask=missing)


def _position(keys: pa.Array, values: tuple["Category", ...]) -> Codes:
    """Where each key stands among the values, -1 for nowhere."""
    found = pc.index_in(keys, value_set=pa.array(values, keys.type))
    codes: Codes = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes
