"""DuckDB obeys the law; it is read in batches."""

import pytest
from hypothesis import given, settings

from fairshare.counting import InDatabase, ScannedTable, open_table
from fairshare.errors import DataError
from tests.engines import law
from tests.engines.conftest import module


@pytest.fixture(scope="session")
def duckdb():
    return module("duckdb")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("duckdb")


@given(law.schemas, law.tables())
@settings(max_examples=15)
def test_the_law(duckdb, folder, public, table):
    path = folder / "law.db"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.register("given", table)
        connection.execute('CREATE TABLE "the law" AS SELECT * FROM given')
    engine = open_table(InDatabase(address=f"duckdb:{path}", table="the law"), public)
    try:
        assert isinstance(engine, ScannedTable)
        law.holds(engine, public, table, most=1)
    finally:
        engine.close()


def test_what_is_not_there_is_named(duckdb, tmp_path):
    public = law.schema(nullable=True, outside=False)
    with pytest.raises(DataError, match="no file"):
        open_table(InDatabase(address=f"duckdb:{tmp_path / 'no.db'}", table="t"), public)
    duckdb.connect(str(tmp_path / "empty.db")).close()
    with pytest.raises(DataError, match="no table 't'"):
        open_table(InDatabase(address=f"duckdb:{tmp_path / 'empty.db'}", table="t"), public)
