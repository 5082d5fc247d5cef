"""PostgreSQL, a real one: the law, the edges of SQL that Arrow can't hold, and a server that goes away."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from fairshare import counting
from fairshare.counting.postgres import PostgresTable
from fairshare.errors import DataError, PeerError
from fairshare.schema import Boolean, Categorical, Date, Integer, Key, Real, Schema
from fairshare.schema.postgres import code_expression
from tests.engines import law, texts


@given(law.schemas, law.tables())
@settings(max_examples=25)
def test_the_law(postgres, server, public, table):
    server.adbc_ingest("law", table, mode="replace")
    engine = PostgresTable(postgres, "law", public)
    try:
        law.holds(engine, public, table, most=2)
    finally:
        engine.close()


def codes_there(server, column, spelled):
    server.execute(f"SELECT {code_expression(column, 'cell', 'text', spelled)} AS c FROM texts ORDER BY row")  # noqa: S608
    return server.fetch_arrow_table()["c"].to_numpy()


def put(server, table):
    rows = pa.array(range(table.num_rows), pa.int64())
    server.adbc_ingest("texts", table.append_column("row", rows), mode="replace")


@pytest.mark.parametrize("nullable", [False, True])
@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_text_is_read_as_any_kind(server, nullable, outside, own):
    """Each cell has the code that it has in memory, and none ends the query."""
    table = pa.table({"cell": pa.array([None, *texts.EDGES], pa.string())})
    public = texts.schema(nullable, outside, own)
    put(server, table)
    for column in public.columns:
        here = column.encode(table["cell"], public.missing_values)
        there = codes_there(server, column, public.missing_values)
        wrong = np.flatnonzero(here != there)
        assert not len(wrong), (column.name, [(texts.EDGES[i - 1][:40], here[i], there[i]) for i in wrong])
        assert len(set(here)) > 1 or column.size == 1


@given(texts.schemas, texts.tables())
@settings(max_examples=25)
def test_any_text_is_read_as_any_kind(server, public, table):
    put(server, table)
    for column in public.columns:
        here = column.encode(table["cell"], public.missing_values)
        assert here.tolist() == codes_there(server, column, public.missing_values).tolist()


def test_text_that_functions_of_text_refuse_is_a_cell(server):
    """btrim() and normalize() fail on more than 134 million letters."""
    server.execute("DROP TABLE IF EXISTS texts")
    server.execute("CREATE TABLE texts AS SELECT 1 AS row, repeat('é', 140000000) AS cell")
    nullable = {"nullable": True, "missing_values": ("é",)}
    for column in (
        Categorical(name="cell", categories=("a", "é"), nullable=True),
        Boolean(name="cell", **nullable),
        Real(name="cell", bounds=(0.0, 9.0), **nullable),
        Date(name="cell", bounds=(date(1970, 1, 1), date(1980, 1, 1)), **nullable),
    ):
        assert codes_there(server, column, ()).tolist() == [column.missing_code]
    server.execute("DROP TABLE texts")


def law_columns():
    return Schema(
        columns=(
            Categorical(name="kind", categories=("a", "b"), nullable=True),
            Integer(name="count", bounds=(0, 9), nullable=True),
            Real(name="share", bounds=(0.0, 1.0), bins=4, nullable=True, outside="missing"),
            Key(name="who"),
        ),
        person="who",
        max_rows_per_person=1,
    )


@pytest.fixture
def limited(server):
    server.execute("DROP TABLE IF EXISTS visits CASCADE")
    server.execute("CREATE TABLE visits (kind varchar(9), count numeric, share numeric(30, 20), who text)")
    server.execute(
        "INSERT INTO visits VALUES ('a', 1, 0.25, 'x'), ('b', 'NaN', 0.5, 'x'), ('b', 'Infinity', 1, 'y'), "
        "('b', 2.5, 0.1, NULL), ('a', 1e40, 1.0000001, 'z'), (NULL, -3, 0, NULL), ('a', 3.5, 0.75, 'w')"
    )


def opened(address, public, table="visits"):
    return counting.open_table(counting.InDatabase(address=address, table=table), public)


def test_numeric_cells_and_one_row_a_person(postgres, limited):
    engine = opened(postgres, law_columns())
    engine.check()
    kind, count, share = engine.counts([("kind",), ("count",), ("share",)])
    assert kind.tolist() == [3, 2, 0]  # x, z, w; y and the nobody's first
    # 1; 2.5 and 3.5 to the even integers 2 and 4; 1e40 clamped to 9; infinity is missing
    assert count.tolist() == [0, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1]
    assert share.tolist() == [1, 1, 0, 2, 1]
    engine.close()


def test_a_view_has_no_first_rows(postgres, server, limited):
    server.execute("CREATE VIEW seen AS SELECT * FROM visits")
    with pytest.raises(DataError, match="plain table or a materialised view"):
        opened(postgres, law_columns(), "seen")


def test_a_person_in_two_children_of_a_table_keeps_the_row_of_one_and_the_same(postgres, server):
    """Places are a child's own: ordered by them alone, which child's row is first would hang on everybody's rows."""
    for statement in (
        "DROP TABLE IF EXISTS visits CASCADE",
        "CREATE TABLE visits (kind text, who text)",
        "CREATE TABLE early () INHERITS (visits)",
        "CREATE TABLE late () INHERITS (visits)",
        "INSERT INTO early SELECT 'a', md5(i::text) FROM generate_series(1, 20000) i",
        "INSERT INTO late SELECT 'b', md5(i::text) FROM generate_series(1, 20000) i",
    ):
        server.execute(statement)
    public = Schema(
        columns=(Categorical(name="kind", categories=("a", "b")), Key(name="who")), person="who", max_rows_per_person=1
    )
    engine = opened(postgres, public)
    assert sorted(engine.count(("kind",)).tolist()) == [0, 20000]
    engine.close()


def test_a_type_is_who_made_it_not_what_it_is_called(postgres, server):
    for statement in (
        "DROP SCHEMA IF EXISTS own CASCADE",
        "CREATE SCHEMA own",
        "CREATE DOMAIN own.int4 AS text",
        "CREATE TABLE own.t (age own.int4)",
    ):
        server.execute(statement)
    with pytest.raises(DataError, match=r"holds binary, which kind = .integer. can.t read"):
        opened(postgres, Schema(columns=(Integer(name="age", bounds=(0, 9)),)), "own.t")


def test_a_backslash_is_a_letter_whatever_the_server_s_settings(postgres, server):
    server.execute("ALTER ROLE CURRENT_USER SET standard_conforming_strings = off")
    try:
        server.execute("DROP TABLE IF EXISTS slashes")
        server.execute("CREATE TABLE slashes (c text)")
        server.execute("INSERT INTO slashes VALUES (chr(97) || chr(92) || chr(110)), ('z')")
        engine = opened(postgres, Schema(columns=(Categorical(name="c", categories=("z", "a\\n")),)), "slashes")
        assert engine.count(("c",)).tolist() == [1, 1]
        engine.close()
    finally:
        server.execute("ALTER ROLE CURRENT_USER RESET standard_conforming_strings")


def test_a_foreign_child_has_no_first_rows(postgres, server):
    """All its rows are in one place."""
    for statement in (
        "DROP TABLE IF EXISTS visits CASCADE",
        "CREATE TABLE visits (kind text, who text)",
        "CREATE TABLE middle () INHERITS (visits)",
        "CREATE EXTENSION IF NOT EXISTS file_fdw",
        "CREATE SERVER IF NOT EXISTS files FOREIGN DATA WRAPPER file_fdw",
        "CREATE FOREIGN TABLE far () INHERITS (middle) SERVER files OPTIONS (filename '/nowhere.csv', format 'csv')",
    ):
        server.execute(statement)
    columns = (Categorical(name="kind", categories=("a", "b")), Key(name="who"))
    with pytest.raises(DataError, match="without foreign ones among its children"):
        opened(postgres, Schema(columns=columns, person="who", max_rows_per_person=1))
    opened(postgres, Schema(columns=columns)).close()


def test_what_does_not_fit_is_refused_before_anything_is_charged(postgres, server, limited):
    with pytest.raises(DataError, match="no table 'nowhere'"):
        opened(postgres, law_columns(), "nowhere")
    server.execute("CREATE TABLE IF NOT EXISTS amounts (paid numeric)")
    with pytest.raises(DataError, match=r"holds numeric in PostgreSQL.*as text \(CREATE TABLE \.\.\. AS SELECT\)"):
        opened(postgres, Schema(columns=(Categorical(name="paid", categories=("1", "2")),)), "amounts")
    with pytest.raises(DataError, match="no column 'other'"):
        opened(postgres, Schema(columns=(Integer(name="other", bounds=(0, 9)),)), "amounts")


def test_names_are_quoted(postgres, server):
    server.execute('CREATE TABLE IF NOT EXISTS "a""; DROP TABLE x; --" ("c""ol" int4)')
    server.execute('INSERT INTO "a""; DROP TABLE x; --" VALUES (3)')
    public = Schema(columns=(Integer(name='c"ol', bounds=(0, 4)),))
    engine = opened(postgres, public, 'a"; DROP TABLE x; --')
    assert engine.count(('c"ol',)).tolist()[3] >= 1
    engine.close()


def test_one_snapshot_for_a_whole_run(postgres, server, limited):
    engine = opened(postgres, law_columns())
    before = engine.count(())
    server.execute("INSERT INTO visits VALUES ('a', 1, 0.5, 'new')")
    assert engine.count(()) == before
    engine.close()


def test_a_password_is_in_no_message():
    with pytest.raises(PeerError) as caught:
        opened("postgresql://me:secret@127.0.0.1:1/db", law_columns())
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(counting.InDatabase(address="postgresql://me:secret@h/db", table="t"))


def test_a_server_that_goes_away(postgres, server, limited):
    engine = opened(postgres, law_columns())
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fairshare'")
    with pytest.raises(PeerError, match="stopped answering"):
        engine.check()
    engine.close()


def test_a_release_from_the_database(postgres, server):
    from fairshare.datasets import load_german_credit
    from fairshare.release import synthesize

    german = load_german_credit()
    kinds = pa.schema([(field.name, _plain(field.type)) for field in german.table.schema])
    server.adbc_ingest("german", german.table.cast(kinds), mode="replace")
    engine = opened(postgres, german.schema, "german")
    law.holds(engine, german.schema, german.table, most=2)
    engine.close()
    source = counting.InDatabase(address=postgres, table="german")
    release = synthesize(source, german.schema, epsilon=1, delta=1e-9, rows=10)
    assert release.table.num_rows == 10


def _plain(kind):
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    return pa.string() if pa.types.is_large_string(kind) else kind
