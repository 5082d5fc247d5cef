"""SDV's metadata become a draft in which nothing is public before a person has looked at it."""

import json
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import DataError, InputError, SchemaError
from fairshare.schema import Schema
from fairshare.schema.sdv import to_sdv
from fairshare.schema.sdv_reader import draft_from_sdv, read_sdv

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "age", "kind": "integer", "bounds": [0, 99]},
            {"name": "dose", "kind": "real", "bounds": [0.0, 1.0], "decimals": 2},
            {"name": "sex", "kind": "categorical", "categories": ["f", "m"], "nullable": True},
            {"name": "alive", "kind": "boolean"},
            {"name": "day", "kind": "date", "bounds": ["2020-01-01", "2020-12-31"]},
            {"name": "when", "kind": "datetime", "bounds": ["2020-01-01T00:00:00", "2020-12-31T00:00:00"]},
        ]
    }
)
ROWS = 60
TABLE = pa.table(
    {
        "age": [20 + i % 50 for i in range(ROWS)],
        "dose": [i % 9 / 4 for i in range(ROWS)],
        "sex": ["f", "m", None] * (ROWS // 3),
        "alive": [True, False] * (ROWS // 2),
        "day": pa.array(["2020-02-01", "2020-03-01"] * (ROWS // 2)),
        "when": pa.array(["2020-02-01T10:00:00", "2020-03-01T10:00:00"] * (ROWS // 2)),
    }
)


def one(sdtype, **fields):
    return {"columns": {"c": {"sdtype": sdtype, **fields}, "other": {"sdtype": "boolean"}}}


def drafted(sdtype, cells=None, **fields):
    data = None if cells is None else pa.table({"c": cells, "other": [True] * len(cells)})
    return draft_from_sdv(one(sdtype, **fields), data).columns[0]


def test_v2_round_trip_keeps_the_domain_and_marks_all_of_it():
    metadata = json.loads(json.dumps(to_sdv(SCHEMA, specification="V2")))
    schema = draft_from_sdv(metadata).schema()
    assert schema.reviewed() == SCHEMA
    for column in schema.columns:
        assert {"kind", "nullable"} <= set(column.unreviewed)
    marks = {"age.bounds", "dose.bounds", "dose.decimals", "sex.categories", "day.bounds", "when.bounds"}
    assert marks <= set(schema.unreviewed)


def test_v1_without_data_invents_nothing(tmp_path):
    draft = draft_from_sdv(to_sdv(SCHEMA))
    assert draft.gaps == {
        "age": ("bounds",),
        "dose": ("bounds",),
        "sex": ("categories",),
        "day": ("bounds",),
        "when": ("bounds",),
    }
    with pytest.raises(SchemaError, match=r"do not say age\.bounds, dose\.bounds"):
        draft.schema()
    path = tmp_path / "s.toml"
    draft.save(path)
    with pytest.raises(SchemaError, match="column 'age': bounds is missing: add it"):
        Schema.load(path)
    known = {
        "age": "bounds = [0, 99]",
        "dose": "bounds = [0.0, 1.0]",
        "sex": 'categories = ["f", "m"]',
        "day": "bounds = [2020-01-01, 2020-12-31]",
        "when": "bounds = [2020-01-01T00:00:00, 2021-01-01T00:00:00]",
    }
    head, *blocks = re.split(r"(?=\[\[columns\]\])", path.read_text())
    by_name = {re.search('name = "(.*)"', block)[1]: block for block in blocks}
    filled = [re.sub(r"(?m)^# .*not known.*$", known.get(name, ""), block) for name, block in by_name.items()]
    text = head + "".join(filled)
    path.write_text(text)
    completed = Schema.load(path)
    assert completed.sizes["sex"] == 3
    assert "age.kind" in completed.unreviewed  # completed, and still to be reviewed


def test_v1_with_data_takes_the_rest_from_the_table_and_marks_it():
    schema = draft_from_sdv(to_sdv(SCHEMA), TABLE).schema()
    assert [c.kind for c in schema.columns] == ["integer", "real", "categorical", "boolean", "date", "datetime"]
    assert schema.column("age").bounds == (20, 69)
    assert {"age.bounds", "sex.categories", "sex.nullable"} <= set(schema.unreviewed)
    assert schema.column("sex").nullable


def test_the_metadata_s_domain_wins_over_the_data():
    schema = draft_from_sdv(to_sdv(SCHEMA, specification="V2"), TABLE).schema()
    assert schema.column("age").bounds == (0, 99)


@pytest.mark.parametrize(
    ("sdtype", "fields", "kind"),
    [
        ("id", {}, "key"),
        ("email", {"pii": True}, "text"),
        ("unknown", {"pii": True}, "text"),
        ("categorical", {"order": ["low", "high"]}, "categorical"),
        ("ordinal", {"range_values": [1, 2]}, "categorical"),
        ("numerical", {"computer_representation": "UInt8"}, "integer"),
        ("numerical", {"computer_representation": "Float"}, "real"),
        ("numerical", {"decimal_places": 0, "range_min": 1.0, "range_max": 9.0}, "integer"),
        ("numerical", {}, "real"),
        ("datetime", {"datetime_format": "%Y-%m-%d"}, "date"),
        ("datetime", {"datetime_format": "%Y-%m-%dT%H:%M:%S"}, "datetime"),
        ("datetime", {"datetime_format": "%d %b %Y"}, "text"),
        ("boolean", {}, "boolean"),
    ],
)
def test_kinds(sdtype, fields, kind):
    column = drafted(sdtype, **fields)
    assert column["unreviewed"]["kind"] == kind


def test_codes_that_are_numbers_become_categories():
    cells = [1, 2, 3] * 20
    assert drafted("categorical", cells)["unreviewed"]["categories"] == (1, 2, 3)
    assert drafted("categorical", [str(c) for c in cells])["unreviewed"]["categories"] == ("1", "2", "3")
    assert drafted("categorical", [c / 2 for c in cells])["unreviewed"]["categories"] == ("0.5", "1", "1.5")
    assert drafted("numerical", cells)["kind"] == "integer"


def test_text_among_the_range_values_makes_all_of_them_text():
    assert drafted("categorical", range_values=["a", 1, True])["unreviewed"]["categories"] == ("a", "1", "true")


def test_where_the_table_disagrees_the_note_says_so():
    column = drafted("numerical", ["a", "b"] * 30, computer_representation="Int64")
    assert column["unreviewed"]["kind"] == "categorical"
    assert "SDV's metadata call it numerical" in column["note"]
    extra = draft_from_sdv({"columns": {"other": {"sdtype": "boolean"}}}, pa.table({"c": [1, 2], "other": [True] * 2}))
    assert "not in SDV's metadata" in extra.columns[0]["note"]


def test_a_sequence_key_asks_for_the_unit_of_privacy():
    metadata = one("id") | {"sequence_key": "c"}
    assert "max_rows_per_person" in draft_from_sdv(metadata).columns[0]["note"]


def test_a_typed_moment_needs_no_format():
    cells = pa.array([1, 2] * 30, pa.timestamp("us"))
    assert drafted("datetime", cells, datetime_format="%d %b %Y")["kind"] == "datetime"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ([], "must be a JSON object"),
        ({"METADATA_SPEC_VERSION": "V9"}, r"METADATA_SPEC_VERSION \('V9'\) must be one of V1"),
        ({"tables": {"a": {}, "b": {}}}, "hold 2 tables"),
        ({"tables": {"a": 3}}, "a must be a JSON object"),
        ({"columns": {"c": {}}}, "column 'c' must have an sdtype"),
        ({"columns": 3}, "columns must be a JSON object"),
    ],
)
def test_what_is_not_metadata(metadata, message):
    with pytest.raises(SchemaError, match=message):
        draft_from_sdv(metadata)


def test_one_of_several_tables():
    two = {"tables": {"a": one("boolean"), "b": one("categorical", range_values=["x"])}}
    assert draft_from_sdv(two, table="b").columns[0]["unreviewed"]["categories"] == ("x",)
    with pytest.raises(SchemaError, match="no table 'c'"):
        draft_from_sdv(two, table="c")


def test_a_column_that_the_table_lacks():
    with pytest.raises(DataError, match="the table has no column 'c', which SDV's metadata name"):
        draft_from_sdv(one("boolean"), pa.table({"other": [True]}))


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b'{"a": 1e'])
def test_files_that_are_not_json(content, tmp_path):
    (tmp_path / "m.json").write_bytes(content)
    with pytest.raises(SchemaError, match="is not JSON"):
        read_sdv(tmp_path / "m.json")
    with pytest.raises(SchemaError, match="can't be read"):
        read_sdv(tmp_path / "other.json")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SDTYPES = ("numerical", "datetime", "categorical", "ordinal", "boolean", "id", "unknown", "ssn")
RANGES = ("range_min", "range_max", "range_values", "order")
FORMS = ("decimal_places", "computer_representation", "datetime_format")
ODD = ("%Y-%m-%d", "Int8", 10**400, -(10**400))


@given(
    st.sampled_from(SDTYPES),
    st.dictionaries(st.sampled_from(RANGES + FORMS), json_values | st.sampled_from(ODD)),
)
def test_no_metadata_break_it(sdtype, fields):
    try:
        draft = draft_from_sdv(one(sdtype, **fields))
        assert draft.gaps or draft.schema()
    except InputError:
        pass  # refused with a message, as any contradiction
