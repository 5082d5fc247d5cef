"""Bad input, row by row: exit code 2, a pinned message without any cell, and no release."""

import re
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pytest

GOOD = "age,sex,city\n20,Female,Ulm\n30,Male,Bonn\n40,Female,=1+1\n"
CANARY = "Erika4711"


def _synth(run: Any, folder: Path, content: str | bytes, schema: Path, *options: object) -> Any:
    data = folder / "in.csv"
    data.write_bytes(content if isinstance(content, bytes) else content.encode())
    return run("synth", data, "--schema", schema, "--delta", 1e-9, "-o", folder / "out.csv", *options)


STRUCTURE = {
    "ragged row": (
        f"age,sex,city\n20,Female,Ulm\n{CANARY},30\n",
        "row 3 of IN has 2 cells, but the header has 3: mend the row, or put quotes around cells that hold commas "
        "(row 1 is the header; empty lines don't count)",
    ),
    "unclosed quote": (
        f'age,sex,city\n20,Female,"{CANARY}\n30,Male,Bonn\n',
        'IN ends inside a quoted cell: find the cell whose closing " is missing',
    ),
    "empty file": ("", "IN is empty: it needs a header of column names, even with no rows"),
    "semicolons": (
        GOOD.replace(",", ";"),
        "the header of IN is separated by semicolons: save the file with commas",
    ),
    "tabs": (GOOD.replace(",", "\t"), "the header of IN is separated by tabs: save the file with commas"),
    "duplicate column": (
        f"age,sex,sex\n1,Female,{CANARY}\n",
        "the header of IN names column 3 as an earlier one: rename or remove it",
    ),
    "missing column": (
        f"age,sex\n1,{CANARY}\n",
        "the table has no column 'city': add it, or remove it from the schema",
    ),
    "extra column": (
        f"age,sex,city,name\n1,Female,Ulm,{CANARY}\n",
        "the schema has no column 'name': remove it from the table, or declare it "
        '(kind = "text" leaves a column out of the synthetic table)',
    ),
    "UTF-16": (GOOD.encode("utf-16"), "IN is UTF-16 text: save it as UTF-8"),
    "path-like column": (
        f"age,sex,city,../../etc/passwd\n1,Female,Ulm,{CANARY}\n",
        "the schema has no column '../../etc/passwd': remove it from the table",
    ),
}


@pytest.mark.parametrize("case", STRUCTURE)
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_structure(case: str, flags: list[str], run: Any, schema: Path, tmp_path: Path) -> None:
    content, message = STRUCTURE[case]
    ran = _synth(run, tmp_path, content, schema, "--epsilon", 1, *flags)
    assert ran.code == 2
    told = ran.document["error"]["message"] if flags else ran.err
    assert message.replace("IN", repr(str(tmp_path / "in.csv"))) in told
    assert CANARY not in ran.out + ran.err
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "credit.toml"}


EPSILON = "must be above 0 and at most 64; 0.1 to 10 is usual, smaller is more private"
DELTA = "must be between 5e-20 and 1 (exclusive); choose it far below one over the number of rows"


@pytest.mark.parametrize(
    ("epsilon", "delta", "message"),
    [
        ("0", "1e-9", f"epsilon (0.0) {EPSILON}"),
        ("-1", "1e-9", f"epsilon (-1.0) {EPSILON}"),
        ("nan", "1e-9", f"epsilon (nan) {EPSILON}"),
        ("inf", "1e-9", f"epsilon (inf) {EPSILON}"),
        ("1e-9", "1e-9", "epsilon (1e-09) must be large enough for a budget of rho 1e-9"),
        ("1", "0", f"delta (0.0) {DELTA}"),
        ("1", "1", f"delta (1.0) {DELTA}"),
        ("1", "nan", f"delta (nan) {DELTA}"),
    ],
)
def test_promises(epsilon: str, delta: str, message: str, synth: Any, tmp_path: Path) -> None:
    for flags in ([], ["--dry-run"]):
        ran = synth("--epsilon", epsilon, "--delta", delta, "-o", tmp_path / "out.csv", *flags)
        assert ran.code == 2
        assert ran.err.startswith(f"error: {message}")
        assert not (tmp_path / "out.release").exists()


def test_a_budget_below_every_step_is_refused_with_its_own_code(run: Any, schema: Path, tmp_path: Path) -> None:
    ran = _synth(run, tmp_path, GOOD, schema, "--epsilon", 2e-4)
    assert ran.code == 4
    assert ran.err.endswith("raise epsilon, or ask for fewer steps\n")
    assert not (tmp_path / "out.release").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows", "-1"], "rows (-1) must be an integer between 0 and 10000000000"),
        (["--seed", "-1"], "seed (-1) must be an integer of at least 0"),
        (["--relation", "bounded"], "relation ('bounded') must be one of add-remove, replace-one"),
    ],
)
def test_options(options: list[str], message: str, run: Any, schema: Path, tmp_path: Path) -> None:
    ran = _synth(run, tmp_path, GOOD, schema, "--epsilon", 1, *options)
    assert (ran.code, ran.err) == (2, f"error: {message}\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("bins = 4", "bims = 4"), "unknown key 'bims'"),
        (('name = "sex"', 'name = "age"'), "columns must have different names, but 'age' repeats"),
        (("format = 1", "format = 1\nexpected_rows = 2000000000"), "must be below 1/expected_rows"),
        (
            ("format = 1", 'format = 1\n[roles]\nprotected = ["sex"]\noutcome = ["sex"]'),
            "roles must not overlap, but 'sex' is in protected and outcome: keep it in one",
        ),
        (
            ("format = 1", 'format = 1\n[roles]\nprotected = ["gender"]'),
            "roles.protected names 'gender', which is not a synthesised column",
        ),
        (
            ('["Female", "Male"]', '["Female"]\n[roles]\nprotected = ["sex"]'),
            "roles.protected names 'sex', which has one value in the schema",
        ),
    ],
)
def test_schemas(change: tuple[str, str], message: str, run: Any, schema: Path, tmp_path: Path) -> None:
    schema.write_text(schema.read_text().replace(*change))
    if "[roles]" in change[1] and "Female" in change[1]:  # a table can't stand inside [[columns]]
        text = schema.read_text().replace('\n[roles]\nprotected = ["sex"]', "")
        schema.write_text(text + '\n[roles]\nprotected = ["sex"]\n')
    ran = _synth(run, tmp_path, GOOD, schema, "--epsilon", 1)
    assert ran.code == 2
    assert message in ran.err


@pytest.mark.parametrize("missing", ["in.csv", "credit.toml"])
def test_files_that_are_not_there(missing: str, run: Any, schema: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(GOOD)
    (tmp_path / missing).unlink()
    ran = run("synth", tmp_path / "in.csv", "--schema", schema, "--epsilon", 1, "-o", tmp_path / "o.csv")
    assert ran.code == 2
    assert re.search(rf"{missing}' can't be read: No such file or directory", ran.err)


VALUES = {
    "BOM": "\ufeff" + GOOD,
    "zero rows": "age,sex,city\n",
    "one row": "age,sex,city\n20,Female,Ulm\n",
    "all missing": "age,sex,city\n" + ",,\n" * 5,
    "no numbers": "age,sex,city\nnan,Female,Ulm\ninf,Male,Bonn\n-inf,x,y\n",
    "beyond 2^53": f"age,sex,city\n{2**60},Female,Ulm\n{10**400},Male,Bonn\n",
    "unknown categories": f"age,sex,city\n20,{CANARY},{CANARY}\n",
    "a long cell": f"age,sex,city\n20,Female,{CANARY * 100_000}\n",
}


@pytest.mark.parametrize("case", VALUES)
def test_values_never_stop_a_run_nor_show(case: str, run: Any, schema: Path, tmp_path: Path) -> None:
    ran = _synth(run, tmp_path, VALUES[case], schema, "--epsilon", 1)
    assert ran.code == 0, ran.err
    assert (tmp_path / "out.release/ledger.json").is_file()
    written = (tmp_path / "out.csv").read_text()
    assert CANARY not in ran.out + ran.err + written
    assert pa_csv.read_csv(tmp_path / "out.csv").column_names == ["age", "sex", "city"]


def test_formulas_are_escaped_on_the_way_out(run: Any, schema: Path, tmp_path: Path) -> None:
    assert _synth(run, tmp_path, GOOD, schema, "--epsilon", 1, "--rows", 300).code == 0
    cities = {line.rsplit(",", 1)[1] for line in (tmp_path / "out.csv").read_text().splitlines()}
    assert cities <= {"city", "Ulm", "Bonn", "'=1+1", "elsewhere", ""}
    assert not any(city.startswith("=") for city in cities)
