"""The screen: safe text, plain where there is no terminal; progress that ends."""

import datetime as dt
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from fairshare.cli.console import Screen, clean
from fairshare.cli.outputs import dated_folder
from fairshare.cli.progress import watching
from fairshare.mechanisms import Step


@given(st.text())
def test_clean_text_can_be_printed_anywhere(text: str) -> None:
    safe = clean(text + "\x1b[2J\ud800")
    assert all(character.isprintable() or character == "\n" for character in safe)
    safe.encode("utf-8")


@given(st.text(st.characters(categories=("L", "N", "P"))))
def test_clean_leaves_words_alone(text: str) -> None:
    assert clean(text) == text


def test_a_document_is_ascii_and_finite(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(json=True)
    screen.document({"name": "größe \udcff"})
    assert capsys.readouterr().out.isascii()
    with pytest.raises(ValueError, match="not JSON compliant"):
        screen.document({"figure": float("nan")})


def _steps() -> list[Step]:
    fitting = [Step(phase="fit", done=i, parts=1000, spent=1.0) for i in range(40)]
    return [Step(phase="read", done=2, parts=2, spent=0.0), Step(phase="measure", done=1, parts=1, spent=0.5), *fitting]


def test_bars_on_a_terminal() -> None:
    screen, stream = Screen(), StringIO()
    screen.__dict__["err"] = Console(file=stream, force_terminal=True, width=100, color_system=None)
    with watching(screen) as progress:
        for step in _steps():
            progress(step)
    shown = stream.getvalue()
    assert "✓ read" in shown
    assert "39/1000" in shown
    assert "budget spent  50%" in shown


def test_a_long_phase_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr("fairshare.cli.progress.time.monotonic", lambda: float(next(clock)))
    with watching(Screen()) as progress:
        for step in _steps():
            progress(step)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:3] == ["read (budget spent 0%)", "measure (budget spent 50%)", "fit (budget spent 100%)"]
    assert lines[3] == "fit 4/1000 (budget spent 100%)"
    assert len(lines) == 12


def test_dated_folders_do_not_collide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = SimpleNamespace(now=lambda: dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC))
    monkeypatch.setattr("fairshare.cli.outputs.dt", SimpleNamespace(datetime=stopped))
    names = []
    for _ in range(3):
        folder = dated_folder(tmp_path)
        folder.mkdir()
        names.append(folder.name)
    assert names[1:] == [f"{names[0]}-2", f"{names[0]}-3"]
    assert names[0].startswith("fairshare-2026-01-0")
