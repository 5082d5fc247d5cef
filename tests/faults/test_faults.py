"""Kills between any two steps, a full disk, signals, races: nothing released and unrecorded, nothing half written."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fairshare.privacy import Budget
from tests.faults.campaign import EPSILON, FULL

ROOT = Path(__file__).parents[2]


def campaign(folder, kind):
    ran = subprocess.run(
        [sys.executable, "-m", "tests.faults.campaign", folder, kind], cwd=ROOT, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return json.loads(ran.stdout)


def check(found):
    """What holds after every fault."""
    cost = Budget(epsilon=EPSILON, delta=1e-9).nano_rho
    for run in found["runs"]:
        if run["release"] is not None:
            assert run["release"] == run["revealed"], "a release that the ledger does not hold"
        assert run["table"] in {None, True}, "a table that is not its release's"
        assert run["code"] != 0 or run["state"] == "done"
    counted = sum(run["state"] != "returned" for run in found["account"]["runs"])
    assert found["account"]["nano_rho_spent"] == counted * cost


def test_killed_between_any_two_steps(tmp_path):
    found = campaign(tmp_path, "kill")
    check(found)
    runs = found["runs"]
    assert len(runs) > 8, "the steps were not seen"
    # Runs differ by a step or two (SQLite's own files), so one that was to die at its last may have ended before.
    codes = [run["code"] for run in runs]
    assert set(codes) == {-9, 0}
    assert codes[-1] == 0
    assert codes.count(-9) >= len(runs) - 1 - max(1, len(runs) // 20)
    states = Counter(run["state"] for run in runs)
    assert {"reserve", "bind", "reveal", "done"} <= set(states), "the kills did not reach every state"
    # The next run closed the books on all but itself.
    assert {run["state"] for run in found["account"]["runs"]} <= {"burnt", "done"}


def test_full_disk(tmp_path):
    found = campaign(tmp_path, "disk")
    check(found)
    codes = [run["code"] for run in found["runs"]]
    assert set(codes) == {0, 2}, "a full disk is something that the caller can mend"
    assert codes[0] == 2
    assert codes[-1] == 0
    assert not [name for name in found["files"] if name.startswith(".")], "scratch files stayed behind"


def test_signals(tmp_path):
    found = campaign(tmp_path, "term")
    check(found)
    assert {run["code"] for run in found["runs"]} <= {0, 130, -15, -2}
    assert 130 in {run["code"] for run in found["runs"]}
    assert not [name for name in found["files"] if name.startswith(".")], "scratch files stayed behind"


@pytest.mark.parametrize("attempt", range(5 if FULL else 1))
def test_eight_racing_get_exactly_what_the_budget_holds(attempt, tmp_path):
    found = campaign(tmp_path, "race")
    check(found)
    assert Counter(run["code"] for run in found["runs"]) == {0: 5, 4: 3}
    assert found["account"]["nano_rho_left"] < Budget(epsilon=EPSILON, delta=1e-9).nano_rho
