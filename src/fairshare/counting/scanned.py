"""Exact marginal counts of a table larger than memory: batches are read, encoded, counted and forgotten."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fairshare.counting.engine import Watch, unwatched
from fairshare.counting.tally import Codes, Tally, tallied
from fairshare.errors import DataError
from fairshare.io import Batches
from fairshare.marginals import Clique, Domain
from fairshare.schema import Schema
from fairshare.schema.spec import normalise

__all__ = ["ScannedTable"]

#: Encoding mostly waits for memory; more threads than this only hold more batches.
_MOST_WORKERS = 8


class ScannedTable:
    """A table in batches, scanned once for each list of marginals; it holds a few batches and the counts.

    Where the schema limits the rows of one person, the column of persons is read whole, once: one bit a row stays.

    Args:
        schema: the public schema.
        source: the batches, the same at each scan.
        watch: told after each batch how many rows are done; what it raises ends the scan.
        workers: threads that encode; as many as processors when not given.
    """

    def __init__(
        self, schema: Schema, source: Batches, *, watch: Watch = unwatched, workers: int | None = None
    ) -> None:
        self.domain = Domain.from_sizes(schema.sizes)
        self.max_rows_per_person = schema.max_rows_per_person
        self._schema = schema
        self._source = source
        self._watch = watch
        self._workers = workers or min(_MOST_WORKERS, os.cpu_count() or 1)
        self._names = {normalise(name): name for name in source.schema.names}
        self._kept: NDArray[np.bool_] | None = None

    def check(self) -> None:
        """Compare the columns with the schema, and let the source look at itself; see ``CountingEngine.check``."""
        self._schema.check(self._source.schema)
        self._source.check()

    def count(self, clique: Clique) -> NDArray[np.int64]:
        """Exact counts of one marginal; see ``CountingEngine.count``."""
        return self.counts([clique])[0]

    def counts(self, cliques: Sequence[Clique]) -> list[NDArray[np.int64]]:
        """Exact counts of several marginals, in one scan while their cells fit memory."""
        return tallied(self.domain, cliques, self._scan)

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _scan(self, tally: Tally) -> None:
        # Reading and encoding run ahead in threads (Arrow and numpy let go of Python's lock), counting follows.
        wanted = tally.attributes or self.domain.attributes[:1]
        done, total = 0, self._source.rows or 0
        with ThreadPoolExecutor(self._workers) as pool:
            ahead: deque[Future[tuple[Codes, int]]] = deque()
            try:
                for batch, kept in self._batches(wanted):
                    ahead.append(pool.submit(self._encode, batch, wanted, kept))
                    done += batch.num_rows
                    if len(ahead) > self._workers:
                        tally.add(*ahead.popleft().result())
                    self._watch(done, total)
                for encoded in ahead:
                    tally.add(*encoded.result())
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _batches(self, wanted: Sequence[str]) -> Iterator[tuple[pa.RecordBatch, NDArray[np.bool_] | None]]:
        start = 0
        kept = self._kept_rows()
        for batch in self._source.scan([self._names[name] for name in wanted]):
            end = start + batch.num_rows
            if kept is not None and end > len(kept):
                raise _changed()
            yield batch, None if kept is None else kept[start:end]
            start = end
        if kept is not None and start != len(kept):
            raise _changed()

    def _encode(
        self, batch: pa.RecordBatch, wanted: Sequence[str], kept: NDArray[np.bool_] | None
    ) -> tuple[Codes, int]:
        codes = self._schema.encode(batch, wanted)
        if kept is None:
            return codes, batch.num_rows
        return {name: column[kept] for name, column in codes.items()}, int(kept.sum())

    def _kept_rows(self) -> NDArray[np.bool_] | None:
        """Which rows remain where one person's are limited."""
        if self._schema.person is None or self._kept is not None:
            return self._kept
        person = self._names[self._schema.person]
        columns = [batch.column(0) for batch in self._source.scan([person])]
        # Batches may hold as a dictionary what the file's schema calls text.
        kind = columns[0].type if columns else self._source.schema.field(person).type
        self._kept = self._schema.kept_rows(pa.chunked_array(columns, kind))
        return self._kept


def _changed() -> DataError:
    """Told without numbers: how many rows there are may be private."""
    return DataError(
        "the table changed while it was counted, so one person's rows can't be limited: count a fixed copy"
    )
