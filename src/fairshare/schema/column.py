"""What all columns have in common: a name, a kind, review marks; and for those with codes, encode and decode."""

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import StrictBool, StrictStr, field_validator, model_validator

from fairshare.errors import DataError, SchemaError
from fairshare.schema.parse import Codes, is_text, per_distinct, pieces
from fairshare.schema.spec import Label, Spec, nearest, show

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MAX_CODES", "MISSING", "Coded", "Column"]

#: The most codes that one column may have: its marginals have as many cells at least.
MAX_CODES = 65_536
#: Label of the missing code in reports.
MISSING = "(missing)"

_DESCRIPTIVE = ("name", "note", "unreviewed")


class Column(Spec):
    """A column of the private table.

    Attributes:
        name: as in the header, NFC.
        kind: which class this is, in the file.
        note: free text for people.
        unreviewed: the fields whose values were taken from the data and that nobody has looked at since.
    """

    name: Label
    kind: str
    note: StrictStr = ""
    unreviewed: tuple[StrictStr, ...] = ()

    @field_validator("note")
    @classmethod
    def _one_line(cls, note: str) -> str:
        if not note.isprintable():
            raise ValueError(f"note ({show(note)}) must be one line of printable text")
        return note

    @model_validator(mode="after")
    def _marks_exist(self) -> Self:
        known = tuple(field for field in type(self).model_fields if field not in _DESCRIPTIVE)
        for field in self.unreviewed:
            if field not in known:
                raise ValueError(f"unreviewed names no field {field!r}: {nearest(field, known)}")
        return self

    @property
    def synthesised(self) -> bool:
        """Whether the column has codes and appears in a synthetic table."""
        return isinstance(self, Coded)


class Coded(Column):
    """A column whose cells become codes ``0 .. size - 1``: values first, the missing code last.

    Encoding is a function of the cell and this public record alone. It never raises on a value and never
    makes the domain wider: what can't be read is missing, and where the column is not nullable, `fallback`.

    Attributes:
        nullable: whether missing is a code of its own. Off by default, because a code that no record uses
            costs utility in every marginal of the column; a column that may hold nulls says so.
        missing_values: spellings of missing, instead of the schema's.
    """

    nullable: StrictBool = False
    missing_values: tuple[Label, ...] | None = None

    #: Families of Arrow types that the kind can read.
    reads: ClassVar[tuple[str, ...]] = ("text", "number", "boolean")

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self._check()
        if self.size > MAX_CODES:
            raise ValueError(
                f"number of codes ({self.size:,}) must be at most {MAX_CODES:,}: use fewer bins or categories, "
                'or kind = "text" to leave the column out'
            )
        return self

    def _check(self) -> None:
        """Refuse fields that contradict each other (ValueError), before the size is looked at."""

    @property
    @abstractmethod
    def value_count(self) -> int:
        """Number of codes other than missing."""

    @property
    def size(self) -> int:
        """Number of codes, missing included."""
        return self.value_count + self.nullable

    @property
    def fallback(self) -> int:
        """The code of a cell that can't be read in a column without a missing code."""
        return 0

    @property
    def unknown_label(self) -> str:
        """Label of the code that a value becomes which this record doesn't know, and which isn't outside bounds."""
        return MISSING if self.nullable else self.labels()[self.fallback]

    @property
    def missing_code(self) -> int | None:
        """The code of missing, or None where the column is not nullable."""
        return self.value_count if self.nullable else None

    @property
    def private_bins(self) -> int | None:
        """How many bins to buy through the curator in place of the codes of `size`; None: nothing to buy."""
        return None

    @cached_property
    def code_type(self) -> np.dtype[Any]:
        """The smallest unsigned integer type that holds every code."""
        return np.min_scalar_type(self.size - 1)

    def labels(self) -> list[str]:
        """What each code stands for, for reports; `size` strings."""
        return self._value_labels() + ([MISSING] if self.nullable else [])

    def check_type(self, kind: "pa.DataType") -> None:
        """Refuse an Arrow type that this column can't read.

        Raises:
            DataError: names the column, the type and the next step.
        """
        if family(kind) not in (*self.reads, "null"):
            raise DataError(
                f"column {self.name!r} holds {kind}, which kind = {self.kind!r} can't read: "
                "convert it to text or numbers, or change its kind in the schema"
            )

    def encode(
        self, cells: "pa.Array | pa.ChunkedArray", missing_values: tuple[str, ...] = ()
    ) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Codes of the cells, shape (rows,), dtype `code_type`.

        Args:
            cells: any type that `check_type` lets through.
            missing_values: the schema's spellings of missing, used where the column has none of its own.

        Raises:
            DataError: the cells' type can't be read (never about a value).
        """
        self.check_type(cells.type)
        spelled = missing_values if self.missing_values is None else self.missing_values
        lost = self.value_count if self.nullable else self.fallback

        def encode_values(values: "pa.Array") -> Codes:
            codes = self._codes(values, spelled)
            return np.where(codes < 0, lost, codes)

        codes = [per_distinct(piece, encode_values).astype(self.code_type) for piece in pieces(cells)]
        return codes[0] if len(codes) == 1 else np.concatenate(codes)

    def decode(self, codes: npt.NDArray[np.integer[Any]], rng: np.random.Generator) -> "pa.Array":
        """Cells for the codes: labels for categories, draws inside the bin for numbers, null for missing.

        Raises:
            SchemaError: a code is outside ``0 .. size - 1``.
        """
        codes = np.asarray(codes)
        if len(codes) and (codes.min() < 0 or codes.max() >= self.size):
            raise SchemaError(f"codes of column {self.name!r} must be between 0 and {self.size - 1}")
        missing = codes == self.value_count
        return self._cells(np.where(missing, 0, codes).astype(np.int64), missing, rng)

    @abstractmethod
    def _value_labels(self) -> list[str]:
        """Labels of the codes other than missing."""

    @abstractmethod
    def _codes(self, values: "pa.Array", spelled: tuple[str, ...]) -> Codes:
        """Codes of the values, -1 for what is missing or can't be read."""

    @abstractmethod
    def _cells(self, codes: Codes, missing: npt.NDArray[np.bool_], rng: np.random.Generator) -> "pa.Array":
        """Cells of the codes, null where ``missing``."""


def family(kind: "pa.DataType") -> str:
    """Which of text, number, boolean, moment, null or other an Arrow type belongs to."""
    from pyarrow import types

    if types.is_dictionary(kind):
        return family(kind.value_type)
    if is_text(kind):
        return "text"
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return "number"
    if types.is_boolean(kind):
        return "boolean"
    if types.is_date(kind) or types.is_timestamp(kind):
        return "moment"
    return "null" if types.is_null(kind) else "other"
