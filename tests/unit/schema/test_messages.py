"""Every refusal names the place and the next step."""

import re
from datetime import date

import pyarrow as pa
import pytest

from fairshare.errors import DataError, SchemaError
from fairshare.schema import MAX_CODES, Categorical, Date, DateTime, Integer, Key, PrivateQuantiles, Real, Roles, Schema

AGE = {"name": "age", "kind": "integer", "bounds": [0, 99]}
SEX = {"name": "sex", "kind": "categorical", "categories": ["f", "m"]}
ONE = {"name": "one", "kind": "categorical", "categories": ["only"], "nullable": True}


def refuse(fields, message):
    with pytest.raises(SchemaError) as error:
        Schema.from_dict(fields)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bounds": [9, 0]}, "bounds ([9, 0]) must be a smaller and a larger value"),
        ({"bounds": [0, 10**18]}, "bounds (1000000000000000000) must be less than 1000000000000000000"),
        ({"bounds": [0.5, 9]}, "bounds (0.5) must be a whole number"),
        ({"bounds": [0]}, "bounds ([0]) must be two values, like bounds = [0, 9]"),
        ({"bounds": [0, 1, 2]}, "bounds ([0, 1, 2]) must be two values, like bounds = [0, 9]"),
        (
            {"bins": 0},
            "bins (0) must be a whole number from 1 to 65,536, a list of edges, or { private_quantiles = 16 }",
        ),
        (
            {"bins": True},
            "bins (True) must be a whole number from 1 to 65,536, a list of edges, or { private_quantiles = 16 }",
        ),
        ({"bins": [5]}, "bins ([5]) must be at least two edges, the first and last being the bounds"),
        ({"bins": [0, 50, 20, 99]}, "bins ([0, 50, 20, 99]) must increase from edge to edge"),
        (
            {"bins": [0, 50]},
            "bounds ([0, 99]) must be the first and last edge of bins: leave bounds out or make them equal",
        ),
        ({"bins": {"private_quantiles": 1}}, "private_quantiles (1) must be at least 2"),
        (
            {"bins": {"private_quantile": 9}},
            "unknown key 'private_quantile': did you mean 'private_quantiles'? Known are 'private_quantiles', 'grid'",
        ),
        ({"bins": {"private_quantiles": 200}}, "private_quantiles (200) must be at most the 100 cells of the grid"),
        ({"bins": {"private_quantiles": 9, "grid": 8}}, "grid (8) must be at least private_quantiles (9)"),
        ({"outside": "missing"}, 'outside ("missing") needs nullable = true'),
        ({"outside": "drop"}, "outside ('drop') must be 'clamp' or 'missing'"),
        ({"nullable": "yes"}, "nullable ('yes') must be a boolean"),
        (
            {"bounds": [0, 10**6], "bins": MAX_CODES, "nullable": True},
            f"number of codes (65,537) must be at most {MAX_CODES:,}: use fewer bins or categories, "
            'or kind = "text" to leave the column out',
        ),
        (
            {"bound": [0, 9]},
            "unknown key 'bound': did you mean 'bounds'? Known are 'name', 'kind', 'note', 'unreviewed', 'nullable', "
            "'missing_values', 'bounds', 'bins', 'outside'",
        ),
        (
            {"kind": "integr"},
            "kind ('integr') is unknown: did you mean 'integer'? Known are 'categorical', 'boolean', 'integer', "
            "'real', 'date', 'datetime', 'key', 'text'",
        ),
        (
            {"kind": None},
            "kind is missing: add one of 'categorical', 'boolean', 'integer', 'real', 'date', 'datetime', "
            "'key', 'text'",
        ),
        (
            {"unreviewed": {"bounds": [0, 9]}},
            "bounds is given twice: remove unreviewed.bounds if the other is reviewed",
        ),
        ({"unreviewed": ["bounds"]}, "unreviewed must be a table of fields, like unreviewed.bounds = [0, 9]"),
        ({"note": "two\nlines"}, "note ('two\\nlines') must be one line of printable text"),
    ],
)
def test_columns(change, message):
    refuse({"columns": [{**AGE, **change}]}, f"column 'age': {message}")


def test_other_columns():
    no_bounds = {"name": "age", "kind": "integer"}
    refuse({"columns": [no_bounds]}, "column 'age': bounds is missing: add it")
    repeated = {**SEX, "categories": ["f", "m", "f"]}
    refuse({"columns": [repeated]}, "column 'sex': categories must not repeat (after NFC normalisation), but 'f' does")
    mixed = {**SEX, "categories": ["f", 1]}
    refuse(
        {"columns": [mixed]},
        "column 'sex': categories (['f', 1]) must be all text, all integers or all true/false; put quotes around them",
    )
    empty = {**SEX, "categories": []}
    refuse({"columns": [empty]}, "column 'sex': categories ([]) must be a list of at least one category")
    refuse({"columns": [{**SEX, "other": 1}]}, "column 'sex': other (1) must be of the categories' type")
    refuse({"columns": [{"kind": "key"}]}, "column number 1: name is missing: add it")
    refuse({"columns": ["age"]}, "column number 1 must be a table with a name and a kind")
    with pytest.raises(SchemaError, match=r"^bins \(5000\) must be fewer: floating point can't divide"):
        Real(name="r", bounds=(1e16, 1e16 + 64), bins=5000)
    with pytest.raises(SchemaError, match=r"must be less than 1\.8e308 apart"):
        Real(name="r", bounds=(-1.5e308, 1.5e308))
    with pytest.raises(SchemaError, match="must be a finite number"):
        Real(name="r", bounds=(0, float("inf")))
    with pytest.raises(SchemaError, match=r"^'2020-13-01' must be a date like 2019-12-31$"):
        Date(name="d", bounds=("2020-01-01", "2020-13-01"))
    with pytest.raises(SchemaError, match="must be a date with time like 2019-12-31T23:59:59"):
        DateTime(name="d", bounds=(date(2020, 1, 1), 7))
    with pytest.raises(SchemaError, match=r"^timezone \('Mars/Phobos'\) must be a zone like Europe/Madrid or UTC$"):
        DateTime(name="d", bounds=("2020-01-01", "2020-01-02"), timezone="Mars/Phobos")
    with pytest.raises(SchemaError, match="lone surrogate"):
        Categorical(name="c", categories=("\ud800",))
    assert PrivateQuantiles(private_quantiles=2).grid == 1024


def test_a_million_categories_are_refused_from_the_schema_alone():
    with pytest.raises(SchemaError) as error:
        Categorical(name="c", categories=tuple(map(str, range(1_000_000))))
    assert str(error.value) == (
        "number of categories (1,000,000) must be at most 65,536: group them, "
        'or use kind = "text" to leave the column out'
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"roles": {"protected": ["sx"]}},
            "roles.protected names 'sx', which is not a synthesised column: "
            "did you mean 'sex'? Known are 'age', 'sex', 'one'",
        ),
        (
            {"roles": {"protected": ["id"]}},
            "roles.protected names 'id', which is not a synthesised column: Known are 'age', 'sex', 'one'",
        ),
        (
            {"roles": {"protected": ["sex"], "outcome": ["sex"]}},
            "roles must not overlap, but 'sex' is in protected and outcome: keep it in one",
        ),
        (
            {"roles": {"protected": ["one"]}},
            "roles.protected names 'one', which has one value in the schema: "
            "list at least two or remove it from the roles",
        ),
        (
            {"roles": {"outcomes": ["age"]}},
            "roles: unknown key 'outcomes': did you mean 'outcome'? Known are 'protected', 'admissible', 'outcome'",
        ),
        ({"person": "id"}, "person and max_rows_per_person must be given together: add the other or remove both"),
        ({"person": "age", "max_rows_per_person": 2}, "person ('age') must name a column of kind = \"key\""),
        ({"expected_rows": 0}, "expected_rows (0) must be at least 1"),
        ({"format": 2}, "format (2) must be 1"),
        (
            {"expected_row": 5},
            "unknown key 'expected_row': did you mean 'expected_rows'? Known are 'format', "
            "'expected_rows', 'person', 'max_rows_per_person', 'missing_values', 'roles', 'zeros', 'dependencies', "
            "'columns'",
        ),
        ({"columns": [AGE, AGE]}, "columns must have different names, but 'age' repeats: rename or remove one"),
        (
            {"columns": [{"name": "id", "kind": "key"}]},
            "columns must hold at least one that is not a key or text: nothing is left to synthesise",
        ),
        ({"columns": []}, "columns must hold at least one that is not a key or text: nothing is left to synthesise"),
        ({"columns": None}, "columns are missing: add a [[columns]] table for each column"),
    ],
)
def test_schemas(change, message):
    refuse({"columns": [AGE, SEX, ONE, {"name": "id", "kind": "key"}], **change}, message)


def test_roles_describe():
    roles = Roles(protected=("sex",), outcome=("age",))
    schema = Schema(columns=(Integer(**AGE), Categorical(**SEX)), roles=roles)
    assert Schema.from_dict(schema.to_dict()).roles == roles


@pytest.mark.parametrize(("size", "shown"), [(0, "0"), (2.5, "2.5"), (True, "True")])
def test_domains(size, shown):
    with pytest.raises(SchemaError, match=re.escape(f"size of 'a' ({shown}) must be a whole number of at least 1")):
        Schema.from_domain({"a": size})


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["age"],
            "the table has no column 'id', 'sex': add it, or remove it from the schema; "
            "a CSV file must start with a line of column names",
        ),
        (
            ["age", "id", "sex", "pay"],
            "the schema has no column 'pay': remove it from the table, or declare it "
            '(kind = "text" leaves a column out of the synthetic table)',
        ),
        (["age", "id", "sex", "age"], "column 4 of the table repeats an earlier name: rename or remove one of them"),
    ],
)
def test_tables(names, message):
    schema = Schema(columns=(Integer(**AGE), Key(name="id"), Categorical(**SEX)))
    for given in (names, pa.schema([(name, pa.string()) for name in names])):
        with pytest.raises(DataError) as error:
            schema.check(given)
        assert str(error.value) == message
    schema.check(["id", "age", "sex"])


def test_lookups():
    schema = Schema(columns=(Integer(**AGE), Key(name="id")))
    with pytest.raises(SchemaError, match="no column 'ages' in the schema: did you mean 'age'"):
        schema.column("ages")
    with pytest.raises(SchemaError, match="column 'id' has no codes: its kind is 'key'"):
        schema.labels("id")
    with pytest.raises(SchemaError, match="codes are missing for column 'age'"):
        schema.decode({}, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"columns = 3", "columns are missing"),
        (b"a = ", "is not TOML: "),
        (b"\xff", "is not UTF-8 text"),
        (
            b'[[columns]]\nname = "a"\nkind = "integer"\nbounds = [0, 9]  # REVIEW: taken from the data\n',
            "line 4 of schema file .* says '# REVIEW: taken from the data' but is not marked: "
            'remove the comment if the value is reviewed, else put "unreviewed." before the key',
        ),
    ],
)
def test_files(tmp_path, content, message):
    path = tmp_path / "schema.toml"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=message):
        Schema.load(path)
    with pytest.raises(SchemaError, match="can't be read: No such file"):
        Schema.load(tmp_path / "none.toml")
