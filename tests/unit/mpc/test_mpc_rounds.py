"""Independent protocols share rounds, and a failing one leaves nothing half run."""

import pytest

from fairshare.errors import UsageError
from fairshare.mpc.memory import run_parties
from fairshare.mpc.ring import Z32
from fairshare.mpc.rounds import both, complete, messages, together


def chain(session, length: int, name: str):
    async def program() -> str:
        for _ in range(length):
            await session.reshare(Z32, session.zero(Z32, (2,)))
        return f"{name}{length}"

    return program()


def test_together_takes_the_longest_one_s_rounds():
    async def program(session):
        return await together(chain(session, 3, "a"), chain(session, 1, "b"), chain(session, 5, "c"))

    outcome = run_parties(program)
    assert outcome.values == [["a3", "b1", "c5"]] * 3
    assert (outcome.cost.rounds, outcome.cost.sent) == (5, (72, 72, 72))


def test_both_keeps_order_and_may_be_nested():
    async def program(session):
        inner = together(chain(session, 2, "a"), chain(session, 4, "b"))
        return await both(inner, chain(session, 3, "c"))

    outcome = run_parties(program)
    assert outcome.values == [(["a2", "b4"], "c3")] * 3
    assert outcome.cost.rounds == 4


def test_nothing_together_is_nothing():
    assert complete(together()) == []


def test_a_failure_closes_the_others():
    closed = []

    async def long_one() -> None:
        try:
            await messages()
            await messages()
        finally:
            closed.append(True)

    async def failing() -> None:
        await messages()
        raise UsageError("rate (0) must be above 0")

    with pytest.raises(UsageError, match="rate"):
        complete(together(long_one(), failing()))
    assert closed == [True]
