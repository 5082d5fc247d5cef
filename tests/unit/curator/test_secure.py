"""The secure curator believes servers only when all three say the same, and that their ledgers do."""

import numpy as np
import pytest

from fairshare.curator import Candidate
from fairshare.curator.secure import SecureCurator
from fairshare.errors import BudgetError, PeerError, UsageError
from fairshare.marginals import Domain
from fairshare.mpc.requests import Answer, Finish, Measure, Refusal, Score, Select
from fairshare.mpc.tasks import task_of
from fairshare.mpc.terms import SLACK_SHARE, Owner, Terms
from fairshare.privacy import Budget, Ledger, PrivacyUnit

DOMAIN = Domain.from_sizes({"a": 3, "b": 2})
TERMS = Terms(
    domain=DOMAIN,
    budget=Budget(epsilon=2.0, delta=1e-6, slack_share=SLACK_SHARE),
    unit=PrivacyUnit(),
    owners=(Owner(name="all", attributes=("a", "b"), most_rows=100),),
)


class Scripted:
    """Servers whose ledgers are right, and whose values, heads or replies a test sets."""

    def __init__(self, values, change=lambda party, answer: answer) -> None:
        self.ledger = Ledger(TERMS.budget, TERMS.unit)
        self.values, self.change, self.asked = values, change, []

    def ask(self, request):
        self.asked.append(request)
        if not isinstance(request, Finish):
            self.ledger.charge(task_of(TERMS, request).event)
        return [self.change(p, Answer(values=np.array(self.values), head=self.ledger.head)) for p in range(3)]


def candidates():
    return [Candidate(clique=c, estimate=np.full(DOMAIN.sizes(c), 1.6), weight=2) for c in (("a",), ("a", "b"))]


def test_requests_carry_all_that_servers_need():
    servers = Scripted(list(range(9)))
    curator = SecureCurator(TERMS, servers)
    counts = curator.measure([("a",), ("a", "b")], 30.0)
    assert [c.tolist() for c in counts] == [[0, 1, 2], [[3, 4], [5, 6], [7, 8]]]
    servers.values = [1]
    assert curator.select(candidates(), 0.3) == 1
    servers.values = [7, -7]
    assert curator.score(candidates(), 40.0).tolist() == [7 / 8, -7 / 8]
    asked = servers.asked
    assert [type(r) for r in asked] == [Measure, Select, Score]
    assert asked[0].sigmas == (30.0, 30.0)
    assert asked[1].offers.estimates.tolist() == [13] * 9  # 1.6 rows in eighths
    assert curator.ledger.head == servers.ledger.head


def test_a_coarser_view_shares_the_ledger_and_sends_its_maps():
    servers = Scripted([4, 5])
    curator = SecureCurator(TERMS, servers)
    coarse = curator.coarsen({"a": np.array([0, 1, 2])}).coarsen({"a": np.array([1, 0, 1])})
    assert coarse.measure([("a",)], 30.0)[0].tolist() == [4, 5]
    assert servers.asked[0].maps["a"].tolist() == [1, 0, 1]
    assert coarse.ledger is curator.ledger
    assert coarse.domain.shape == (2, 2)


@pytest.mark.parametrize("party", range(3))
def test_servers_that_disagree_are_not_believed(party):
    def other_value(p, answer):
        return answer if p != party else Answer(values=answer.values + 1, head=answer.head)

    def other_head(p, answer):
        return answer if p != party else Answer(values=answer.values, head="0" * 64)

    for change, told in ((other_value, "answers must be equal"), (other_head, "ledgers must equal")):
        with pytest.raises(PeerError, match=told):
            SecureCurator(TERMS, Scripted([1, 2, 3], change)).measure([("a",)], 30.0)


def test_a_refusal_is_raised_as_what_it_is_and_its_cause_first():
    def refused(p, answer):
        return (
            Refusal(kind="UsageError", message="not so") if p == 2 else Refusal(kind="PeerError", message="it stopped")
        )

    with pytest.raises(UsageError, match="not so"):
        SecureCurator(TERMS, Scripted([1, 2, 3], refused)).measure([("a",)], 30.0)


def test_answers_of_a_wrong_size_are_not_believed():
    for values, call in (
        ([1, 2], lambda c: c.measure([("a",)], 30.0)),
        ([2], lambda c: c.select(candidates(), 0.3)),
        ([-1], lambda c: c.select(candidates(), 0.3)),
        ([], lambda c: c.select(candidates(), 0.3)),
        ([1, 2, 3], lambda c: c.score(candidates(), 30.0)),
    ):
        with pytest.raises(PeerError, match="servers answered with"):
            call(SecureCurator(TERMS, Scripted(values)))


def test_what_is_foreseen_to_be_refused_is_not_asked():
    servers = Scripted([1, 2, 3])
    curator = SecureCurator(TERMS, servers)
    for call, error in (
        (lambda: curator.measure([("a",)], 0.01), BudgetError),
        (lambda: curator.measure([], 1.0), UsageError),
        (lambda: curator.measure([("b", "a")], 9.0), UsageError),
        (lambda: curator.select(candidates()[:1] * 2, 0.1), UsageError),
        (lambda: curator.score(candidates(), 0.0), UsageError),
    ):
        with pytest.raises(error):
            call()
    assert not servers.asked
    assert curator.ledger.spent == 0
