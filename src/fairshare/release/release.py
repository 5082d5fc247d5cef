"""A release: everything that may be published about one run, and more rows on demand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.model import SamplingMethod
from fairshare.release.record import MAX_ROWS, ReleaseRecord
from fairshare.release.storage import load, save
from fairshare.release.streaming import ahead

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Release"]

#: Rows of one table of a stream: large for the rounding, small for the processor's own cache.
_STREAMED = 1 << 18


@dataclass(frozen=True, kw_only=True, repr=False)
class Release(ReleaseRecord):
    """A synthetic table, the model behind it, and the account of what it cost: a ``ReleaseRecord`` that draws rows."""

    def __repr__(self) -> str:
        """A line: what is in it, and what was promised."""
        return f"<Release of {self.rows:,} rows, {len(self.schema.sizes)} columns: {self.certificate['promise']}>"

    @cached_property
    def table(self) -> Any:
        """The synthetic table, in the frame type of the input; the same rows every time."""
        return self.sample(self.rows, seed=self.seed)

    def sample(
        self,
        n: int,
        *,
        seed: int | None = None,
        given: Mapping[str, Any] | None = None,
        method: SamplingMethod = "rounding",
    ) -> Any:
        """More synthetic rows, at no privacy cost.

        Args:
            n: number of rows, 0 to 10^10.
            seed: for reproducible rows; governs sampling only, never privacy noise.
            given: fix some columns to one of the schema's labels, e.g. ``{"sex": "Female"}``.
            method: ``rounding`` (counts follow the model as closely as integers can) or ``independent`` draws.

        Returns:
            A table in the input's frame type.

        Raises:
            UsageError: an argument is out of range.
        """
        from fairshare.io import to_frame

        self._check(n, method)
        rng = np.random.default_rng(seed)
        codes = self.model.sample_codes(int(n), rng, method=method, given=self._codes(given or {}))
        return to_frame(self.schema.decode(codes, rng), self.frame)

    def stream(
        self,
        n: int,
        *,
        seed: int | None = None,
        given: Mapping[str, Any] | None = None,
        method: SamplingMethod = "rounding",
    ) -> "Iterator[pa.Table]":
        """The same as ``sample`` for any number of rows: Arrow tables of 2^18 rows, memory for a few of them.

        Each table is a sample of its own, from a seed of its own: its counts follow the model as closely as whole
        numbers can in so many rows, and over k tables the deviations add up like sqrt(k), still below those of
        independent draws. Other rows than ``sample`` gives for the same seed; the same ones every time.

        Raises:
            UsageError: as ``sample``.
        """
        self._check(n, method)
        fixed = self._codes(given or {})
        sizes = [min(_STREAMED, n - start) for start in range(0, n, _STREAMED)] or [0]
        seeds = np.random.SeedSequence(seed).spawn(len(sizes))

        def draw(part: tuple[int, np.random.SeedSequence]) -> "pa.Table":
            size, source = part
            rng = np.random.default_rng(source)
            codes = self.model.sample_codes(size, rng, method=method, given=fixed)
            return self.schema.decode(codes, rng)

        return ahead(draw, zip(sizes, seeds, strict=True))

    def marginal(self, attributes: list[str] | tuple[str, ...]) -> NDArray[np.float64]:
        """Expected counts of some columns' codes under the model; labels by ``schema.labels(column)``."""
        return self.model.marginal(attributes)

    def save(self, directory: str | Path) -> Path:
        """Write release.json, model.npz, certificate.json, ledger.json and statement.yaml; all or nothing.

        Raises:
            UsageError: the directory exists and is not a release.
        """
        return save(self, Path(directory))

    @classmethod
    def load(cls, directory: str | Path) -> "Release":
        """Read a saved release and check all that can be checked without the data.

        Hashes, the ledger's chain and sums, the certificate against both, roles against the schema. The tables of its
        junction tree may have ``fairshare.model.MOST_CELLS`` cells (2^28, of 8 bytes), as many as a fit's: drawing
        rows takes a few times that.

        Raises:
            UsageError: no release is there.
            IntegrityError: a file was changed, truncated, or is not what it says.
        """
        return cls(**vars(load(Path(directory))))

    @staticmethod
    def _check(n: int, method: str) -> None:
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 0 <= n <= MAX_ROWS:
            raise UsageError(f"rows ({n}) must be an integer between 0 and {MAX_ROWS}")
        if method not in ("rounding", "independent"):
            raise UsageError(f"method ({method!r}) must be 'rounding' or 'independent'")

    def _codes(self, given: Mapping[str, Any]) -> dict[str, int]:
        codes = {}
        for column, label in given.items():
            if column not in self.model.domain:
                raise UsageError(f"given column {column!r} is not synthesised; there are {list(self.model.domain)}")
            labels = self.schema.labels(column)
            if str(label) not in labels:
                raise UsageError(f"given value of {column!r} must be one of the schema's labels: {labels[:20]}")
            codes[column] = labels.index(str(label))
        return codes
