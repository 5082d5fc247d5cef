"""What becomes of each odd cell: a code of the schema, always, and never another cell's business."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schema_strategies import columns, labels

from fairshare.errors import DataError, SchemaError
from fairshare.schema import Boolean, Categorical, Date, DateTime, Integer, Key, Real, Schema

AGE = Integer(name="age", bounds=(0, 9), nullable=True)


def codes(column, cells, kind=None, spelled=("",)):
    return column.encode(pa.array(cells, kind), spelled).tolist()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["3", " 3 ", "+3", "3.0", "3e0", "2.6", "03"], [3] * 7),
        (["", None, "x", "NaN", "inf", "-inf", "1_0", "0x3", "٣"], [10] * 9),
        (["-1", "10", "1e30", "-99999999999999999999", "9007199254740993"], [0, 9, 9, 0, 9]),
        ([3.4, float("nan"), None, float("inf"), 1e300, -1e300], [3, 10, 10, 10, 9, 0]),
        ([Decimal("3.00"), Decimal("99999999999999999999999999"), None], [3, 9, 10]),
        ([True, False, None], [1, 0, 10]),
        ([2**63 - 1, -(2**63), 2**53 + 1], [9, 0, 9]),
        ([None, None], [10, 10]),
        ([], []),
    ],
)
def test_integers(cells, expected):
    assert codes(AGE, cells) == expected


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.uint8(), pa.int16(), pa.uint32(), pa.int64(), pa.uint64(), pa.float16()]
)
def test_integer_types(kind):
    cells = [0, 7, 100, None]
    if kind == pa.float16():  # Arrow makes these of numpy's own only
        cells = [None if cell is None else np.float16(cell) for cell in cells]
    assert codes(AGE, cells, kind) == [0, 7, 9, 10]


def test_the_largest_unsigned_integer_is_clamped():
    assert codes(AGE, [2**64 - 1], pa.uint64()) == [9]


def test_no_missing_code_means_first_bin_and_clamped_infinities():
    column = AGE.model_copy(update={"nullable": False})
    assert codes(column, ["", None, "x", "NaN", "-inf", "inf", "11"]) == [0, 0, 0, 0, 0, 9, 9]
    assert codes(column, [None, float("nan"), float("inf")]) == [0, 0, 9]
    real = Real(name="r", bounds=(0, 1), bins=4)
    assert codes(real, [None, float("nan"), float("inf"), -float("inf")]) == [0, 0, 3, 0]


def test_outside_may_be_missing():
    column = Integer(name="age", bounds=(0, 9), nullable=True, outside="missing")
    assert codes(column, [-1, 0, 9, 10]) == [10, 0, 9, 10]
    real = Real(name="r", bounds=(0, 1), bins=2, nullable=True, outside="missing")
    assert codes(real, [-0.1, 0.0, 1.0, 1.1]) == [2, 0, 1, 2]


def test_integers_beyond_doubles_keep_their_bins():
    low = 2**53
    column = Integer(name="n", bounds=(low, low + 9))
    cells = [low + 1, low + 2, low + 3]
    assert codes(column, cells) == codes(column, list(map(str, cells))) == [1, 2, 3]


def test_reals_and_edges():
    column = Real(name="r", bins=(0, 1, 10, 100), nullable=True)
    assert column.bounds == (0, 100)
    assert codes(column, ["-1", "0", "0.99", "1", "9.9", "10", "100", "101", "", "1,5"]) == [
        0,
        0,
        0,
        1,
        1,
        2,
        2,
        2,
        3,
        3,
    ]
    assert column.labels() == ["[0, 1)", "[1, 10)", "[10, 100]", "(missing)"]
    whole = Integer(name="i", bins=(0, 1, 10, 100))
    assert whole.labels() == ["0", "1 to 9", "10 to 100"]
    assert Integer(name="i", bins=(0, 1, 10, 10)).labels() == ["0", "1 to 9", "10"]


def test_decimals_never_leave_the_bin():
    column = Real(name="r", bounds=(0, 1), bins=1000, decimals=2)
    drawn = np.repeat(np.arange(1000), 20)
    cells = column.decode(drawn, np.random.default_rng(0))
    np.testing.assert_array_equal(column.encode(cells), drawn)
    coarse = Real(name="r", bounds=(0, 100), bins=4, decimals=1).decode(drawn % 4, np.random.default_rng(0))
    np.testing.assert_array_equal(coarse.to_numpy(), np.round(coarse.to_numpy(), 1))


def test_draws_are_uniform_over_the_integers_of_a_bin():
    column = Integer(name="i", bounds=(0, 19), bins=4)
    drawn = column.decode(np.full(20_000, 1), np.random.default_rng(7)).to_numpy()
    # Each count is binomial(20000, .2), sd 57: a fault of 10% in one value is 400. False alarms below 1e-6.
    assert np.abs(np.bincount(drawn, minlength=10)[5:10] - 4000).max() < 300
    assert set(drawn) == {5, 6, 7, 8, 9}


def test_categories():
    column = Categorical(name="c", categories=("a", "b"), nullable=True)
    assert codes(column, ["a", "b", "c", "", None, " a"]) == [0, 1, 2, 2, 2, 2]
    column = Categorical(name="c", categories=("a", "b"), other="else", nullable=True)
    assert (column.size, column.labels()) == (4, ["a", "b", "else", "(missing)"])
    assert codes(column, ["a", "b", "c", "", None, "else", "?"], spelled=("", "?")) == [0, 1, 2, 3, 3, 2, 3]
    column = Categorical(name="c", categories=("a", "other", "b"), other="other")
    assert codes(column, ["a", "b", "c", "", None]) == [0, 2, 1, 1, 1]
    column = Categorical(name="c", categories=("a", "b"))
    assert codes(column, ["b", "c", None]) == [1, 0, 0]


def test_a_listed_category_wins_over_a_spelling_of_missing():
    column = Categorical(name="c", categories=("N", ""), nullable=True, missing_values=("N", ""))
    assert codes(column, ["N", "", None]) == [0, 1, 2]


def test_categories_of_other_types():
    column = Categorical(name="c", categories=(1, 2), nullable=True)
    assert codes(column, ["1", "2.0", "1.5", "01", "x"]) == [0, 1, 2, 0, 2]
    assert codes(column, [1.0, 2.0, 1.5, float("nan")]) == [0, 1, 2, 2]
    text = Categorical(name="c", categories=("1", "2"), nullable=True)
    assert codes(text, [1.0, 2.0, None]) == codes(text, [1, 2, None]) == [0, 1, 2]
    assert codes(Categorical(name="c", categories=(True, False), nullable=True), [False, True, None]) == [1, 0, 2]
    assert codes(Categorical(name="d", categories=("2020-01-31",), nullable=True), [date(2020, 1, 31)]) == [0]
    other = Categorical(name="c", categories=(1, 2), other=9, nullable=True)
    assert codes(other, [1.0, 7.0, float("nan"), None]) == [0, 2, 3, 3]
    assert other.decode(np.array([0, 2, 3]), np.random.default_rng(0)).to_pylist() == [1, 9, None]


def test_text_is_compared_in_nfc():
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert codes(Categorical(name="c", categories=(decomposed, "x")), [composed, decomposed, "x"]) == [0, 0, 1]
    schema = Schema(columns=(Categorical(name=decomposed, categories=("x", "y")),))
    table = pa.table({decomposed: ["y"]})
    assert schema.encode(table)[composed].tolist() == [1]
    with pytest.raises(SchemaError, match="must not repeat"):
        Categorical(name="c", categories=(composed, decomposed))


def test_booleans():
    column = Boolean(name="b", nullable=True)
    assert codes(column, ["true", "FALSE", "yes", "n", "1", "0", "", "maybe", None]) == [1, 0, 1, 0, 1, 0, 2, 2, 2]
    assert codes(column, [1.0, 0.0, 0.5, float("nan")]) == [1, 0, 2, 2]
    assert codes(column, [1, 0, 2, None]) == [1, 0, 2, 2]
    assert codes(Boolean(name="b", nullable=True, missing_values=("n",)), ["n", "no"]) == [2, 0]


def test_days_and_moments():
    column = Date(name="d", bounds=(date(2020, 1, 1), date(2020, 1, 10)), nullable=True)
    cells = ["2020-01-01", "2020-01-10T23:59:59", "2020-02-31", "2020-1-2", "1999-12-31", "x", "", None]
    assert codes(column, cells) == [0, 9, 10, 10, 0, 10, 10, 10]
    assert codes(column, [date(2020, 1, 2), date(1, 1, 1), date(9999, 12, 31), None]) == [1, 0, 9, 10]
    assert codes(column, [datetime(2020, 1, 2, 23, 59)]) == [1]
    for unit in ("s", "ms", "us"):  # the extremes of 64 bits
        extremes = pa.array([2**63 - 1, -(2**63) + 1]).cast(pa.timestamp(unit))
        assert column.encode(extremes).tolist() == [9, 0]
    moment = DateTime(
        name="t", bins=(datetime(2020, 1, 1), datetime(2020, 1, 1, 12), datetime(2020, 1, 2)), nullable=True
    )
    cells = [
        "2020-01-01T11:59:59.999999",
        "2020-01-01 12:00",
        "2020-01-01T13:00+02:00",
        "2020-01-01T12:00Z",
        "2020-01-01T25:00",
    ]
    assert codes(moment, cells) == [0, 1, 0, 1, 2]
    berlin = datetime(2020, 1, 1, 13, tzinfo=timezone(timedelta(hours=2)))
    assert codes(moment, [berlin]) == [0]


def test_spellings_of_missing_apply_to_numbers_too():
    column = Integer(name="i", bounds=(-10, 99), bins=5, nullable=True, missing_values=("-9", "99", "N"))
    assert codes(column, [-9, 99, 5]) == codes(column, ["-9", "99.0", "5"]) == [5, 5, 0]
    assert codes(Integer(name="i", bounds=(0, 9), nullable=True), ["3", "8"], spelled=("8",)) == [3, 10]


def test_text_is_a_number_up_to_a_length_that_databases_keep_to():
    age, flag = Integer(name="age", bounds=(0, 99), nullable=True), Boolean(name="flag", nullable=True)
    day = Date(name="day", bounds=(date(1970, 1, 1), date(1970, 1, 9)), nullable=True)
    for column, word in ((age, "7"), (flag, "yes"), (day, "1970-01-02")):
        padded = [word + " " * (n - len(word)) for n in (len(word), 1000, 1001)]
        views = [pa.string_view()] if int(pa.__version__.split(".")[0]) > 17 else []  # older ones can't cut them
        for kind in (pa.string(), pa.large_string(), *views):
            codes = column.encode(pa.array(padded, kind)).tolist()
            assert codes == [codes[0], codes[0], column.missing_code]
            assert codes[0] != column.missing_code


def test_ten_megabyte_cells_are_just_values():
    assert codes(AGE, ["9" * 10_000_000, "x" * 10_000_000, "5"]) == [10, 10, 5]
    assert codes(Categorical(name="c", categories=("a",), nullable=True), ["a" * 10_000_000, "a"]) == [1, 0]


anything = st.lists(
    st.none() | labels | st.integers(-(10**30), 10**30).map(str) | st.floats().map(str) | st.dates().map(str),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(
    columns("c"), anything, st.lists(st.none() | st.floats(), max_size=8), st.lists(st.none() | st.dates(), max_size=4)
)
def test_no_value_raises_or_leaves_the_domain(column, text, floats, days):
    tables = [pa.array(text, pa.string()), pa.array(floats, pa.float64()), pa.array(days, pa.date32())]
    for cells in tables:
        if column.kind in ("date", "datetime") and cells.type == pa.float64():
            continue
        if column.kind in ("integer", "real", "boolean") and cells.type == pa.date32():
            continue
        got = column.encode(cells, ("", "?"))
        assert got.dtype == column.code_type
        assert len(got) == len(cells)
        assert not len(got) or got.max() < column.size


@settings(max_examples=100, deadline=None)
@given(columns("c"), anything, anything)
def test_one_more_record_changes_nothing_for_the_others(column, text, more):
    alone = column.encode(pa.array(text, pa.string()), ("", "?"))
    together = column.encode(pa.array([*text, *more], pa.string()), ("", "?"))
    assert alone.dtype == together.dtype
    np.testing.assert_array_equal(together[: len(text)], alone)


def test_a_new_maximum_category_and_length_change_no_metadata():
    schema = Schema(columns=(AGE, Categorical(name="c", categories=("a", "b"), nullable=True), Key(name="id")))
    table = pa.table({"age": [1, 5], "c": ["a", "b"], "id": ["x", "y"]})
    odd = pa.table({"age": [10**12], "c": ["c" * 10_000], "id": ["z" * 99]})
    before, after = schema.encode(table), schema.encode(pa.concat_tables([table, odd]))
    for name, column in before.items():
        assert column.dtype == after[name].dtype
        np.testing.assert_array_equal(after[name][:2], column)
    assert after["age"][2] == 9
    assert after["c"][2] == 2


def test_types_that_no_cell_can_be_read_from_are_structural():
    with pytest.raises(DataError) as error:
        codes(AGE, [[1]])
    assert str(error.value) == (
        "column 'age' holds list<item: int64>, which kind = 'integer' can't read: "
        "convert it to text or numbers, or change its kind in the schema"
    )
    with pytest.raises(DataError, match="date32"):
        codes(AGE, [date(2020, 1, 1)])


def test_codes_outside_the_domain_are_refused():
    for wrong in (-1, 11):
        with pytest.raises(SchemaError, match="codes of column 'age' must be between 0 and 10"):
            AGE.decode(np.array([0, wrong]), np.random.default_rng(0))


def test_rows_per_person_are_limited():
    schema = Schema(columns=(Key(name="who"), AGE), person="who", max_rows_per_person=2)
    table = pa.table({"who": ["a", "b", "a", None, "a", None, "b", None], "age": range(8)})
    assert schema.limit_rows(table)["age"].to_pylist() == [0, 1, 2, 3, 5, 6]
    assert schema.limit_rows(table.slice(0, 0)).num_rows == 0
    assert schema.limit_rows(pa.table({"who": table["who"].dictionary_encode(), "age": table["age"]})).num_rows == 6
    without = pa.table({"who": ["b", "b"], "age": [1, 6]})
    assert schema.limit_rows(without).num_rows == 2
    assert Schema(columns=(Key(name="who"), AGE)).limit_rows(table) is table
