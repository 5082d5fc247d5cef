"""What a run shows while it goes on says nothing about the number of rows."""

import pyarrow as pa
import pytest

import fairshare
from fairshare.privacy import Budget, Ledger, PrivacyUnit
from fairshare.release import synthesis
from fairshare.schema import Categorical, Schema

SCHEMA = Schema(columns=(Categorical(name="c", categories=("a", "b")),))


def steps(table):
    seen = []
    fairshare.synthesize(table, SCHEMA, epsilon=1, delta=1e-9, seed=1, progress=seen.append)
    return [(s.phase, s.done, s.parts, s.spent) for s in seen if s.phase in ("read", "count")]


def test_steps_are_equal_on_neighbours():
    one, other = (pa.table({"c": ["a"] * n}) for n in (2**20, 2**20 + 1))
    assert steps(one) == steps(other)


def test_a_scan_that_takes_long_shows_that_it_goes_on_and_no_number(monkeypatch):
    monkeypatch.setattr(synthesis, "_HEARTBEAT", 0.0)
    counted = [s for s in steps(pa.table({"c": ["a"] * 100})) if s[0] == "count"]
    assert counted
    assert {(done, parts) for _, done, parts, _ in counted} == {(0, 0)}


def test_heartbeats_follow_the_clock_and_not_the_parts_of_the_scan(monkeypatch):
    clock = iter([0.0, 0.5, 1.5, 1.5, 1.6, 3.0, 3.0])
    monkeypatch.setattr(synthesis.time, "monotonic", lambda: next(clock))
    seen = []
    watch = synthesis._heartbeat(Ledger(Budget(epsilon=1, delta=1e-9), PrivacyUnit()), seen.append)
    for done in range(4):
        watch(done, 4)
    assert len(seen) == 2


def test_who_watches_may_end_the_scan(monkeypatch):
    monkeypatch.setattr(synthesis, "_HEARTBEAT", 0.0)

    def stop(step):
        if step.phase == "count":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fairshare.synthesize(pa.table({"c": ["a"] * 10}), SCHEMA, epsilon=1, delta=1e-9, progress=stop)
