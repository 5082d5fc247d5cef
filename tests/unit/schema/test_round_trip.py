"""Codes to cells and back, schemas to files and back."""

import json
import tomllib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema_strategies import columns, labels, schemas

from fairshare.schema import Categorical, Schema, file, schema_json, toml

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def codes_of_all(column, seed):
    """Every code twice and in random order, a thousand at most."""
    rng = np.random.default_rng(seed)
    return (
        rng.choice(column.size, size=min(1000, 2 * column.size))
        if column.size > 500
        else rng.permutation(np.repeat(np.arange(column.size), 2))
    )


@quick
@given(columns("c"), st.integers(0, 2**32))
def test_codes_survive_decode_and_encode(column, seed):
    codes = codes_of_all(column, seed)
    cells = column.decode(codes, np.random.default_rng(seed))
    again = column.encode(cells)
    np.testing.assert_array_equal(again, codes)
    assert again.dtype == column.code_type == np.min_scalar_type(column.size - 1)
    assert cells.null_count == (0 if column.missing_code is None else np.sum(codes == column.missing_code))


@quick
@given(columns("c"), st.integers(0, 2**32))
def test_codes_survive_text_and_dictionaries(column, seed):
    if isinstance(column, Categorical) and isinstance(column.categories[0], str):
        cells = column.decode(codes_of_all(column, seed), np.random.default_rng(seed)).dictionary_encode()
        other = cells.cast(pa.large_string())
    else:
        cells = column.decode(codes_of_all(column, seed), np.random.default_rng(seed))
        other = cells.cast(pa.string())
    np.testing.assert_array_equal(column.encode(other), column.encode(cells))


@quick
@given(schemas(), st.integers(0, 2**32))
def test_tables_survive(schema, seed):
    rng = np.random.default_rng(seed)
    codes = {name: rng.integers(size, size=20) for name, size in schema.sizes.items()}
    table = schema.decode(codes, rng)
    assert table.column_names == list(schema.sizes)
    skipped = [column.name for column in schema.columns if not column.synthesised]
    for name in skipped:
        table = table.append_column(name, pa.array(["x"] * 20))
    again = schema.encode(table)
    assert list(again) == list(schema.sizes)
    for name, drawn in codes.items():
        np.testing.assert_array_equal(again[name], drawn)


@quick
@given(schemas())
def test_schemas_survive_file_and_json(schema):
    text = file.to_toml(file.tree(schema), drafted=False)
    for again in (Schema.from_dict(tomllib.loads(text)), Schema.from_dict(json.loads(json.dumps(schema.to_dict())))):
        assert again == schema
        assert again.digest == schema.digest
        assert again.unreviewed == schema.unreviewed
        assert again.sizes == schema.sizes
    assert all(len(schema.labels(name)) == size for name, size in schema.sizes.items())


@given(
    st.dictionaries(
        labels,
        labels | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.dates() | st.lists(labels),
        max_size=4,
    )
)
def test_toml_is_read_back(fields):
    lines = [f"{toml.key(k)} = {toml.array(v) if isinstance(v, list) else toml.inline(v)}" for k, v in fields.items()]
    assert tomllib.loads("\n".join(lines)) == fields


def test_file_survives(tmp_path):
    schema = Schema(columns=(Categorical(name="city", categories=tuple(f"town {i}" for i in range(300))),))
    path = tmp_path / "schema.toml"
    schema.save(path)
    assert Schema.load(path) == schema
    assert max(map(len, path.read_text().splitlines())) < 130
    assert "DRAFT" not in path.read_text()


def test_json_schema_describes_the_file():
    document = schema_json()
    assert document["$schema"].endswith("2020-12/schema")
    column = document["$defs"]["Integer"]
    assert column["required"] == ["name"]
    assert "bounds" in column["properties"]["unreviewed"]["properties"]
    assert column["additionalProperties"] is False
    json.dumps(document)


@pytest.mark.parametrize("sizes", [{"a": 2, "b": 300, "c": 1}, {"x": 70}])
def test_coded_tables(sizes):
    schema = Schema.from_domain(sizes)
    assert schema.sizes == sizes
    assert schema.unreviewed == ()
    codes = {name: np.arange(300) % size for name, size in sizes.items()}
    table = schema.decode(codes, np.random.default_rng(0))
    for name in sizes:
        np.testing.assert_array_equal(table[name].to_numpy(), codes[name])
        np.testing.assert_array_equal(schema.encode(table)[name], codes[name])
    assert schema.labels("x" if "x" in sizes else "a")[:2] == ["0", "1"]
