"""What binned columns have in common: bounds, bins, and numbers drawn inside their bin."""

from abc import abstractmethod
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, field_validator, model_validator

from fairshare.schema.column import MAX_CODES, Coded
from fairshare.schema.grid import Grid, Numbers
from fairshare.schema.parse import Codes, Parsed
from fairshare.schema.spec import Spec, show

__all__ = ["DEFAULT_BINS", "ONE_CODE_EACH", "Ordered", "PrivateQuantiles"]

#: Integers with at most this many values get one code each where `bins` is not given.
ONE_CODE_EACH = 100
#: Number of equal-width bins where `bins` is not given.
DEFAULT_BINS = 32


class PrivateQuantiles(Spec):
    """Bins whose edges are bought through the curator.

    Cells are encoded on a public grid of equal widths; the release layer then measures the column on that grid
    and joins its cells into bins of about equal counts, which costs privacy budget like any other answer.

    Attributes:
        private_quantiles: number of bins to buy, at least 2.
        grid: number of cells of the public grid (fewer for integers with fewer values).
    """

    private_quantiles: Annotated[int, Field(strict=True, ge=2)]
    grid: Annotated[int, Field(strict=True, ge=2, le=MAX_CODES)] = 1024

    @model_validator(mode="after")
    def _grid_is_finer(self) -> Self:
        if self.grid < self.private_quantiles:
            raise ValueError(f"grid ({self.grid}) must be at least private_quantiles ({self.private_quantiles})")
        return self


class Ordered(Coded):
    """A binned column.

    A value outside the bounds goes to the first or last bin (``outside = "clamp"``) or is missing (``outside =
    "missing"``). What can't be read, NaN and infinities are missing; where the column is not nullable, infinities
    are clamped and the rest goes to the first bin.

    Attributes:
        bounds: smallest and largest value, public.
        bins: a number of equal-width bins; or edges, of which the first and last are the bounds and the last
            belongs to the last bin (an integer or date edge may repeat there to give the top value its own bin);
            or `PrivateQuantiles`. Integers get one code each where bins are not fewer than values. Left out:
            one code each up to 100 values, else 32 bins.
        outside: what becomes of a value outside the bounds.
    """

    bounds: tuple[Any, Any]
    bins: Any = None
    outside: Literal["clamp", "missing"] = "clamp"

    #: Whether the grid's numbers are integers.
    whole: ClassVar[bool] = True

    @model_validator(mode="before")
    @classmethod
    def _bounds_from_edges(cls, fields: dict[str, Any]) -> dict[str, Any]:
        edges = fields.get("bins")
        if "bounds" not in fields and isinstance(edges, list | tuple) and len(edges) >= 2:
            return {**fields, "bounds": (edges[0], edges[-1])}
        return fields

    @field_validator("bounds", mode="before")
    @classmethod
    def _two_values(cls, given: Any) -> Any:
        if not isinstance(given, list | tuple) or len(given) != 2:
            raise ValueError(f"bounds ({show(given)}) must be two values, like bounds = [0, 9]")
        return given

    @field_validator("bins", mode="before")
    @classmethod
    def _known_form(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return PrivateQuantiles(**given)
        if given is None or isinstance(given, PrivateQuantiles):
            return given
        if isinstance(given, list | tuple):
            if len(given) < 2:
                raise ValueError(
                    f"bins ({show(given)}) must be at least two edges, the first and last being the bounds"
                )
            return given
        if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MAX_CODES:
            raise ValueError(
                f"bins ({show(given)}) must be a whole number from 1 to {MAX_CODES:,}, "
                "a list of edges, or { private_quantiles = 16 }"
            )
        return given

    def _check(self) -> None:
        low, high = map(self.number, self.bounds)
        if low > high or (low == high and not self.whole):
            raise ValueError(f"bounds ({show(self.bounds)}) must be a smaller and a larger value")
        if isinstance(self.bins, tuple):
            self._check_edges(self.bins)
        if self.outside == "missing" and not self.nullable:
            raise ValueError('outside ("missing") needs nullable = true')
        if self.private_bins is not None and self.private_bins > self.grid.size:
            raise ValueError(
                f"private_quantiles ({self.private_bins}) must be at most the {self.grid.size} cells of the grid"
            )

    def _check_edges(self, edges: tuple[Any, ...]) -> None:
        numbers = list(map(self.number, edges))
        # A repeated last edge is how integers give their top value a bin of its own.
        inner = numbers[:-1] if self.whole else numbers
        if any(a >= b for a, b in pairwise(inner)) or numbers[-2] > numbers[-1]:
            raise ValueError(f"bins ({show(edges)}) must increase from edge to edge")
        if (edges[0], edges[-1]) != self.bounds:
            raise ValueError(
                f"bounds ({show(self.bounds)}) must be the first and last edge of bins: "
                "leave bounds out or make them equal"
            )

    @property
    def value_count(self) -> int:
        """Number of bins, or of cells of the grid where bins are still to be bought."""
        return self.grid.size

    @property
    def private_bins(self) -> int | None:
        """How many bins to buy through the curator, or None."""
        return self.bins.private_quantiles if isinstance(self.bins, PrivateQuantiles) else None

    @property
    def _integers(self) -> int:
        low, high = map(self.number, self.bounds)
        return int(high) - int(low) + 1

    @cached_property
    def grid(self) -> Grid:
        """The bins as numbers: integers, reals, days or microseconds since 1970."""
        bins = self.bins
        if isinstance(bins, tuple):
            return Grid.of_edges(np.asarray([self.number(edge) for edge in bins]))
        if isinstance(bins, PrivateQuantiles):
            bins = bins.grid
        low, high = map(self.number, self.bounds)
        if not self.whole:
            return Grid.of_reals(float(low), float(high), bins or DEFAULT_BINS)
        if bins is None:
            bins = ONE_CODE_EACH if self._integers <= ONE_CODE_EACH else DEFAULT_BINS
        return Grid.of_integers(int(low), int(high), bins)

    def _value_labels(self) -> list[str]:
        grid = self.grid
        starts = [self._show(x) for x in grid.starts.tolist()]
        if grid.unit:
            return starts
        if not grid.is_integer:
            stops = [*starts[1:], self._show(grid.top)]
            ends = [")"] * (grid.size - 1) + ["]"]
            return [f"[{a}, {b}{end}" for a, b, end in zip(starts, stops, ends, strict=True)]
        lasts = [*(grid.starts[1:] - 1).tolist(), int(grid.top)]
        return [a if (b := self._show(last)) == a else f"{a} to {b}" for a, last in zip(starts, lasts, strict=True)]

    def _codes(self, values: pa.Array, spelled: tuple[str, ...]) -> Codes:
        parsed = self._read(values)
        codes, missing = self.grid.locate(parsed.values), ~parsed.valid
        sentinels = self._read(pa.array(spelled, pa.string()))
        if sentinels.valid.any():
            missing = missing | np.isin(parsed.values, sentinels.values[sentinels.valid])
        if self.outside == "missing":
            missing = missing | (parsed.values < self.grid.low) | (parsed.values > self.grid.top)
        # Without a missing code an infinity is clamped, and what can't be read is the lowest value already.
        return np.where(missing, -1, codes) if self.nullable else codes

    def _cells(self, codes: Codes, missing: npt.NDArray[np.bool_], rng: np.random.Generator) -> pa.Array:
        return self._arrow(self.grid.draw(codes, rng), missing)

    def _show(self, number: float) -> str:
        return str(self.value(number))

    @abstractmethod
    def number(self, value: Any) -> int | float:
        """A value of the schema as a number of the grid."""

    @abstractmethod
    def value(self, number: float) -> Any:
        """A number of the grid as a value of the schema."""

    @abstractmethod
    def _read(self, values: pa.Array) -> Parsed:
        """Cells as numbers of the grid."""

    @abstractmethod
    def _arrow(self, numbers: Numbers, missing: npt.NDArray[np.bool_]) -> pa.Array:
        """Numbers of the grid as cells, null where ``missing``."""
