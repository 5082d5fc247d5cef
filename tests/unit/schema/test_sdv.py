"""SDV's metadata of a synthetic table, kind by kind."""

import json

from fairshare import Schema
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
