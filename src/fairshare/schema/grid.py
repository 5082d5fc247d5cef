"""Bins of an ordered column: from numbers to codes, and from codes to numbers drawn inside their bin."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fairshare.errors import SchemaError

__all__ = ["Grid", "Numbers"]

#: Numbers of shape (n,), int64 or float64.
Numbers = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Grid:
    """Adjacent bins: bin ``i`` holds ``starts[i] <= x < starts[i + 1]``, the last one ``x <= top``.

    Attributes:
        starts: shape (bins,), strictly increasing, int64 or float64 (days and microseconds are int64).
        top: the largest value of the last bin.
    """

    starts: Numbers
    top: int | float

    @classmethod
    def of_integers(cls, low: int, high: int, bins: int) -> "Grid":
        """At most ``bins`` bins over the integers low..high whose widths differ by at most one."""
        values = high - low + 1
        bins = min(bins, values)
        # Python integers: values * i may pass 2^63 for microseconds.
        starts = [low + values * i // bins for i in range(bins)]
        return cls(np.asarray(starts, dtype=np.int64), high)

    @classmethod
    def of_reals(cls, low: float, high: float, bins: int) -> "Grid":
        """``bins`` bins of equal width over [low, high].

        Raises:
            SchemaError: the bounds are so close that floating point can't tell the bins apart.
        """
        edges = np.linspace(low, high, bins + 1)
        if not np.all(np.diff(edges) > 0):
            raise SchemaError(f"bins ({bins}) must be fewer: floating point can't divide [{low}, {high}] so finely")
        return cls(edges[:-1], high)

    @classmethod
    def of_edges(cls, edges: Numbers) -> "Grid":
        """The bins between these edges; the last edge belongs to the last bin, as in ``numpy.histogram``."""
        return cls(edges[:-1], edges[-1].item())

    @property
    def size(self) -> int:
        """Number of bins."""
        return len(self.starts)

    @property
    def low(self) -> int | float:
        """The smallest value of the first bin."""
        lowest: int | float = self.starts[0].item()
        return lowest

    @property
    def is_integer(self) -> bool:
        """Whether the values are integers."""
        return bool(self.starts.dtype == np.int64)

    @property
    def unit(self) -> bool:
        """Whether every bin holds exactly one integer."""
        return self.is_integer and self.size == int(self.top) - int(self.low) + 1

    def locate(self, values: Numbers) -> npt.NDArray[np.int64]:
        """The bin of each value; a value outside the bounds goes to the first or last bin (it is clamped)."""
        if self.unit:
            return np.asarray(np.clip(values, self.low, self.top) - self.low, dtype=np.int64)
        return np.searchsorted(self.starts[1:], values, side="right")

    def draw(self, codes: npt.NDArray[np.integer], rng: np.random.Generator) -> Numbers:
        """One value per code, uniform over its bin: integers over the bin's integers, reals over its interval."""
        lows: Numbers = self.starts[codes]
        if self.unit:
            return lows
        if self.is_integer:
            stops = np.append(self.starts[1:], int(self.top) + 1)
            drawn: Numbers = rng.integers(lows, stops[codes], dtype=np.int64)
            return drawn
        highs = np.append(self.starts[1:], self.top)[codes]
        drawn = lows + rng.random(len(codes)) * (highs - lows)
        # Rounding may reach the open end of the bin, which belongs to the next one.
        below: Numbers = np.minimum(drawn, np.nextafter(highs, lows))
        return below

    def edges(self) -> Numbers:
        """Starts and the top: what ``of_edges`` reads."""
        return np.append(self.starts, np.asarray(self.top, dtype=self.starts.dtype))
