"""``fairshare demo``: public data, real files, honest figures."""

from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv

from fairshare import Release


def test_demo(run: Any, tmp_path: Path) -> None:
    ran = run("demo", "-o", tmp_path / "tour", "--json")
    assert ran.code == 0, ran.err
    told = ran.document
    assert {path.name for path in (tmp_path / "tour").iterdir()} == {"synthetic.csv", "synthetic.release"}
    loaded = Release.load(tmp_path / "tour/synthetic.release")
    assert loaded.certificate["privacy"]["epsilon"] == 1
    assert loaded.certificate["privacy"]["delta"] == 1e-9
    assert pa_csv.read_csv(tmp_path / "tour/synthetic.csv").num_rows == told["rows"]
    # MST keeps the tree's dependences: pairs are nearer to the real ones than columns shuffled apart are.
    quality = told["quality"]
    assert quality["tvd_1"] < 0.02
    assert quality["tvd_2"] < 0.75 * quality["tvd_2_of_independent_columns"]
    assert len(quality["per_column"]) == 15
    assert set(quality["shares"]) == {"all", "women", "men"}
    for words in ("Total variation distance", "capital-gain", "Who earns more than 50K?", "synthetic.csv"):
        assert words in ran.err


def test_demo_refuses_a_file_as_folder(run: Any, tmp_path: Path) -> None:
    (tmp_path / "tour").write_text("")
    ran = run("demo", "-o", tmp_path / "tour")
    assert ran.code == 2
    assert "must be a folder, and is a file" in ran.err
