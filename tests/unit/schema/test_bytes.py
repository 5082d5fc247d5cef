"""Text that Arrow would refuse: bytes that are not UTF-8, and more of it than 32-bit offsets reach."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.schema import Boolean, Categorical, Date, Integer, Real, parse

COLUMNS = [
    Categorical(name="c", categories=("a", "ä", "\ufffd"), other="else"),
    Boolean(name="c", nullable=True),
    Integer(name="c", bounds=(0, 9), nullable=True),
    Real(name="c", bounds=(0.0, 1.0), nullable=True),
    Date(name="c", bounds=("2000-01-01", "2020-01-01"), nullable=True),
]
TEXT = pa.string()
CELLS = [None, b"a", "ä".encode(), b"\xff", b"1", b"true", b"2019-01-01", b"\xed\xa0\x80", b"\xc3", b""]


def text(cells, kind=TEXT):
    """The bytes as a column that says it is text, unchecked, as a Parquet file may hold them."""
    stored = pa.array(cells, pa.binary() if kind == pa.string() else pa.large_binary())
    return pa.Array.from_buffers(kind, len(cells), stored.buffers())


@given(
    st.lists(st.sampled_from(CELLS) | st.binary(max_size=4), max_size=8),
    st.sampled_from(COLUMNS),
    st.sampled_from([pa.string(), pa.large_string()]),
    st.booleans(),
)
def test_bytes_that_are_no_text_never_raise_and_change_no_other(cells, column, kind, coded):
    whole = text(cells, kind)
    together = column.encode(whole.dictionary_encode() if coded else whole, ("",)).tolist()
    assert together == [column.encode(text([cell], kind), ("",))[0] for cell in cells]


def test_what_is_no_text_is_replaced():
    assert parse.texts(text([b"a\xff", b"b", None])).to_pylist() == ["a\ufffd", "b", None]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_large_columns_are_read_piece_by_piece(monkeypatch, kind):
    cells = ["a", "ä", None, "else", "a" * 40, "0"] * 5
    column = COLUMNS[0]
    expected = column.encode(pa.array(cells, kind)).tolist()
    monkeypatch.setattr(parse, "_PIECE", 64)
    array = pa.array(cells, kind)
    assert len(parse.pieces(array)) > 1
    for given_ in (array, pa.chunked_array([array.slice(0, 7), array.slice(7)]), array.dictionary_encode()):
        assert column.encode(given_).tolist() == expected


def test_more_text_than_two_gigabytes_in_a_column():
    big = pa.array(["x" * (2**26 - 1)])
    column = pa.chunked_array([big] * 33)  # one buffer, thirty-three times
    assert column.nbytes > 2**31
    assert COLUMNS[0].encode(column).tolist() == [3] * 33
