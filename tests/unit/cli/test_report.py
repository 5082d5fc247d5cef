"""``fairshare report`` and ``synth --report``: pages for everybody."""

import json
from pathlib import Path
from typing import Any

import pytest


def test_a_page_and_a_card(run: Any, release: Path, tmp_path: Path) -> None:
    page, card = tmp_path / "new" / "page.html", tmp_path / "card.md"
    ran = run("report", release, "-o", page, "--card", card)
    assert (ran.code, ran.err) == (0, "")
    assert "it may be published" in ran.out
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert card.read_text(encoding="utf-8").startswith("# A synthetic table of ")


def test_json_is_the_page_s_data(run: Any, release: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    told = run("report", release, "-o", page, "--json").document
    text = page.read_text(encoding="utf-8")
    inside = text.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    assert json.loads(inside) == told
    assert told["private"] is False


def test_synth_writes_both(synth: Any, run: Any, tmp_path: Path) -> None:
    out, page = tmp_path / "made.csv", tmp_path / "page.html"
    told = synth("-o", out, "--report", page, "--json").document
    assert (told["report"], told["card"]) == (str(page), str(tmp_path / "made.card.md"))
    again = tmp_path / "again.html"
    assert run("report", tmp_path / "made.release", "-o", again, "-q").code == 0
    assert again.read_bytes() == page.read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "page.txt"], "-o ('page.txt') must be a file that ends in .html"),
        (["-o", "page.html", "--card", "card.html"], "--card ('card.html') must be a file that ends in .md"),
    ],
)
def test_refused(options: list[str], message: str, run: Any, release: Path) -> None:
    ran = run("report", release, *options)
    assert (ran.code, ran.err) == (2, f"error: {message}\n")


def test_a_bad_page_is_refused_before_anything_is_spent(synth: Any, tmp_path: Path) -> None:
    ran = synth("-o", tmp_path / "made.csv", "--report", tmp_path / "page.pdf")
    assert ran.code == 2
    assert not (tmp_path / "made.csv").exists()
    assert not (tmp_path / "made.release").exists()
