"""Adult in every engine: all pairs bit for bit, and the same release by the command line.

Commands run as processes of their own, with predictable noise: with equal counts their files are equal byte for byte,
and with one row more or less in one marginal they are not (shown first).
"""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from fairshare.counting import CodedTable, InDatabase, ScannedTable, open_table
from fairshare.counting.spark import SparkTable
from fairshare.datasets import load_adult
from tests.engines.conftest import module

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def adult():
    return load_adult()


@pytest.fixture(scope="module")
def folder(adult, tmp_path_factory):
    """Adult as files: whole, in parts, and its schema."""
    folder = tmp_path_factory.mktemp("adult")
    adult.schema.save(folder / "adult.toml")
    table = plain(adult.table)
    pq.write_table(table, folder / "adult.parquet")
    (folder / "text").mkdir()
    pa_csv.write_csv(table, folder / "text" / "adult.csv")
    (folder / "parts").mkdir()
    for i, start in enumerate(range(0, len(table), 10_000)):
        pq.write_table(table.slice(start, 10_000), folder / "parts" / f"{i}.parquet", row_group_size=3_000)
    return folder


def plain(table):
    """Text as text, however it is stored."""
    kinds = [field.type.value_type if pa.types.is_dictionary(field.type) else field.type for field in table.schema]
    kinds = [pa.string() if pa.types.is_large_string(kind) else kind for kind in kinds]
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))


@pytest.fixture(scope="module")
def duck(folder):
    path = folder / "adult.db"
    with module("duckdb").connect(str(path)) as connection:
        connection.read_parquet(str(folder / "adult.parquet")).create("adult")
    return f"duckdb:{path}"


@pytest.fixture(scope="module")
def database(postgres, server, adult):
    server.adbc_ingest("adult", plain(adult.table), mode="replace")
    return postgres


@pytest.fixture(scope="module")
def in_memory(adult):
    engine = open_table(adult.table, adult.schema)
    assert isinstance(engine, CodedTable)
    return asked(engine)


def asked(engine):
    """The total, every column and every pair."""
    engine.check()
    names = engine.domain.attributes
    cliques = [(), *((a,) for a in names), *itertools.combinations(names, 2)]
    return dict(zip(cliques, engine.counts(cliques), strict=True))


def agrees(engine, expected):
    try:
        found = asked(engine)
    finally:
        engine.close()
    assert len(found) == 1 + 15 + 105
    assert int(found[()]) == 48_842
    for clique, counts in expected.items():
        assert np.array_equal(found[clique], counts), clique


class TestMarginals:
    def test_files(self, folder, adult, in_memory):
        engine = open_table(folder / "parts", adult.schema)
        assert isinstance(engine, ScannedTable)
        agrees(engine, in_memory)
        agrees(open_table(folder / "text", adult.schema), in_memory)

    def test_duckdb(self, duck, adult, in_memory):
        agrees(open_table(InDatabase(address=duck, table="adult"), adult.schema), in_memory)

    def test_postgres(self, database, adult, in_memory):
        agrees(open_table(InDatabase(address=database, table="adult"), adult.schema), in_memory)

    @pytest.mark.filterwarnings("ignore")  # Spark's own
    def test_spark(self, spark, folder, adult, in_memory):
        agrees(SparkTable(spark.read.parquet(str(folder / "parts")), adult.schema), in_memory)


def release(folder, name, *source):
    """What ``fairshare synth SOURCE`` leaves: the table, the model and the ledger, as bytes."""
    out = folder / f"{name}.csv"
    command = [sys.executable, "-m", "tests.engines.predictable", "synth", *map(str, source)]
    command += [
        "--schema",
        str(folder / "adult.toml"),
        "--epsilon",
        "1",
        "--seed",
        "3",
        "--rows",
        "500",
        "-o",
        str(out),
    ]
    environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    made = out.with_suffix(".release")
    return out.read_bytes(), (made / "model.npz").read_bytes(), (made / "ledger.json").read_bytes()


@pytest.fixture(scope="module")
def expected(folder):
    """The release of the file that is counted in memory."""
    return release(folder, "in-memory", folder / "adult.parquet")


class TestCommands:
    def test_one_row_more_is_another_release(self, folder, expected):
        table = pq.read_table(folder / "adult.parquet")
        pq.write_table(pa.concat_tables([table, table.slice(0, 1)]), folder / "more.parquet")
        assert release(folder, "more", folder / "more.parquet")[1] != expected[1]

    @pytest.mark.parametrize("files", ["parts/*.parquet", "text"])
    def test_files(self, folder, expected, files):
        assert release(folder, "files", folder / files) == expected

    def test_duckdb(self, folder, duck, expected):
        assert release(folder, "duck", duck, "--table", "adult") == expected

    def test_postgres(self, folder, database, expected):
        assert release(folder, "postgres", database, "--table", "adult") == expected

    def test_spark_in_the_command_s_own_process(self, java, folder, expected):
        assert release(folder, "spark", "spark:local[2]", "--table", folder / "parts") == expected

    def test_spark_on_a_cluster(self, cluster, folder, expected):
        assert release(folder, "cluster", cluster, "--table", folder / "parts") == expected
