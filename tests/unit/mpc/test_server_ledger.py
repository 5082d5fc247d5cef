"""A server's ledger on disk: every charge is there before the data are touched, and a plan's budget is spent once."""

import json

import pytest
from consortium_parties import fields

from fairshare.errors import BudgetError, IntegrityError
from fairshare.mpc.plan import Plan
from fairshare.mpc.wire.durable import ServerLedger, ledger_file, spent_in
from fairshare.privacy import Ledger, MeasureEvent

PLAN = Plan(fields())
CHARGE = MeasureEvent(cliques=(("a",),), cells=2, sigmas=(40.0,), unit=PLAN.unit)


def opened(tmp_path):
    return ServerLedger(ledger_file(tmp_path, PLAN, "s1"), PLAN)


def test_a_charge_is_on_disk_when_charge_returns(tmp_path):
    ledger, memory = opened(tmp_path), Ledger(PLAN.budget, PLAN.unit)
    for number in (1, 2):
        ledger.charge(CHARGE)
        memory.charge(CHARGE)
        kept = spent_in(ledger_file(tmp_path, PLAN, "s1"), PLAN)  # while the server runs
        assert len(kept) == number
        assert kept[-1]["hash"] == ledger.head == memory.head
        assert sum(line["nano_rho"] for line in kept) == memory.spent
    assert ledger.share == memory.spent / PLAN.budget.nano_rho
    ledger.close()


def test_what_is_refused_is_not_written(tmp_path):
    ledger = opened(tmp_path)
    with pytest.raises(BudgetError, match="is left"):
        ledger.charge(MeasureEvent(cliques=(("a",),), cells=2, sigmas=(0.5,), unit=PLAN.unit))
    assert spent_in(ledger_file(tmp_path, PLAN, "s1"), PLAN) == []
    ledger.close()


def test_a_plan_s_budget_is_spent_once(tmp_path):
    opened(tmp_path).close()
    second = opened(tmp_path)  # nothing was charged: the run may begin again
    second.charge(CHARGE)
    second.close()
    with pytest.raises(BudgetError, match="holds 1 charges of an earlier run"):
        opened(tmp_path)


def test_two_servers_of_one_name_exclude_each_other(tmp_path):
    first = opened(tmp_path)
    with pytest.raises(BudgetError, match="is running here already"):
        opened(tmp_path)
    first.close()


@pytest.mark.parametrize("content", ["{", "[]\n", '{"plan": 3}\n', '{"head": "x"}\n'])
def test_a_damaged_file_is_refused(content, tmp_path):
    path = ledger_file(tmp_path, PLAN, "s1")
    path.write_text(content)
    with pytest.raises(IntegrityError, match=r"damaged|another plan"):
        opened(tmp_path)


def test_another_plan_s_file_is_refused(tmp_path):
    path = ledger_file(tmp_path, PLAN, "s1")
    path.write_text(json.dumps({"plan": "00", "nano_rho": 1, "head": ""}) + "\n")
    with pytest.raises(IntegrityError, match="of another plan"):
        opened(tmp_path)
