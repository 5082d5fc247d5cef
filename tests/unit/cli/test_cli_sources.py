"""What ``synth`` reads besides one file: many files, and addresses of databases."""

from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv


def test_a_pattern_of_files_is_scanned(run: Any, data: Path, schema: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    header, *rows = data.read_text(encoding="utf-8").splitlines(keepends=True)
    for i in range(3):
        (folder / f"{i}.csv").write_text(header + "".join(rows[100 * i : 100 * i + 100]), encoding="utf-8")
    out = tmp_path / "made.csv"
    ran = run("synth", folder / "*.csv", "--schema", schema, "--epsilon", 20, "--rows", 30, "-o", out)
    assert ran.code == 0, ran.err
    assert "read" in ran.err
    assert pa_csv.read_csv(out).num_rows == 30


def test_a_table_belongs_to_a_database(run: Any, data: Path, schema: Path, tmp_path: Path) -> None:
    options = ["--schema", schema, "--epsilon", 1, "-o", tmp_path / "made.csv"]
    ran = run("synth", data, "--table", "t", *options)
    assert ran.code == 2
    assert "--table ('t') must be left out where DATA is a file" in ran.err
    ran = run("synth", "postgresql://nobody:hidden@127.0.0.1:1/db", *options)
    assert ran.code == 2
    assert "--table NAME" in ran.err
    ran = run("synth", "duckdb:nowhere.db", "--table", "t", *options)
    assert ran.code == 2


def test_a_database_out_of_reach_costs_nothing(run: Any, schema: Path, tmp_path: Path) -> None:
    out = tmp_path / "made.csv"
    address = "postgresql://nobody:hidden@127.0.0.1:1/db"
    ran = run("synth", address, "--table", "t", "--schema", schema, "--epsilon", 1, "-o", out)
    assert ran.code == 6
    assert "nothing was spent" in ran.err
    assert "hidden" not in ran.err + ran.out
    assert not out.exists()
