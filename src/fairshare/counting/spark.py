"""Exact marginal counts on a Spark cluster: each worker encodes and counts its Arrow batches, only counts come out."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fairshare.counting.engine import Watch, unwatched
from fairshare.counting.planner import Part
from fairshare.counting.tally import Tally, tallied
from fairshare.errors import DataError, MissingExtraError, PeerError
from fairshare.marginals import Clique, Domain
from fairshare.schema import Schema
from fairshare.schema.spec import normalise

__all__ = ["SparkTable"]

_ROWS = "part int, cell long, count long"


class SparkTable:
    """A Spark DataFrame. Workers need this package and the driver's version of Python.

    Grouping sets over many pairs copy each row once a set and don't end; one ``mapInArrow`` reads a row once.

    Args:
        frame: the table.
        schema: the public schema. It may not limit the rows of one person: partitions have no order.
        watch: told when a scan is done.
        close: called by ``close``.

    Raises:
        DataError: the schema limits the rows of one person.
    """

    def __init__(
        self, frame: Any, schema: Schema, *, watch: Watch = unwatched, close: Callable[[], None] = lambda: None
    ) -> None:
        if schema.max_rows_per_person is not None:
            raise DataError(
                "max_rows_per_person can't be kept on Spark, whose rows have no order: limit the rows before, "
                "and leave person and max_rows_per_person out of the schema; or count Parquet files out of core"
            )
        self.domain = Domain.from_sizes(schema.sizes)
        self.max_rows_per_person: int | None = None
        self._frame = frame
        self._schema = schema
        self._watch = watch
        self._close = close

    @classmethod
    def connect(cls, address: str, table: str, schema: Schema, *, watch: Watch = unwatched) -> "SparkTable":
        """A session on ``spark://host:port`` or ``spark:local[2]``, and a table of its catalogue or a Parquet path.

        Raises:
            MissingExtraError: pyspark is not installed.
            PeerError: the session can't be started.
            DataError: Spark knows no such table.
        """
        try:
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError:
            raise MissingExtraError("pyspark is not installed: pip install 'fairshare[spark]' (and Java 17)") from None
        master = address if address.startswith("spark://") else address.removeprefix("spark:")
        if not address.startswith("spark://"):  # on this machine workers are this Python, not the first on the PATH
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        settings: dict[str, Any] = {"spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false"}
        try:
            session = SparkSession.builder.master(master).appName("fairshare").config(map=settings).getOrCreate()
        except (PySparkException, RuntimeError, OSError):
            raise PeerError(
                "Spark can't be started or reached: check the address, and Java 17; nothing was spent"
            ) from None
        try:
            is_path = "/" in table or table.endswith(".parquet")
            frame = session.read.parquet(table) if is_path else session.table(table)
            return cls(frame, schema, watch=watch, close=session.stop)
        except PySparkException:
            session.stop()
            raise DataError(f"Spark has no table {table!r}: check --table, a name or a path to Parquet files") from None
        except BaseException:
            session.stop()
            raise

    def check(self) -> None:
        """Compare the columns with the schema, and start one worker; see ``CountingEngine.check``."""
        with _spoken():
            columns = self._frame.limit(0).toArrow().schema
            # A worker that lacks this package fails here, before anything is charged.
            self._frame.sparkSession.range(1).mapInArrow(_ready, "id long").collect()
        self._schema.check(columns)

    def count(self, clique: Clique) -> NDArray[np.int64]:
        """Exact counts of one marginal; see ``CountingEngine.count``."""
        return self.counts([clique])[0]

    def counts(self, cliques: Sequence[Clique]) -> list[NDArray[np.int64]]:
        """Exact counts of several marginals, in one scan by the workers."""
        return tallied(self.domain, cliques, self._scan)

    def close(self) -> None:
        """Stop the session that ``connect`` began."""
        self._close()

    def _scan(self, tally: Tally) -> None:
        wanted = tally.attributes or self.domain.attributes[:1]
        names = {normalise(name): name for name in self._frame.columns}
        columns = ["`" + names[name].replace("`", "``") + "`" for name in wanted]
        task = _Task(self._schema, self.domain, tally.parts, wanted)
        with _spoken():
            found = self._frame.select(*columns).mapInArrow(task, _ROWS).groupBy("part", "cell").sum("count").toArrow()
        part, cell, count = (column.to_numpy() for column in found.columns)
        for i, table in enumerate(tally.tables):
            mine = part == i
            table[cell[mine]] += count[mine]
        self._watch(1, 1)


def _ready(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    return batches


class _Task:
    """What a worker does with its batches: count them all, then give out the cells that are not empty."""

    def __init__(self, schema: Schema, domain: Domain, parts: list[Part], wanted: tuple[str, ...]) -> None:
        self._public = schema.to_dict()  # plain data crosses to the workers
        self._domain = domain
        self._parts = parts
        self._wanted = wanted

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        schema = Schema.from_dict(self._public)
        tally = Tally(self._domain, self._parts)
        for batch in batches:
            tally.add(schema.encode(batch, self._wanted), batch.num_rows)
        for i, table in enumerate(tally.tables):
            cells = np.flatnonzero(table)
            part = np.full(len(cells), i, dtype=np.int32)
            yield pa.record_batch([part, cells.astype(np.int64), table[cells]], names=["part", "cell", "count"])


class _spoken:  # noqa: N801  (reads as a phrase in a with statement)
    """Spark's complaints in our words: its own carry the workers' tracebacks."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from py4j.protocol import Py4JError, Py4JNetworkError
        from pyspark.errors import PySparkException

        if isinstance(error, PySparkException | Py4JError | Py4JNetworkError | ConnectionError):
            raise PeerError(
                "Spark stopped or can't count; what was charged stays charged: look at its log, see that its workers "
                "have fairshare, and run again"
            ) from None
