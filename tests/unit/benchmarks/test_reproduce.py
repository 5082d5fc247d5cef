"""The machinery of ``make reproduce``: what is finished is not run again, what is downloaded is checked."""

import json
import time
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

_BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(_BENCHMARKS))
    return import_module("cells")


def test_a_finished_cell_is_found_whatever_the_order_of_its_settings(cells: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "cells.jsonl"
    cells.Store(path).add({"table": "adult", "sample": 0}, {"error": 0.25})
    again = cells.Store(path)
    assert {"sample": 0, "table": "adult"} in again
    assert {"sample": 1, "table": "adult"} not in again
    assert again.of([{"sample": 1, "table": "adult"}, {"sample": 0, "table": "adult"}]) == [{"error": 0.25}]


def test_another_version_of_the_package_runs_again(
    cells: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = cells.Store(tmp_path / "cells.jsonl")
    store.add({"sample": 0}, 1)
    monkeypatch.setattr(cells, "__version__", "of tomorrow")
    assert {"sample": 0} not in cells.Store(tmp_path / "cells.jsonl")


def test_half_a_line_of_a_killed_run_is_left_out(cells: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "cells.jsonl"
    cells.Store(path).add({"sample": 0}, 1)
    whole = path.read_text()
    path.write_text(whole + whole[: len(whole) // 2])
    store = cells.Store(path)
    assert store.of([{"sample": 0}]) == [1]
    store.add({"sample": 1}, 2)
    assert cells.Store(path).of([{"sample": 0}, {"sample": 1}]) == [1, 2]


def test_fill_runs_what_is_missing_and_begins_nothing_after_the_deadline(cells: ModuleType, tmp_path: Path) -> None:
    wanted = [{"n": n} for n in range(4)]
    store = cells.Store(tmp_path / "cells.jsonl")
    store.add(wanted[0], "kept")
    assert not cells.fill("late", store, wanted, json.dumps, time.monotonic() - 1)
    assert store.of(wanted) == ["kept"]
    assert cells.fill("in time", store, wanted, json.dumps, time.monotonic() + 60)
    assert store.of(wanted) == ["kept", *(json.dumps(cell) for cell in wanted[1:])]


def test_a_download_is_checked_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(_BENCHMARKS))
    downloads = import_module("downloads")
    source = tmp_path / "source.csv"
    source.write_text("a\n1\n")
    right = downloads.Download("t.csv", source.as_uri(), sha256(b"a\n1\n").hexdigest())
    assert downloads.obtain(right, tmp_path / "data").read_text() == "a\n1\n"
    source.unlink()
    assert downloads.obtain(right, tmp_path / "data").exists()  # from the folder
    (tmp_path / "data/t.csv").write_text("a\n2\n")
    with pytest.raises(SystemExit, match="SHA-256"):
        downloads.obtain(right, tmp_path / "data")


def test_the_verdict_names_a_missed_target_and_an_unfair_tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(_BENCHMARKS))
    cells, plan, verdict = (import_module(m) for m in ("cells", "prefair.plan", "prefair.verdict"))
    small = plan.Plan((1.0,), {"adult": 1}, judged=1)
    store = cells.Store(tmp_path / "cells.jsonl")
    for cell in small.cells():
        targets = {m: verdict.TARGETS.get(("adult", cell["mechanism"], 1.0, m)) for m in ("tvd_1", "tvd_2", "acd")}
        store.add(cell, {**{m: t.mean if t else 0.0 for m, t in targets.items()}, "fair": True, "tree": []})
    assert verdict.judge(plan.Results(small, store)).ok
    greedy = next(c for c in small.cells() if c["mechanism"] == "Greedy" and c["estimator"] == "as published")
    [good] = store.of([greedy])
    store.add(greedy, {**good, "tvd_2": good["tvd_2"] * 1.5, "fair": False})
    found = verdict.judge(plan.Results(small, store))
    assert [line.split(" TVD")[0] for line in found.missed] == ["adult 1 Greedy"]
    assert found.unfair == ("adult 1 Greedy",)
    assert not found.ok


def test_a_shifted_mean_is_told_from_chance_and_a_repeated_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(_BENCHMARKS))
    chance = import_module("chance")
    rng = np.random.default_rng(1)
    here, again = (chance.Sample.of(list(rng.normal(1, 0.1, 20))) for _ in range(2))
    apart = chance.Sample.of(list(rng.normal(1.3, 0.1, 20)))
    found = chance.compare([("same", here, again), ("shifted", apart, here), ("short", here, chance.Sample.of([1.0]))])
    assert found.tested == 2
    assert list(found.apart) == ["shifted"]
    assert found.apart["shifted"] > 5
    assert str(found).startswith("1 of 2 figures are equal but for chance. Not: shifted (+")
