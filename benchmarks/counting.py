"""All pairs of a table: our engines beside polars and DuckDB, in one run. ``python benchmarks/counting.py [ROWS]``.

Each engine runs in a process of its own, on the same Parquet file of 15 columns with Adult's sizes (synthetic codes;
half the columns text, half integers), and gives one checksum of all 105 marginals, which must agree.
"""

import hashlib
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

SIZES = (74, 9, 100, 16, 16, 7, 15, 6, 5, 2, 102, 101, 99, 42, 2)
NAMES = [f"c{i}" for i in range(len(SIZES))]
TEXT = {name for name, size in zip(NAMES, SIZES, strict=True) if size < 50}
PAIRS = list(itertools.combinations(NAMES, 2))


#: Wall seconds, processor seconds of this process, checksum.
Result = tuple[float, float, str]


class Clock:
    """Wall and processor seconds of a block."""

    def __enter__(self) -> "Clock":
        self.start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *error: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self.start[0], time.process_time() - self.start[1]


def public() -> Any:
    from fairshare.schema import Categorical, Integer, Schema

    return Schema(
        columns=tuple(
            Categorical(name=n, categories=tuple(f"value {i}" for i in range(k)))
            if n in TEXT
            else Integer(name=n, bounds=(0, k - 1), bins=k)
            for n, k in zip(NAMES, SIZES, strict=True)
        )
    )


def generate(path: Path, rows: int) -> None:
    """Skewed codes with some dependence, in row groups of a million rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    labels = {n: pa.array([f"value {i}" for i in range(k)]) for n, k in zip(NAMES, SIZES, strict=True)}
    writer = None
    for start in range(0, rows, 1_000_000):
        n = min(1_000_000, rows - start)
        shared = rng.random(n)
        columns = {}
        for name, size in zip(NAMES, SIZES, strict=True):
            codes = (size * (0.5 * shared + 0.5 * rng.random(n)) ** 2).astype(np.int64)
            columns[name] = labels[name].take(pa.array(codes)) if name in TEXT else pa.array(codes)
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def checksum(tables: Iterable[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for table in tables:
        digest.update(np.ascontiguousarray(table, dtype=np.int64).data)
    return digest.hexdigest()[:12]


def dense(pair: tuple[str, str], rows: Iterable[tuple[Any, Any, int]]) -> np.ndarray:
    def code(name: str, value: Any) -> int:
        return int(value.split()[1]) if name in TEXT else int(value)

    table = np.zeros([SIZES[NAMES.index(n)] for n in pair], dtype=np.int64)
    for a, b, count in rows:
        table[code(pair[0], a), code(pair[1], b)] = count
    return table


def in_memory(path: str) -> Result:
    """Codes are in memory already, as for a curator's second question; reading them is not counted."""
    from fairshare.counting import CodedTable
    from fairshare.io import FileBatches
    from fairshare.marginals import Domain

    schema = public()
    parts = [schema.encode(batch) for batch in FileBatches([Path(path)]).scan(NAMES)]
    table = CodedTable(Domain.from_sizes(schema.sizes), {n: np.concatenate([p[n] for p in parts]) for n in NAMES})
    with Clock() as clock:
        found = table.counts(PAIRS)
    return clock.wall, clock.cpu, checksum(found)


def out_of_core(path: str) -> Result:
    from fairshare.counting import ScannedTable
    from fairshare.io import FileBatches

    with Clock() as clock:
        found = ScannedTable(public(), FileBatches([Path(path)])).counts(PAIRS)
    return clock.wall, clock.cpu, checksum(found)


def polars_group_by(path: str) -> Result:
    import polars as pl

    with Clock() as clock:
        frame = pl.read_parquet(path)
        found = [frame.group_by(list(pair)).len() for pair in PAIRS]
    return clock.wall, clock.cpu, checksum(dense(pair, f.iter_rows()) for pair, f in zip(PAIRS, found, strict=True))


def duckdb_group_by(path: str) -> Result:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '4GB'; CREATE VIEW t AS SELECT * FROM read_parquet('{path}')")
    with Clock() as clock:
        found = [connection.execute(f"SELECT {a}, {b}, count(*) FROM t GROUP BY 1, 2").fetchall() for a, b in PAIRS]
    return clock.wall, clock.cpu, checksum(dense(p, rows) for p, rows in zip(PAIRS, found, strict=True))


def spark(path: str, workers: int) -> Result:
    from fairshare.counting import InDatabase, open_table

    engine = open_table(InDatabase(address=f"spark:local[{workers}]", table=path), public())
    engine.check()
    with Clock() as clock:  # the processor seconds are the workers', and not seen here
        found = engine.counts(PAIRS)
    engine.close()
    return clock.wall, clock.cpu, checksum(found)


ENGINES: dict[str, Callable[[str], Result]] = {
    "in memory": in_memory,
    "out of core": out_of_core,
    "polars group_by a pair": polars_group_by,
    "DuckDB group_by a pair": duckdb_group_by,
    "Spark local[1]": lambda path: spark(path, 1),
    "Spark local[2]": lambda path: spark(path, 2),
}


def run_one(name: str, path: str) -> None:
    """In a process of its own: seconds, processor seconds, peak memory, checksum."""
    import resource

    seconds, cpu, found = ENGINES[name](path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak_mb": peak, "checksum": found}))


def main() -> None:
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    names = sys.argv[2].split(",") if len(sys.argv) > 2 else list(ENGINES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        subprocess.run([sys.executable, __file__, "--generate", str(path), str(rows)], check=True)
        print(
            f"{rows:,} rows x {len(SIZES)} columns, {len(PAIRS)} pairs, {path.stat().st_size / 1e6:.0f} MB of Parquet"
        )
        print(f"{'engine':<24}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}  checksum")
        for name in names:
            done = subprocess.run(
                [sys.executable, __file__, "--one", name, str(path)], capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"{name:<24}  failed: {done.stderr.strip().splitlines()[-1]}")
                continue
            r = json.loads(done.stdout.splitlines()[-1])
            print(f"{name:<24}{r['seconds']:>9.2f}{r['cpu']:>9.2f}{r['peak_mb']:>9.0f}  {r['checksum']}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run_one(sys.argv[2], sys.argv[3])
    elif sys.argv[1:2] == ["--generate"]:
        generate(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
