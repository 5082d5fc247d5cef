"""``fairshare schema``: a draft that asks for review, and a check that never repeats a value."""

import json
from pathlib import Path
from typing import Any

import pytest

from fairshare import Schema


def test_init_drafts_and_says_what_to_review(run: Any, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "draft.toml"
    ran = run("schema", "init", data, "-o", out)
    assert ran.code == 0, ran.err
    drafted = Schema.load(out)
    assert [column.name for column in drafted.columns] == ["age", "sex", "city"]
    assert "# REVIEW: taken from the data" in out.read_text()
    for words in ("Why review", "the smallest and the largest value belong to two persons", "a rare category"):
        assert words in ran.out
    assert f"fairshare schema check {out} {data}" in ran.out
    # The file holds values of the table; the screen, which is scrolled and copied, does not.
    for value in ("Ulm", "Bonn", "Female", "=1+1"):
        assert value not in ran.out + ran.err


def test_init_in_json(run: Any, data: Path, tmp_path: Path) -> None:
    told = run("schema", "init", data, "-o", tmp_path / "draft.toml", "--json").document
    assert told["reviewed"] is False
    assert "sex.categories" in told["unreviewed"]
    assert {column["name"]: column["codes"] for column in told["columns"]}["sex"] == 2


def test_init_does_not_overwrite_a_review(run: Any, data: Path, schema: Path) -> None:
    before = schema.read_text()
    ran = run("schema", "init", data, "-o", schema)
    assert ran.code == 2
    assert ran.err == (
        f"error: -o ({str(schema)!r}) exists, and may hold a review; name another file, or pass --force\n"
    )
    assert schema.read_text() == before
    assert run("schema", "init", data, "-o", schema, "--force").code == 0
    assert schema.read_text() != before


def test_init_never_overwrites_the_data(run: Any, data: Path) -> None:
    before = data.read_bytes()
    assert run("schema", "init", data, "-o", data, "--force").code == 2
    assert data.read_bytes() == before


def test_init_of_a_broken_file_writes_nothing(run: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1\n")
    assert run("schema", "init", tmp_path / "bad.csv", "-o", tmp_path / "s.toml").code == 2
    assert not (tmp_path / "s.toml").exists()


def test_check_lists_columns_and_sizes(run: Any, schema: Path) -> None:
    ran = run("schema", "check", schema)
    assert (ran.code, ran.err) == (0, "")
    assert "The schema is valid." in ran.out
    told = run("schema", "check", schema, "--json").document
    assert [(column["name"], column["codes"]) for column in told["columns"]] == [("age", 4), ("sex", 2), ("city", 5)]
    assert told["valid"] is told["reviewed"] is True


def test_check_names_what_is_not_reviewed(run: Any, schema: Path) -> None:
    schema.write_text(schema.read_text().replace("bounds =", "unreviewed.bounds =", 1))
    ran = run("schema", "check", schema)
    assert ran.code == 0
    assert ran.err == "warning: not reviewed, so synth will refuse it: age.bounds\n"


def test_check_with_data_looks_at_the_structure_only(run: Any, schema: Path, data: Path) -> None:
    ran = run("schema", "check", schema, data)
    assert ran.code == 0
    assert "the structure of the table fits it" in ran.out
    data.write_text("age,sex\n999,Erika4711\n")
    misfit = run("schema", "check", schema, data)
    assert misfit.code == 2
    assert "the table has no column 'city'" in misfit.err
    data.write_text("age,sex,city\n999,Erika4711,Erika4711\n")
    unknown = run("schema", "check", schema, data)
    assert unknown.code == 0
    assert "Erika4711" not in unknown.out + unknown.err


@pytest.mark.parametrize("text", ["not toml", "", "format = 1", "format = 9\ncolumns = []"])
def test_check_refuses_what_is_no_schema(text: str, run: Any, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(text)
    ran = run("schema", "check", tmp_path / "s.toml", "--json")
    assert ran.code == ran.document["exit_code"] == 2
    assert ran.document["error"]["type"] == "SchemaError"


def test_names_can_not_steer_the_terminal(run: Any, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('format = 1\n[[columns]]\nname = "a\\u001b[31m[red]b"\nkind = "boolean"\n')
    ran = run("schema", "check", tmp_path / "s.toml")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "a\\x1b[31m[red]b" in ran.out


def test_export_and_init_by_way_of_sdv(run: Any, schema: Path, data: Path, tmp_path: Path) -> None:
    metadata, out = tmp_path / "metadata.json", tmp_path / "again.toml"
    told = run("schema", "export", schema, "--sdv", metadata, "--sdv-version", "V2", "--json").document
    assert json.loads(metadata.read_text()) == told["metadata"]
    assert run("schema", "init", "--from-sdv", metadata, "-o", out).code == 0
    assert Schema.load(out).column("age").bounds == (18, 80)
    assert set(Schema.load(out).unreviewed) >= {"age.bounds", "sex.categories"}
    synth = run("synth", data, "--schema", out, "--epsilon", 1, "-o", tmp_path / "o.csv")
    assert synth.code == 2
    assert "nobody has reviewed" in synth.err


def test_init_from_sdv_alone_leaves_gaps(run: Any, schema: Path, data: Path, tmp_path: Path) -> None:
    metadata, out = tmp_path / "metadata.json", tmp_path / "again.toml"
    assert run("schema", "export", schema, "--sdv", metadata).code == 0
    told = run("schema", "init", "--from-sdv", metadata, "-o", out, "--json").document
    assert told["gaps"] == ["age.bounds", "sex.categories", "city.categories"]
    assert run("schema", "check", out).code == 2
    with_data = run("schema", "init", data, "--from-sdv", metadata, "-o", out, "--force", "--json").document
    assert with_data["reviewed"] is False
    assert {column["name"]: column["codes"] for column in with_data["columns"]}["sex"] == 2


def test_export_never_overwrites(run: Any, schema: Path, tmp_path: Path) -> None:
    taken = tmp_path / "metadata.json"
    taken.write_text("mine")
    assert run("schema", "export", schema, "--sdv", taken).code == 2
    assert run("schema", "export", schema, "--sdv", schema, "--force").code == 2
    assert taken.read_text() == "mine"


def test_init_of_nothing(run: Any, tmp_path: Path) -> None:
    assert "DATA must be given" in run("schema", "init", "-o", tmp_path / "s.toml").err


def test_check_tells_the_holder_which_cells_are_not_in_the_schema(run, tmp_path):
    """They would silently become the first category, false, or the first bin; the document holds no such count."""
    (tmp_path / "s.toml").write_text(
        "format = 1\n"
        '[[columns]]\nname = "ward"\nkind = "categorical"\ncategories = ["A", "B"]\n'
        '[[columns]]\nname = "ill"\nkind = "boolean"\n'
        '[[columns]]\nname = "age"\nkind = "integer"\nbounds = [0, 99]\nnullable = true\n'
        '[[columns]]\nname = "fine"\nkind = "categorical"\ncategories = ["x"]\nother = "y"\nnullable = true\n'
    )
    rows = ["A,yes,5,x", "Z,ja,200,x", ",,,", "B,no,old,x"]
    (tmp_path / "t.csv").write_text("ward,ill,age,fine\n" + "\n".join(rows) + "\n")
    ran = run("schema", "check", str(tmp_path / "s.toml"), str(tmp_path / "t.csv"))
    told = " ".join(ran.err.split())
    assert "ward: 2 of 4 cells are not in the schema; they become A" in told
    assert "ill: 2 of 4 cells are not in the schema; they become false" in told
    assert "age: 2 of 4 cells are not in the schema; they become (missing) or the nearest bin" in told
    assert "fine:" not in told
    json = run("schema", "check", str(tmp_path / "s.toml"), str(tmp_path / "t.csv"), "--json")
    assert "of 4" not in json.out
