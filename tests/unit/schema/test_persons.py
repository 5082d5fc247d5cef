"""A person is who the key says, whatever Arrow's storage: the limit on rows is what the promise rests on."""

from collections import Counter
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.counting import open_table
from fairshare.errors import DataError
from fairshare.schema import Categorical, Key, Schema

SCHEMA = Schema(
    person="p", max_rows_per_person=2, columns=(Key(name="p"), Categorical(name="c", categories=("a", "b")))
)


def kept(persons):
    return SCHEMA.limit_rows(pa.table({"p": persons, "c": ["a"] * len(persons)})).num_rows


@st.composite
def stored(draw, keys):
    """Keys as a column of some chunks, each plain or a dictionary that may repeat entries and hold null."""
    cuts = sorted(draw(st.lists(st.integers(0, len(keys)), max_size=2)))
    chunks = []
    dictionary = draw(st.booleans())
    for a, b in zip([0, *cuts], [*cuts, len(keys)], strict=True):
        if not dictionary:
            chunks.append(pa.array(keys[a:b], pa.string()))
            continue
        order = draw(st.permutations(range(b - a)))
        entries = pa.array([keys[a + i] for i in order] + [None], pa.string())
        index = [None if keys[a + i] is None and draw(st.booleans()) else order.index(i) for i in range(b - a)]
        chunks.append(pa.DictionaryArray.from_arrays(pa.array(index, pa.uint16()), entries))
    return pa.chunked_array(chunks)


@given(st.data(), st.lists(st.none() | st.sampled_from(["x", "y", ""]), max_size=12))
def test_the_limit_is_by_content_however_it_is_stored(data, keys):
    column = data.draw(stored(keys))
    seen, expected = Counter(), []
    for key in keys:
        seen[key] += 1
        expected.append(seen[key] <= 2)
    assert SCHEMA.kept_rows(column).tolist() == expected


def test_a_dictionary_that_repeats_an_entry_does_not_multiply_a_person():
    assert kept(pa.DictionaryArray.from_arrays(pa.array(range(1000), pa.int32()), pa.array(["alice"] * 1000))) == 2


def test_nobody_is_one_person():
    nan = np.array([0x7FF8000000000000, 0x7FF8000000000001, 0xFFF8000000000000] * 4, dtype=np.uint64).view(np.float64)
    assert kept(pa.array(nan)) == 2
    assert kept(pa.array([None, np.nan] * 3, pa.float64(), from_pandas=False)) == 2
    assert kept(pa.DictionaryArray.from_arrays(pa.array([0, 0, 0, None, None], pa.int8()), pa.array([None, "x"]))) == 2


def test_both_zeros_are_one_person():
    assert kept(pa.array([0.0, -0.0] * 4)) == 2


@pytest.mark.parametrize(
    "kind",
    [
        pa.large_string(),
        pa.binary(),
        pa.decimal128(5, 2),
        pa.bool_(),
        pa.date32(),
        pa.null(),
        pa.float16(),
        pa.uint64(),
    ],
)
def test_any_flat_type_can_name_persons(kind):
    assert kept(pa.nulls(5, kind)) == 2


def test_text_is_compared_byte_for_byte_even_if_it_is_not_utf8():
    bad = pa.array([b"\xff", b"\xff", b"\xff", b"\xfe"])
    text = pa.StringArray.from_buffers(4, *bad.buffers()[1:])
    assert SCHEMA.kept_rows(text).tolist() == [True, True, False, True]


def test_nested_persons_are_refused_by_type():
    with pytest.raises(DataError, match=r"column 'p' holds list<item: int8>, which can't name persons: convert it"):
        kept(pa.nulls(3, pa.list_(pa.int8())))


@pytest.mark.skipif(not hasattr(pa, "decimal32"), reason="Arrow has the type from version 18 on")
def test_a_type_that_arrow_can_not_compare_is_refused():
    with pytest.raises(DataError, match="holds decimal32"):
        kept(pa.nulls(3, pa.decimal32(5, 2)))


def _counted(source):
    public = Schema.from_dict(
        {
            "columns": [{"name": "p", "kind": "key"}, {"name": "d", "kind": "categorical", "categories": ["a", "b"]}],
            "person": "p",
            "max_rows_per_person": 2,
        }
    )
    return open_table(source, public).count(("d",)).tolist()


PAIRS = [(b"Andr\xe9", b"Andr\xe8"), (b"a\0", b"a\xff"), (b"\xff", b"\xfe"), (b"\xff", b"\x1aff"), (b"'=7", b"=7")]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_keys_in_a_csv_stay_apart_whatever_their_bytes(one, other, tmp_path):
    """Merged, the second person's rows would hang on whether the first one is there."""
    (tmp_path / "t.csv").write_bytes(b"p,d\n" + (one + b",a\n") * 3 + (other + b",b\n") * 3)
    assert _counted(tmp_path / "t.csv") == [2, 2]
    assert _counted(f"{tmp_path}/*.csv") == [2, 2]  # scanned


@pytest.mark.parametrize(
    ("one", "other"), [*PAIRS, ("n\udce9", "n\udce8"), (UUID(int=1), UUID(int=2)), (2**60, 2**60 + 1)]
)
def test_keys_that_are_objects_stay_apart_whatever_their_type(one, other):
    keys = np.empty(6, dtype=object)
    keys[:3], keys[3:] = [one] * 3, [other] * 3
    assert _counted(pd.DataFrame({"p": pd.Series(keys, dtype=object), "d": list("aaabbb")})) == [2, 2]


def test_one_number_is_one_person():
    for keys in ([7, 7.0, np.int8(7), Decimal(7), 7, 7], [10**22, float(10**22), Decimal(10) ** 22] * 2):
        assert _counted(pd.DataFrame({"p": pd.Series(keys, dtype=object), "d": list("aaabbb")})) == [2, 0]


@pytest.mark.parametrize("make", [object, lambda: {"a": 1}, lambda: ("s", 1)])
def test_objects_of_other_types_are_nobody_s(make):
    """By their text, which may be an address, one person could be many."""
    keys = np.empty(6, dtype=object)
    keys[:] = [make() for _ in range(6)]
    assert _counted(pd.DataFrame({"p": pd.Series(keys, dtype=object), "d": list("aaabbb")})) == [2, 0]
