"""DuckDB obeys the law; it is read in batches."""

import numpy as np
import pytest
from hypothesis import given, settings

from fairshare.counting import InDatabase, ScannedTable, open_table
from fairshare.errors import DataError
from fairshare.schema import Schema
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


PERSONS = Schema.from_dict(
    {
        "columns": [{"name": "who", "kind": "key"}, {"name": "d", "kind": "categorical", "categories": ["a", "b"]}],
        "person": "who",
        "max_rows_per_person": 1,
    }
)

NUMBERED = Schema.from_dict(
    PERSONS.to_dict() | {"columns": [{"name": "rowid", "kind": "key"}, *PERSONS.to_dict()["columns"]]}
)


@pytest.fixture(scope="module")
def visits(duckdb, tmp_path_factory):
    """One person with 500 of 1,500 rows, all of them b; as a table, and as a view without an order."""
    path = tmp_path_factory.mktemp("visits") / "visits.db"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'p' || i AS who, 'a' AS d FROM range(1000) r(i)")
        connection.execute("INSERT INTO t SELECT 'vip', 'b' FROM range(500)")
        connection.execute("CREATE VIEW v AS SELECT who, d FROM t ORDER BY random()")
        connection.execute("CREATE VIEW numbered AS SELECT row_number() OVER () AS rowid, who, d FROM t")
        connection.execute("CREATE SCHEMA other; CREATE VIEW other.twice AS FROM t; CREATE TABLE twice AS FROM t")
        connection.execute("CREATE TABLE Named AS SELECT 1 AS rowid, who, d FROM t")
    return f"duckdb:{path}"


def test_one_person_s_rows_are_limited_in_a_table(visits):
    engine = open_table(InDatabase(address=visits, table="t"), PERSONS)
    try:
        assert engine.count(("d",)).tolist() == [1000, 1]
    finally:
        engine.close()


@pytest.mark.parametrize("view", ["v", "V", "numbered", "other.twice", "main.twice"])
def test_a_view_can_t_be_limited_so_it_is_refused(view, visits):
    """Its rows come in another order at each scan: the rows that one scan would drop are not those of the next."""
    with pytest.raises(DataError, match=rf"table \({view}\) must be a table and no view"):
        open_table(InDatabase(address=visits, table=view), PERSONS)


@pytest.mark.parametrize("table", ["main.t", "T", "named"])
def test_a_table_may_be_named_in_other_ways(table, visits):
    engine = open_table(InDatabase(address=visits, table=table), NUMBERED if table == "named" else PERSONS)
    try:
        assert engine.count(("d",)).tolist() == [1000, 1]
    finally:
        engine.close()


def test_a_view_that_fails_on_a_value_is_no_missing_table(duckdb, tmp_path):
    with duckdb.connect(str(tmp_path / "v.db")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'n/a' AS d")
        connection.execute("CREATE VIEW v AS SELECT d FROM t WHERE d::int > 0")
    with pytest.raises(DataError, match="no expression of a view can fail"):
        open_table(
            InDatabase(address=f"duckdb:{tmp_path / 'v.db'}", table="v"), law.schema(nullable=True, outside=False)
        )


def test_rows_that_come_or_go_between_scans_are_noticed_without_numbers(visits):
    for change in (1, -1):
        engine = open_table(InDatabase(address=visits, table="t"), PERSONS)
        kept = engine._kept_rows()
        engine._kept = np.append(kept, True) if change > 0 else kept[:-1]
        with pytest.raises(DataError, match="changed while it was counted") as found:
            engine.count(("d",))
        assert not any(c.isdigit() for c in str(found.value))
        engine.close()
