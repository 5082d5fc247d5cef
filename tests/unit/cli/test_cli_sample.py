"""``fairshare sample``: more rows, some of them fixed, from a release that nobody has touched."""

from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest


def test_more_rows(run: Any, release: Path, tmp_path: Path) -> None:
    ran = run("sample", release, "--rows", 1234, "--seed", 5, "-o", tmp_path / "more.csv")
    assert ran.code == 0
    assert ran.out == f"1,234 rows in {tmp_path / 'more.csv'}; no privacy was spent\n"
    assert pa_csv.read_csv(tmp_path / "more.csv").num_rows == 1234


def test_a_seed_repeats(run: Any, release: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert run("sample", release, "--rows", 200, "--seed", seed, "-o", tmp_path / f"{name}.csv", "-q").out == ""
    texts = {name: (tmp_path / f"{name}.csv").read_text() for name in "abc"}
    assert texts["a"] == texts["b"] != texts["c"]


def test_given(run: Any, release: Path, tmp_path: Path) -> None:
    out = tmp_path / "women.parquet"
    arguments = ("--given", "sex=Female", "--given", "city==1+1", "-o", out, "--json")
    told = run("sample", release, "--rows", 40, *arguments).document
    assert told["given"] == {"sex": "Female", "city": "=1+1"}
    table = pq.read_table(out)
    assert set(table["sex"].to_pylist()) == {"Female"}
    assert set(table["city"].to_pylist()) == {"=1+1"}
    assert table.num_rows == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--given", "sex"], "given ('sex') must be COLUMN=LABEL, such as --given sex=Female"),
        (["--given", "sex=Male", "--given", "sex=Female"], "given names column 'sex' twice; give it one label"),
        (["--given", "gender=Male"], "given column 'gender' is not synthesised; there are ['age', 'sex', 'city']"),
        (["--given", "sex=X"], "given value of 'sex' must be one of the schema's labels: ['Female', 'Male']"),
        (["--seed", "-1"], "seed (-1) must be an integer of at least 0"),
        (["--rows", "-1"], "rows (-1) must be an integer between 0 and 10000000000"),
    ],
)
def test_refused(options: list[str], message: str, run: Any, release: Path, tmp_path: Path) -> None:
    ran = run("sample", release, "--rows", 5, *options, "-o", tmp_path / "more.csv")
    assert (ran.code, ran.err) == (2, f"error: {message}\n")
    assert not (tmp_path / "more.csv").exists()


def test_no_release(run: Any, tmp_path: Path) -> None:
    ran = run("sample", tmp_path, "--rows", 5, "-o", tmp_path / "more.csv")
    assert ran.code == 2
    assert "holds no release.json; give the folder that synth wrote (OUT.release)" in ran.err


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("model.npz", b"PK", b"KP"),
        ("certificate.json", b'"epsilon": 5', b'"epsilon": 1'),
        ("ledger.json", b'"nano_rho": ', b'"nano_rho": 1'),
        ("release.json", b'"Female"', b'"Femme"'),
        ("release.json", b'"rows": ', b'"rows": -'),
        ("release.json", b"{", b"["),
    ],
)
def test_a_tampered_release(name: str, old: bytes, new: bytes, run: Any, release: Path) -> None:
    before = (release / name).read_bytes()
    assert old in before
    (release / name).write_bytes(before.replace(old, new, 1))
    out = release.with_name("more.csv")
    ran = run("sample", release, "--rows", 5, "-o", out, "--json")
    assert ran.code == ran.document["exit_code"] == 5
    assert ran.document["error"]["type"] == "IntegrityError"
    assert not out.exists()
