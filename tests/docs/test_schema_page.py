"""docs/schema.md holds what the schema accepts, and says of unknown values what becomes of them."""

import json
import re
import tomllib
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from fairshare.cli.app import app
from fairshare.schema import Schema, schema_json

PAGE = (Path(__file__).parents[2] / "docs" / "schema.md").read_text()
EXAMPLE, STRUCTURE = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def schema(tmp_path):
    (tmp_path / "s.toml").write_text(EXAMPLE)
    return Schema.load(tmp_path / "s.toml")


def test_the_example_says_what_becomes_of_unknown_values(schema, tmp_path):
    odd = pa.table({"patient_id": [1], "sex": ["?"], "ward": ["?"], "age": ["?"], "readmitted": ["?"]})
    codes = schema.encode(odd)
    found = {name: schema.labels(name)[column[0]] for name, column in codes.items()}
    assert found == {"sex": "(missing)", "ward": "another ward", "age": "0 to 17", "readmitted": "false"}
    told = CliRunner().invoke(app, ["schema", "check", str(tmp_path / "s.toml"), "--json"])
    columns = {c["name"]: c for c in json.loads(told.stdout)["columns"]}
    assert {name: columns[name]["unknown_becomes"] for name in found} == found
    assert columns["ward"]["labels"] == ["Cardiology", "Surgery", "Geriatrics", "another ward"]


def test_what_can_not_be_is_accepted_beside_the_example(schema):
    zeros = tomllib.loads(STRUCTURE)["zeros"]
    assert Schema.from_dict(schema.to_dict() | {"zeros": zeros}).impossible.keys() == {("ward", "age")}


def test_every_kind_and_field_is_on_the_page():
    forms = schema_json()["$defs"]
    kinds = {f["properties"]["kind"]["const"]: f for f in forms.values() if "kind" in f.get("properties", {})}
    assert set(kinds) == set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    fields = {name for form in kinds.values() for name in form["properties"]} | set(schema_json()["properties"])
    told = {name for name in fields if re.search(rf"`{name}\b|^{name} = |^\[+{name}\]|\[{name}\]", PAGE, re.MULTILINE)}
    assert told == fields
