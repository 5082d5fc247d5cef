"""Columns of numbers: integer and real."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, StrictInt, field_validator

from fairshare.schema import parse
from fairshare.schema.grid import Numbers
from fairshare.schema.ordered import Ordered, PrivateQuantiles
from fairshare.schema.parse import BEYOND, Codes, Parsed
from fairshare.schema.spec import Count, show

__all__ = ["Integer", "Real"]

Whole = Annotated[StrictInt, Field(gt=-BEYOND, lt=BEYOND)]
Finite = Annotated[float, Field(strict=True)]


class Integer(Ordered):
    """A column of integers; decodes to int64. Reals are rounded to the nearest."""

    kind: Literal["integer"] = "integer"
    bounds: tuple[Whole, Whole]
    bins: Count | tuple[Whole, ...] | PrivateQuantiles | None = None

    def number(self, value: Any) -> int | float:
        """The integer itself."""
        return int(value)

    def value(self, number: float) -> Any:
        """The integer itself."""
        return int(number)

    def _read(self, values: pa.Array) -> Parsed:
        return parse.integers(values)

    def _arrow(self, numbers: Numbers, missing: npt.NDArray[np.bool_]) -> pa.Array:
        return pa.array(numbers, pa.int64(), mask=missing)


class Real(Ordered):
    """A column of real numbers; decodes to float64.

    Attributes:
        decimals: places after the point of decoded numbers (where a bin holds no such number, all places).
    """

    kind: Literal["real"] = "real"
    bounds: tuple[Finite, Finite]
    bins: Count | tuple[Finite, ...] | PrivateQuantiles | None = None
    decimals: Annotated[int, Field(strict=True, ge=0, le=12)] | None = None

    whole: ClassVar[bool] = False

    @field_validator("bounds")
    @classmethod
    def _finite_width(cls, bounds: tuple[float, float]) -> tuple[float, float]:
        if not np.isfinite(bounds[1] / 2 - bounds[0] / 2) or not np.isfinite(bounds[1] - bounds[0]):
            raise ValueError(f"bounds ({show(bounds)}) must be less than 1.8e308 apart")
        return bounds

    def number(self, value: Any) -> int | float:
        """The number itself."""
        return float(value)

    def value(self, number: float) -> Any:
        """The number itself."""
        return float(number)

    def _show(self, number: float) -> str:
        return f"{number:.10g}"

    def _read(self, values: pa.Array) -> Parsed:
        return parse.reals(values)

    def _cells(self, codes: Codes, missing: npt.NDArray[np.bool_], rng: np.random.Generator) -> pa.Array:
        drawn = self.grid.draw(codes, rng)
        if self.decimals is not None:
            drawn = self._short(drawn, codes)
        return self._arrow(drawn, missing)

    def _short(self, drawn: Numbers, codes: Codes) -> Numbers:
        """The next number with few decimals below or above, whichever is in the same bin; else the number."""
        scale = 10.0 ** (self.decimals or 0)
        short = drawn
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is in no bin
            for whole in (np.ceil(drawn * scale), np.floor(drawn * scale)):  # below wins: bins begin on short numbers
                near = whole / scale
                stays = (self.grid.locate(near) == codes) & (self.grid.low <= near) & (near <= self.grid.top)
                short = np.where(stays, near, short)
        return short

    def _arrow(self, numbers: Numbers, missing: npt.NDArray[np.bool_]) -> pa.Array:
        return pa.array(numbers, pa.float64(), mask=missing)
