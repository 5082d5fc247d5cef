"""CSV: strict about structure, silent about values, and text survives the way out and in."""

import csv

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairshare.errors import DataError
from fairshare.io import read_table, write_table
from fairshare.io.csv import scan_csv
from fairshare.schema import Categorical, Schema

CANARY = "canary-4711"


@pytest.fixture
def read(tmp_path):
    def read_bytes(content, **options):
        path = tmp_path / "table.csv"
        path.write_bytes(content)
        return read_table(path, **options)

    return read_bytes


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,2\n", {"a": ["1"], "b": ["2"]}),
        (b"a,b\r\n1,2", {"a": ["1"], "b": ["2"]}),
        (b"\xef\xbb\xbfa,b\n1,2\n", {"a": ["1"], "b": ["2"]}),
        (b"a,b\n", {"a": [], "b": []}),
        (b"a,b", {"a": [], "b": []}),
        (b"a,b\n\n1,2\n\n", {"a": ["1"], "b": ["2"]}),
        (b"a\n1\n\n2\n", {"a": ["1", "", "2"]}),
        (b"a\n1\n\n", {"a": ["1", ""]}),
        (b'a,b\n1,"x\ny"\n', {"a": ["1"], "b": ["x\ny"]}),
        (b'a,b\n1,"x""y"\n', {"a": ["1"], "b": ['x"y']}),
        (b'a,b\n1,5" pipe\n', {"a": ["1"], "b": ['5" pipe']}),
        (b'"a\nb",c\n1,2\n', {"a\nb": ["1"], "c": ["2"]}),
        (b"../../etc/passwd,b\n007,NaN\n", {"../../etc/passwd": ["007"], "b": ["NaN"]}),
        (b",b\n1,2\n", {"": ["1"], "b": ["2"]}),
        (b"a,b\n'=x,'x\n", {"a": ["=x"], "b": ["'x"]}),
    ],
)
def test_every_cell_is_text(read, content, expected):
    table = read(content)
    assert table.to_pydict() == expected
    assert set(table.schema.types) == {pa.string()}


def test_a_cell_of_ten_megabytes(read):
    table = read(b"a,b\n1," + b"x" * 10_000_000 + b"\n3,4\n")
    assert table["b"][1].as_py() == "4"
    assert len(table["b"][0].as_py()) == 10_000_000


def text(content):
    return content.replace("SECRET", CANARY).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            text("a,b\n1,2\nSECRET\n"),
            "row 3 of '{}' has 1 cell, but the header has 2: mend the row, or put quotes around cells that hold commas "
            "(row 1 is the header; empty lines don't count)",
        ),
        (
            text('a,b\n1,"x\ny"\nSECRET,4,5\n1\n'),
            "row 3 of '{}' has 3 cells, but the header has 2 (and 1 more rows): mend the row, or put quotes around "
            "cells that hold commas (row 1 is the header; empty lines don't count)",
        ),
        (text('a,b\n1,"SECRET\n3,4\n'), "'{}' ends inside a quoted cell: find the cell whose closing \" is missing"),
        (text('a,b\n1,"2"\n1,"'), "'{}' ends inside a quoted cell: find the cell whose closing \" is missing"),
        (
            text("a\0,b\n1,SECRET\n"),
            "the header of '{}' holds a NUL byte: it is not text, or was cut short; export it again as UTF-8 CSV",
        ),
        (b"", "'{}' is empty: it needs a header of column names, even with no rows"),
        (b"\n\n", "'{}' is empty: it needs a header of column names, even with no rows"),
        (text("a;b\n1;SECRET\n"), "the header of '{}' is separated by semicolons: save the file with commas"),
        (b"a\tb\n1\t2\n", "the header of '{}' is separated by tabs: save the file with commas"),
        (b"a|b\n1|2\n", "the header of '{}' is separated by bars: save the file with commas"),
        (b"a,b,a\n1,2,3\n", "the header of '{}' names column 3 as an earlier one: rename or remove it"),
        (text("a,b\n1,SECRET\n").decode().encode("utf-16"), "'{}' is UTF-16 text: save it as UTF-8"),
        (b"a,\xff\n1,2\n", "the header of '{}' is not UTF-8 text: save it as UTF-8"),
        (b'"a\n1,2\n', "the header of '{}' can't be read: look for an open quote in the first line"),
        (b"PAR1abc", "'{}' is a Parquet file: rename it to end in .parquet"),
    ],
)
def test_broken_files(read, tmp_path, content, message):
    with pytest.raises(DataError) as error:
        read(content)
    assert str(error.value) == message.format(tmp_path / "table.csv")
    assert CANARY not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("before", [0, 9999])
@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (b"M\xfcller", "M\x1afcller"),
        (b"a\0b", "a\x1a00b"),
        (b"\xed\xa0\x80", "\x1aed\x1aa0\x1a80"),
        (b"'=\xff", "=\x1aff"),
    ],
)
def test_a_cell_that_is_no_text_is_no_error_and_changes_no_other(read, tmp_path, before, cell, expected):
    table = read(b"a,b\n" + b"1,\xc3\xa4\n" * before + b"2," + cell + b"\n")
    assert table["b"].to_pylist() == ["\u00e4"] * before + [expected]
    scanned = pa.Table.from_batches(scan_csv(tmp_path / "table.csv", ["b"]))
    assert scanned["b"].to_pylist() == table["b"].to_pylist()


@pytest.mark.parametrize("octet", [b"\0", b"\xff", b"\x1a"])
def test_a_long_cell_that_is_no_text_is_no_error(read, tmp_path, octet):
    """Each of its bytes becomes three, for which the parser's block must have room."""
    table = read(b"a,b\n1,x\n2," + octet * 20_000 + b"\n")
    assert table["a"].to_pylist() == ["1", "2"]
    assert [batch.num_rows for batch in scan_csv(tmp_path / "table.csv", ["b"])] == [2]


@pytest.mark.parametrize("octet", [b"\0", b"\xff", "\u00e4".encode()])
def test_blocks_are_whole_whatever_the_cells(read, tmp_path, monkeypatch, octet):
    """What one cell grows by must not make a block so short that the next row is longer than it."""
    monkeypatch.setattr("fairshare.io.csv._BLOCK", 4096)
    row = b"x" * 1000 + b",y\n"
    content = b"a,b\n" + row * 3 + octet + row + row * 20
    assert read(content).num_rows == 24
    assert sum(batch.num_rows for batch in scan_csv(tmp_path / "table.csv", ["a"])) == 24


@pytest.mark.parametrize("megabytes", [1, 33])
def test_a_long_row_is_read_whole_and_in_a_scan(read, tmp_path, megabytes):
    table = read(b"a,b\n1,x\n2," + b"z" * (megabytes * 2**20) + b"\n")
    assert table["a"].to_pylist() == ["1", "2"]
    assert sum(batch.num_rows for batch in scan_csv(tmp_path / "table.csv", ["a"])) == 2


def test_an_odd_name_of_the_schema_is_no_wrong_delimiter(read):
    schema = Schema(columns=(Categorical(name="a;b", categories=("x", "y")),))
    assert read(b"a;b\nx\n", schema=schema).num_rows == 1


def test_the_schema_is_checked(read):
    schema = Schema(columns=(Categorical(name="a", categories=("x", "y")),))
    with pytest.raises(DataError, match="the schema has no column 'b'"):
        read(b"a,b\nx,y\n", schema=schema)


def test_the_last_row_can_not_pose_as_the_end(read):
    # The token is drawn for each reading; a file that guesses another one is ragged like any other.
    with pytest.raises(DataError, match=r"row 3 of .* has 3 cells"):
        read(b"a,b\n1,2\n,," + b"0" * 32 + b"\n")


def test_formulas_are_defused_and_numbers_are_not(tmp_path):
    cells = ["=cmd()", "+x", "-x", "@x", "\tx", "-5", "+1.5e3", "'=x", "plain", None]
    path = tmp_path / "table.csv"
    write_table(pa.table({"a": cells, "n": [-1] * 10}), path)
    with path.open(newline="") as file:
        shown = [row["a"] for row in csv.DictReader(file)]
    assert shown == ["'=cmd()", "'+x", "'-x", "'@x", "'\tx", "-5", "+1.5e3", "''=x", "plain", ""]
    assert read_table(path)["a"].to_pylist() == [cell or "" for cell in cells]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)] * 2), max_size=6),
    st.booleans(),
)
def test_text_survives(tmp_path, rows, one_column):
    columns = {
        "a": pa.array([a for a, _ in rows], pa.string()),
        'b "c",\n': pa.array([b for _, b in rows], pa.string()),
    }
    table = pa.table(columns).select([0] if one_column else [0, 1])
    write_table(table, tmp_path / "table.csv")
    assert read_table(tmp_path / "table.csv").to_pydict() == table.to_pydict()


def test_missing_is_spelled(tmp_path):
    path = tmp_path / "table.csv"
    table = pa.table({"a": [1, None], "b": [None, "x"], "c": [None, 1.5]})
    write_table(table, path, missing={"a": "N", "b": "?"})
    assert path.read_text() == "a,b,c\n1,?,\nN,x,1.5\n"


def test_one_column_of_nulls_keeps_its_rows(tmp_path):
    path = tmp_path / "table.csv"
    write_table(pa.table({"a": pa.array([None, 1, None])}), path)
    assert read_table(path)["a"].to_pylist() == ["", "1", ""]
    with path.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
