"""SDV's metadata of a synthetic table, kind by kind."""

import json

import pytest

from fairshare import Schema
from fairshare.errors import UsageError
from fairshare.schema.sdv import to_sdv

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "id", "kind": "key"},
            {"name": "age", "kind": "integer", "bounds": [0, 99]},
            {"name": "dose", "kind": "real", "bounds": [0.0, 1.0]},
            {"name": "sex", "kind": "categorical", "categories": ["f", "m"]},
            {"name": "alive", "kind": "boolean"},
            {"name": "day", "kind": "date", "bounds": ["2020-01-01", "2020-12-31"]},
            {"name": "when", "kind": "datetime", "bounds": ["2020-01-01T00:00:00", "2020-12-31T00:00:00"]},
            {"name": "words", "kind": "text"},
        ]
    }
)


def test_every_kind():
    made = to_sdv(SCHEMA, table="patients")
    assert made["METADATA_SPEC_VERSION"] == "V1"
    assert made["relationships"] == []
    columns = made["tables"]["patients"]["columns"]
    assert {name: fields["sdtype"] for name, fields in columns.items()} == {
        "age": "numerical",
        "dose": "numerical",
        "sex": "categorical",
        "alive": "boolean",
        "day": "datetime",
        "when": "datetime",
    }
    assert columns["age"]["computer_representation"] == "Int64"
    assert columns["day"]["datetime_format"] == "%Y-%m-%d"
    assert json.loads(json.dumps(made)) == made


def test_v1_names_kinds_and_v2_the_public_domain():
    columns = to_sdv(SCHEMA, specification="V2")["tables"]["table"]["columns"]
    assert columns["age"] == {
        "sdtype": "numerical",
        "range_is_nullable": False,
        "range_min": 0,
        "range_max": 99,
        "decimal_places": 0,
    }
    assert columns["sex"]["range_values"] == ["f", "m"]
    assert columns["day"]["range_max"] == "2020-12-31"
    assert columns["when"]["range_min"] == "2020-01-01 00:00:00.000000"
    v1 = to_sdv(SCHEMA)["tables"]["table"]["columns"]
    assert not [key for fields in v1.values() for key in fields if key.startswith("range")]


def test_an_early_year_keeps_its_zeros():
    fields = {"name": "day", "kind": "date", "bounds": ["0005-01-01", "2020-01-01"]}
    columns = to_sdv(Schema.from_dict({"columns": [fields]}), specification="V2")["tables"]["table"]["columns"]
    assert columns["day"]["range_min"] == "0005-01-01"


def test_an_unknown_version_is_refused():
    with pytest.raises(UsageError, match=r"specification \('V3'\) must be one of V1, V2"):
        to_sdv(SCHEMA, specification="V3")
