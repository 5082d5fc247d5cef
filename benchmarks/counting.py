"""All pairs of a table: our engines beside polars and DuckDB, in one run. ``python benchmarks/counting.py [ROWS]``.

Each engine runs in a process of its own, on the same Parquet file of 15 columns with Adult's sizes (synthetic codes;
half the columns text, half integers), and gives one checksum of all 105 marginals, which must agree.

Processor seconds are of all processes that the engine begins. Spark's is also given as that of its busiest worker in
Python: what one worker does in all, two do by halves if the scan scales, whatever else the machine does meanwhile.

--engines A,B runs some only; --write puts the table into docs/results/counting.md.
"""

import argparse
import hashlib
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from usage import descendants

SIZES = (74, 9, 100, 16, 16, 7, 15, 6, 5, 2, 102, 101, 99, 42, 2)
NAMES = [f"c{i}" for i in range(len(SIZES))]
TEXT = {name for name, size in zip(NAMES, SIZES, strict=True) if size < 50}
PAIRS = list(itertools.combinations(NAMES, 2))


RESULT = Path(__file__).parent.parent / "docs" / "results" / "counting.md"
HEAD = """# All pairs of one table, engine by engine

`python benchmarks/counting.py {short} --write`: all {pairs} marginals of two columns out of {columns}, of {rows:,} rows
({megabytes:.0f} MB of Parquet). Each engine is a process of its own; equal checksums are equal counts. Spark counts
twice, and the second time is shown: workers are there then, as in a run. Peaks are of the process itself, and for
Spark the driver's.

| engine | CPU s | wall s | busiest worker CPU s | peak MB | checksum |
|---|---|---|---|---|---|
"""


class Clock:
    """Wall and processor seconds of a block, with all processes begun from here; and of the busiest Spark worker."""

    def __enter__(self) -> "Clock":
        self.before = self.used()
        self.start = time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.wall = time.perf_counter() - self.start
        spent = {pid: (what, cpu - self.before.get(pid, ("", 0.0))[1]) for pid, (what, cpu) in self.used().items()}
        self.cpu = sum(cpu for _, cpu in spent.values())
        self.busiest = max((cpu for what, cpu in spent.values() if "pyspark.daemon" in what), default=0.0)

    @staticmethod
    def used() -> dict[int, tuple[str, float]]:
        return {0: ("this process", time.process_time()), **descendants()}


#: Seconds, and the checksum of what was counted.
Result = tuple[Clock, str]


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
    return clock, checksum(found)


def out_of_core(path: str) -> Result:
    from fairshare.counting import ScannedTable
    from fairshare.io import FileBatches

    with Clock() as clock:
        found = ScannedTable(public(), FileBatches([Path(path)])).counts(PAIRS)
    return clock, checksum(found)


def polars_group_by(path: str) -> Result:
    import polars as pl

    with Clock() as clock:
        frame = pl.read_parquet(path)
        found = [frame.group_by(list(pair)).len() for pair in PAIRS]
    return clock, checksum(dense(pair, f.iter_rows()) for pair, f in zip(PAIRS, found, strict=True))


def duckdb_group_by(path: str) -> Result:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET memory_limit = '4GB'; CREATE VIEW t AS SELECT * FROM read_parquet('{path}')")
    with Clock() as clock:
        found = [connection.execute(f"SELECT {a}, {b}, count(*) FROM t GROUP BY 1, 2").fetchall() for a, b in PAIRS]
    return clock, checksum(dense(p, rows) for p, rows in zip(PAIRS, found, strict=True))


def spark(path: str, master: str) -> Result:
    from fairshare.counting import InDatabase, open_table

    engine = open_table(InDatabase(address=f"spark:{master}", table=path), public())
    engine.check()
    engine.counts(PAIRS)
    with Clock() as clock:
        found = engine.counts(PAIRS)
    engine.close()
    return clock, checksum(found)


ENGINES: dict[str, Callable[[str], Result]] = {
    "in memory": in_memory,
    "out of core": out_of_core,
    "polars group_by a pair": polars_group_by,
    "DuckDB group_by a pair": duckdb_group_by,
    "Spark on 1 thread": lambda path: spark(path, "local[1]"),
    "Spark on 2 threads": lambda path: spark(path, "local[2]"),
    "Spark cluster of 1 worker": lambda path: spark(path, "local-cluster[1,1,1024]"),
    "Spark cluster of 2 workers": lambda path: spark(path, "local-cluster[2,1,1024]"),
}


def run_one(name: str, path: str) -> None:
    """In a process of its own: seconds, processor seconds, peak memory, checksum."""
    import resource

    clock, found = ENGINES[name](path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    busiest = f"{clock.busiest:.1f}" if clock.busiest else ""
    print(f"| {name} | {clock.cpu:.2f} | {clock.wall:.2f} | {busiest} | {peak:.0f} | {found} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=float, default=1e7)
    parser.add_argument("--engines", type=lambda text: text.split(","), default=list(ENGINES))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = int(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        subprocess.run([sys.executable, __file__, "--generate", str(path), str(rows)], check=True)
        megabytes = path.stat().st_size / 1e6
        short = f"{rows:.0e}".replace("e+0", "e")
        text = HEAD.format(short=short, rows=rows, pairs=len(PAIRS), columns=len(SIZES), megabytes=megabytes)
        print(text, end="", flush=True)
        for name in options.engines:
            command = [sys.executable, __file__, "--one", name, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{name} failed:\n{done.stderr}")
            line = done.stdout.splitlines()[-1] + "\n"
            print(line, end="", flush=True)
            text += line
    if options.write:
        RESULT.write_text(text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run_one(sys.argv[2], sys.argv[3])
    elif sys.argv[1:2] == ["--generate"]:
        generate(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
