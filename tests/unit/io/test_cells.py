"""A cell of a column of objects is read by itself: no other cell changes how, and none raises."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.io import read_table
from fairshare.io.cells import text_of
from fairshare.schema import Boolean, Categorical, Date, Integer, Real, Schema

COLUMN = {
    "text": Categorical(name="c", categories=("0", "1", "true", "1.5"), other="else", nullable=True),
    "truth": Boolean(name="c", nullable=True),
    "whole": Integer(name="c", bounds=(0, 9), nullable=True),
    "real": Real(name="c", bounds=(0.0, 9.0), nullable=True),
    "day": Date(name="c", bounds=("2000-01-01", "2020-01-01"), nullable=True),
}
MOMENT = dt.datetime(2019, 1, 1, 12)
ODD = [
    *(None, pd.NA, pd.NaT, float("nan"), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1e90")),
    *(1, 1.0, True, np.bool_(True), np.float32(1.5), np.int8(1), "1", "1.0", b"1", b"\xff", Decimal("1.10"), 10**5000),
    *(bytearray(b"1"), memoryview(b"1"), np.str_("1"), np.bytes_(b"1"), pa.scalar("1"), pa.scalar(1)),
    *(
        Decimal("1"),
        Decimal("1E+1000000"),
        "\ud800",
        [1],
        {"a": 1},
        {1},
        1j,
        object(),
        np.array([1, 2]),
        pd.Timedelta(1),
    ),
    *(MOMENT, MOMENT.date(), MOMENT.time(), pd.Timestamp(MOMENT), MOMENT.replace(tzinfo=dt.UTC), pd.Period("2020")),
    *(np.datetime64("2019-01-01"), dt.date(1, 1, 1), dt.datetime(9999, 1, 1), pd.Interval(0, 1), float("inf"), 1e300),
]


def objects(cells):
    column = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        column[i] = cell
    return pd.DataFrame({"c": pd.Series(column, dtype=object)})


def codes(frame, kind):
    schema = Schema(columns=(COLUMN[kind],))
    return schema.encode(read_table(frame, schema=schema))["c"].tolist()


@given(st.lists(st.sampled_from(ODD) | st.text() | st.floats() | st.integers(), max_size=8), st.sampled_from([*COLUMN]))
def test_a_cell_is_read_the_same_in_any_company(cells, kind):
    together = codes(objects(cells), kind)
    assert together == [codes(objects([cell]), kind)[0] for cell in cells]


@given(st.lists(st.none() | st.text() | st.binary(max_size=3) | st.sampled_from([pd.NA, np.nan]), max_size=8))
def test_the_quick_way_gives_what_each_cell_gives(cells):
    assert read_table(objects(cells))["c"].to_pylist() == [
        text_of(cell) if cell is not pd.NA else None for cell in cells
    ]


def test_one_odd_record_changes_no_other():
    floats = objects([1.0] * 100)
    assert codes(pd.concat([floats, objects(["unknown"])], ignore_index=True), "truth")[:100] == codes(floats, "truth")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        *(
            (True, "true"),
            (np.bool_(False), "false"),
            (1, "1"),
            (1.0, "1"),
            (-0.0, "0"),
            (0.5, "0.5"),
            (1e300, str(int(1e300))),
        ),
        *((Decimal("1.00"), "1"), (Decimal("1.10"), "1.1"), (Decimal("-Infinity"), "-inf"), (Decimal("NaN"), None)),
        *((MOMENT, "2019-01-01 12:00:00"), (MOMENT.date(), "2019-01-01"), (pd.NaT, None), (None, None)),
        *(
            ("a\ud800", "a\x1ad800"),
            (b"\xff", "\x1adcff"),
            (bytearray(b"a"), "a"),
            (memoryview(b"a"), "a"),
            ([1], None),
            (1j, None),
            (pd.Interval(0, 1), "(0, 1]"),
        ),
    ],
)
def test_text_of_a_cell(cell, text):
    assert text_of(cell) == text


def test_the_columns_type_is_text_whatever_the_cells():
    for cells in ([1, 2], [1.5], [True], [], [None], ["a"], [MOMENT], [object()]):
        assert read_table(objects(cells)).schema.field("c").type == pa.string()


def test_categories_that_are_objects_are_read_one_by_one():
    mixed = pd.DataFrame({"c": pd.Categorical([1.0, 1.5, None, 1.0, "?"])})
    assert codes(mixed, "text") == [1, 3, 5, 1, 4]
    assert codes(mixed.iloc[:4], "text") == [1, 3, 5, 1]
    intervals = Schema(columns=(Categorical(name="c", categories=("(0, 1]", "(1, 2]"), other="else"),))
    cut = pd.DataFrame({"c": pd.cut([0.5, 1.5], [0, 1, 2])})
    assert intervals.encode(read_table(cut, schema=intervals))["c"].tolist() == [0, 1]


def test_polars_objects_are_read_one_by_one():
    frame = pl.DataFrame({"c": pl.Series([1.0, True, "1.5", None, [1]], dtype=pl.Object)})
    assert codes(frame, "text") == [1, 2, 3, 5, 5]


def test_a_cell_whose_text_fails_is_missing():
    class Nowhere(dt.tzinfo):
        """Raises NotImplementedError when asked for its offset."""

    assert text_of(dt.datetime(2020, 1, 1, tzinfo=Nowhere())) is None
