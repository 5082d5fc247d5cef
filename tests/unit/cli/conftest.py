"""A small credit table, its reviewed schema, a release of it, and a way to run commands in this process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairshare.cli import main

SCHEMA = """\
format = 1

[[columns]]
name = "age"
kind = "integer"
bounds = [18, 80]
bins = 4

[[columns]]
name = "sex"
kind = "categorical"
categories = ["Female", "Male"]

[[columns]]
name = "city"
kind = "categorical"
categories = ["Ulm", "Bonn", "=1+1"]
other = "elsewhere"
nullable = true
"""


@dataclass(frozen=True)
class Ran:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout; anything else there fails."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "credit.toml"
    path.write_text(SCHEMA, encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    sex = rng.choice(["Female", "Male"], 300, p=[0.3, 0.7])
    city = np.where(sex == "Male", "Ulm", rng.choice(["Bonn", "=1+1", ""], 300))
    lines = [f"{age},{s},{c}" for age, s, c in zip(rng.integers(18, 80, 300), sex, city, strict=True)]
    path = tmp_path / "credit.csv"
    path.write_text("age,sex,city\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def synth(run: Run, data: Path, schema: Path) -> Run:
    """``fairshare synth`` on the small table at epsilon 1, with further options (a repeated option's last wins)."""
    return partial(run, "synth", data, "--schema", schema, "--epsilon", 1)


@pytest.fixture
def release(synth: Run, tmp_path: Path) -> Path:
    assert synth("--epsilon", 5, "-o", tmp_path / "made.csv", "-q").code == 0
    return tmp_path / "made.release"
