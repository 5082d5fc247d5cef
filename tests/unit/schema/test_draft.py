"""Drafts find sensible kinds and mark all that they took from the data."""

import re

import numpy as np
import pyarrow as pa
import pytest

from fairshare.errors import SchemaError
from fairshare.schema import Boolean, Categorical, Date, DateTime, Integer, Key, Real, Schema, Text, draft

ROWS = 400


def drafted(cells, name="c", kind=None):
    other = pa.array(["x", "y"] * (len(cells) // 2) + ["x"] * (len(cells) % 2))
    return draft(pa.table({name: pa.array(cells, kind), "other": other})).column(name)


def spread(values):
    return [values[i % len(values)] for i in range(ROWS)]


@pytest.mark.parametrize(
    ("cells", "kind", "fields"),
    [
        (spread(["1", "3", "17"]), Integer, {"bounds": (1, 17), "bins": None, "nullable": False}),
        (spread(["1", "3", ""]), Integer, {"bounds": (1, 3), "nullable": True, "missing_values": None}),
        (spread(["1", "3", "N"]), Integer, {"bounds": (1, 3), "nullable": True, "missing_values": ("N",)}),
        (spread(["1", "?", "", "5"]), Integer, {"bounds": (1, 5), "missing_values": ("", "?")}),
        ([str(i * 7) for i in spread(range(300))], Integer, {"bounds": (0, 2093), "bins": 64}),
        (spread(["1", "20", "3000"]), Categorical, {"categories": (1, 20, 3000)}),
        (spread(["0.25", "1.5"]), Real, {"bounds": (0.25, 1.5), "decimals": 2, "bins": 64}),
        (spread(["5000.0", "1"]), Real, {"bounds": (1.0, 5000.0), "decimals": 0}),
        (spread(["01234", "99999"]), Categorical, {"categories": ("01234", "99999")}),
        (spread(["0.5", "00.5", "x"]), Categorical, {"categories": ("0.5", "00.5", "x")}),
        (spread(["True", "False"]), Boolean, {"nullable": False}),
        (spread(["yes", "no", None]), Categorical, {"categories": ("no", "yes"), "nullable": True}),
        (spread(["b", "a", "?"]), Categorical, {"categories": ("a", "b"), "missing_values": ("?",), "nullable": True}),
        (spread(["2020-01-01", "2020-03-01"]), Date, {"bins": 64}),
        (spread(["2020-01-01", "2020-03-01T10:00"]), DateTime, {"timezone": None}),
        (spread(["2020-01-01T10:00Z", "2020-03-01T10:00Z"]), DateTime, {"timezone": "UTC"}),
        ([f"name {i}" for i in range(ROWS)], Key, {}),
        ([str(i) for i in range(ROWS)], Key, {}),
        (["", None, "?"], Text, {"note": "no value seen"}),
    ],
)
def test_text(cells, kind, fields):
    column = drafted(cells, kind=pa.string())
    assert type(column) is kind
    for name, value in fields.items():
        assert getattr(column, name) == value
    assert "kind" in column.unreviewed


@pytest.mark.parametrize(
    ("cells", "kind", "fields"),
    [
        (spread([1, 5]), Integer, {"bounds": (1, 5), "unreviewed": ("nullable", "bounds")}),
        (spread([1.0, 5.0, None]), Integer, {"bounds": (1, 5), "nullable": True}),
        (spread([1.0, 5.0]), Real, {"bounds": (1.0, 5.0), "unreviewed": ("nullable", "decimals", "bounds")}),
        (spread([1.5, float("nan"), float("inf")]), Real, {"bounds": (1.5, 3.0), "nullable": True}),
        (spread([True, None]), Boolean, {"nullable": True}),
        (spread([np.datetime64("2020-01-01T10:00", "ns")]), DateTime, {}),
        (spread([[1]]), Text, {"note": "list<item: int64> can't be synthesised"}),
        (spread([-(2**63), 2**63 - 1]), Integer, {"bounds": (1 - 10**18, 10**18 - 1)}),
        ([float("nan")] * 3, Text, {"note": "no value seen"}),
    ],
)
def test_typed(cells, kind, fields):
    column = drafted(cells)
    assert type(column) is kind
    for name, value in fields.items():
        assert getattr(column, name) == value


def test_dictionaries_are_text():
    table = pa.table({"c": pa.array(["a", "b", "a", None]).dictionary_encode()})
    assert draft(table).column("c").categories == ("a", "b")


def test_identifiers_by_name():
    numbers = [str(i * i) for i in range(50)]
    assert drafted(numbers, name="patient_id").kind == "key"
    assert drafted(numbers, name="paid").kind == "integer"


def test_heavy_tails_get_growing_bins():
    gains = [0] * 400 + list(range(3, 40)) + [99_999]
    column = drafted(gains)
    assert column.bins[:7] == (0, 1, 2, 3, 5, 7, 10)
    assert column.bins[-1] == 99_999
    assert "heavy tail" in column.note
    assert column.unreviewed == ("nullable", "bounds", "bins")
    real = drafted([gain - 9.5 for gain in gains])
    assert real.bounds == (-9.5, 99989.5)
    assert 0.0 in real.bins


def test_every_drafted_value_codes_apart_from_the_missing():
    table = pa.table({"i": spread(["1", "?", "700"]), "r": spread(["1.5", "2.5"]), "c": spread(["a", "b"])})
    schema = draft(table)
    codes = schema.encode(table)
    assert (codes["i"] == schema.sizes["i"] - 1).sum() == sum(cell == "?" for cell in table["i"].to_pylist())


def test_nothing_to_synthesise_is_refused():
    with pytest.raises(SchemaError, match="nothing is left to synthesise"):
        draft(pa.table({"id": [f"{i}" * 3 for i in range(ROWS)]}))


TABLE = pa.table(
    {
        "age": spread(["17", "90", ""]),
        "native-country": spread([f"country {i}" for i in range(40)]),
        "gain": ["0"] * (ROWS - 1) + ["99999"],
        "day": spread(["2020-01-01", "2020-05-01"]),
        "name": [f"name {i}" for i in range(ROWS)],
    }
)


def test_a_draft_stays_unreviewed_until_a_person_edits_it(tmp_path):
    path = tmp_path / "schema.toml"
    schema = draft(TABLE)
    schema.save(path)
    assert Schema.load(path) == schema
    assert {"age.bounds", "age.nullable", "native-country.categories", "day.bounds", "name.kind"} <= set(
        schema.unreviewed
    )
    text = path.read_text()
    assert text.count("\nunreviewed.") == text.count("# REVIEW: taken from the data\n") == len(schema.unreviewed)
    assert "unreviewed.bounds = [17, 90]  # REVIEW: taken from the data" in text
    assert "DRAFT. This file was drafted from private data." in text

    path.write_text(text.replace("unreviewed.bounds = [17, 90]  # REVIEW: taken from the data", "bounds = [16, 100]"))
    edited = Schema.load(path)
    assert edited.column("age").bounds == (16, 100)
    assert set(schema.unreviewed) - set(edited.unreviewed) == {"age.bounds"}

    path.write_text(re.sub(r"(?m)^unreviewed\.|  # REVIEW: taken from the data$", "", text))
    reviewed = Schema.load(path)
    assert reviewed.unreviewed == ()
    assert reviewed == schema.reviewed()
    assert reviewed.digest != schema.digest
    reviewed.save(path)
    assert Schema.load(path) == reviewed
    assert "REVIEW" not in path.read_text()
