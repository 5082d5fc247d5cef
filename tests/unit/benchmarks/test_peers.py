"""The benchmark against the field: it resumes, measures and reports what ended badly as such."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks.peers.chart import chart
from benchmarks.peers.field import ENTRIES, LIBRARIES
from benchmarks.peers.report import page
from benchmarks.peers.store import Store, settled
from benchmarks.peers.trial import reason, run

MST = "mbi: MST"
SCORES = {"tvd_1": 0.01, "tvd_2": 0.05, "tvd_3": 0.1} | {
    f"{c}.{m}": 0.8 for c in ("logistic_regression", "random_forest") for m in ("accuracy", "auc", "dp")
}


def record(entry, run=0, status="ok", **more):
    costs = {"cpu_s": 100.0, "wall_s": 200.0, "peak_mb": 300.0, "limit_s": 900, "error": "", "date": "2026-11-22"}
    return {"entry": entry, "run": run, "status": status, **costs, "scores": SCORES, **more}


def real():
    codes = {"sex": np.zeros(4, int), "income": np.zeros(4, int)}
    schema = SimpleNamespace(sizes={"sex": 2, "income": 2})
    return SimpleNamespace(
        title="a table", rows=4, unseen=codes, schema=schema, outcome="income", protected="sex", name="t"
    )


def page_of(store):
    return page(real(), store, epsilon=1.0, delta=1e-9, max_cells=10_000)


def row(text, library, mechanism):
    return next(line for line in text.splitlines() if line.startswith(f"| {library} | {mechanism} "))


def test_finished_runs_are_found_again_and_a_line_cut_short_is_not(tmp_path):
    store = Store.open(tmp_path / "deep" / "t.jsonl")
    store.add(record(MST, cpu_s=1.0))
    store.add(record(MST, run=1))
    store.add(record(MST, cpu_s=2.0))  # done again: the last one counts
    with store.file.open("a") as out:
        out.write(json.dumps(record(MST, run=2))[:-9])
    again = Store.open(store.file)
    assert [(r["run"], r["cpu_s"]) for r in again.of(MST)] == [(0, 2.0), (1, 100.0)]


@pytest.mark.parametrize(
    ("status", "limit", "retry", "expected"),
    [
        ("ok", 10_000, True, True),
        ("limit", 900, True, True),
        ("limit", 901, False, False),
        ("failed", 10_000, False, True),
        ("failed", 900, True, False),
    ],
)
def test_only_what_may_come_out_otherwise_is_run_again(status, limit, retry, expected):
    assert settled(record(MST, status=status), limit, retry=retry) is expected


def test_what_was_never_run_is_due():
    assert not settled(None, 900, retry=False)


def test_the_page_states_means_ratios_and_what_did_not_finish(tmp_path):
    store = Store.open(tmp_path / "t.jsonl")
    store.add(record("fairshare: MST", cpu_s=2.0))
    store.add(record(MST, cpu_s=100.0, versions="mbi 2.0.0"))
    store.add(record(MST, run=1, cpu_s=300.0, scores={**SCORES, "tvd_2": 0.07}))
    store.add(record("dpmm: MST", status="limit", limit_s=600, scores=None))
    store.add(record("opendp: MST", status="failed", error="insufficient budget"))
    text = page_of(store)
    assert "| 2 | 200.0 | 100x | 200 | 300 | 0.0100 | 0.0600 (0.0141) | 0.1000 |" in row(text, "mbi", "MST")
    assert "| over 600 | over 300x |" in row(text, "dpmm", "MST")
    assert "fails" in row(text, "opendp", "MST")
    assert "**dpmm: MST**: not done after 600 CPU seconds" in text
    assert "`insufficient budget`" in text
    assert "Not run this time" in text
    assert "| mbi | mbi 2.0.0 | Apache-2.0 |" in text


def test_the_chart_holds_a_point_for_each_row_that_finished(tmp_path):
    store = Store.open(tmp_path / "t.jsonl")
    store.add(record("fairshare: MST", cpu_s=2.0))
    store.add(record(MST))
    store.add(record("dpmm: MST", status="limit"))
    drawn = chart(store)
    assert drawn.count("<circle") == 2
    assert ">mbi MST</text>" in drawn
    assert ">dpmm MST</text>" not in drawn


def test_every_entry_has_a_library_and_a_name_of_its_own():
    assert {e.library for e in ENTRIES} == set(LIBRARIES)
    assert len({e.key for e in ENTRIES}) == len(ENTRIES)


def test_a_run_is_measured_and_a_failure_says_its_last_line():
    fine = run([sys.executable, "-c", "pass"], 60, {})
    assert fine.status == "ok"
    assert 0 < fine.cpu_s < 60
    assert fine.peak_mb > 1
    bad = run([sys.executable, "-c", "raise ValueError('no such luck')"], 60, {})
    assert (bad.status, bad.error) == ("failed", "ValueError: no such luck")


def test_a_run_is_stopped_at_its_processor_seconds():
    endless = run([sys.executable, "-c", "while True: pass"], 1, {})
    assert endless.status == "limit"
    assert 0.8 <= endless.cpu_s < 3  # start-up and seconds are not counted alike


def test_the_reason_is_the_last_line_with_words():
    assert reason('Traceback\n  thing("went wrong")\n")\n') == 'thing("went wrong")'
    assert reason("\n") == "said nothing"
