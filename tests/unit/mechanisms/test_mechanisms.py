"""What each mechanism promises beyond privacy: knobs, stops, candidates, sizes."""

from itertools import pairwise

import numpy as np
import pytest
from tests.audit.mechanisms import MECHANISMS
from tests.audit.spy import random_codes, small_domain, spy

from fairshare.errors import BudgetError, UsageError
from fairshare.mechanisms import AIM, MST, MWEM, SWIFT, PrivBayes
from fairshare.mechanisms.gate import Gate
from fairshare.mechanisms.loop import integer_weights, within_size
from fairshare.mechanisms.planning import Offer, grow_tree, split_precision
from fairshare.mechanisms.workload import resolve
from fairshare.model import JunctionTree, Model, Status

DOMAIN = small_domain((3, 4, 2, 5, 3))


def run(mechanism, *, rows=400, epsilon=1.0, domain=DOMAIN, seed=0, **options):
    recorded = spy(random_codes(domain, rows, np.random.default_rng(seed)), domain, epsilon=epsilon, seed=seed)
    return recorded, mechanism.run(recorded, **options)


@pytest.mark.parametrize("name", MECHANISMS)
@pytest.mark.parametrize("sizes", [(4,), (1,), (1, 1), (2, 3), (2,) * 9])
@pytest.mark.parametrize("rows", [0, 3])
def test_degenerate_tables_end_with_a_named_result(name, sizes, rows):
    recorded, outcome = run(MECHANISMS[name], domain=small_domain(sizes), rows=rows)
    assert isinstance(outcome.fit.status, Status)
    assert outcome.fit.model.domain.attributes == recorded.domain.attributes
    assert np.isfinite(outcome.fit.model.total)


@pytest.mark.parametrize("name", MECHANISMS)
def test_the_model_holds_no_clique_that_was_not_measured(name):
    recorded, outcome = run(MECHANISMS[name])
    measured = {c for call in recorded.calls if call.kind == "measure" for c in call.arguments[0]}
    assert set(outcome.fit.model.cliques) <= measured


@pytest.mark.parametrize("name", MECHANISMS)
def test_descriptions_are_json_and_complete(name):
    import json

    described = MECHANISMS[name].describe()
    assert described["name"] == MECHANISMS[name].name
    json.dumps(described)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MST(compress_below=-1), "compress_below"),
        (lambda: AIM(rounds=0), "rounds"),
        (lambda: AIM(measure_share=1.0), "measure_share"),
        (lambda: AIM(max_model_mb=0), "max_model_mb"),
        (lambda: MWEM(rounds=0), "rounds"),
        (lambda: MWEM(measure_share=0), "measure_share"),
        (lambda: SWIFT(batches=0), "batches"),
        (lambda: SWIFT(score_share=0.6), "leave something"),
        (lambda: SWIFT(batch_share=1.0), "batch_share"),
        (lambda: PrivBayes(theta=0), "theta"),
        (lambda: PrivBayes(max_parents=0), "max_parents"),
        (lambda: PrivBayes(select_share=1.0), "select_share"),
    ],
)
def test_knobs_are_checked_where_they_are_built(make, message):
    with pytest.raises(UsageError, match=message):
        make()


class TestAIM:
    def test_the_start_is_checked_before_it_is_spent(self):
        """With few rounds the one-way start alone would exceed the budget; the published code overspends there."""
        for rounds in range(1, 8):
            recorded, _ = run(AIM(rounds=rounds))
            assert recorded.ledger.spent <= recorded.ledger.budget.nano_rho

    def test_noise_only_shrinks(self):
        recorded, _ = run(AIM(rounds=40), epsilon=3.0)
        sigmas = [c.asked[0][1] for c in recorded.calls if c.kind == "measure"]
        assert all(b <= a * (1 + 1e-9) for a, b in pairwise(sigmas[:-1]))
        assert sigmas[-1] < sigmas[0]

    def test_a_workload_is_a_target(self):
        """A column that the workload does not name is measured once, and its pairs never."""
        recorded, _ = run(AIM(rounds=20, workload=[("x0", "x1"), ("x1", "x2")]), epsilon=5.0)
        offered = {c for call in recorded.calls if call.kind == "select" for c, *_ in call.arguments[0]}
        assert offered == {("x0",), ("x1",), ("x2",), ("x0", "x1"), ("x1", "x2")}

    def test_the_model_keeps_to_its_cap(self):
        for mb in (0.0003, 0.0008):
            _, outcome = run(AIM(rounds=60, max_model_mb=mb), epsilon=20.0)
            assert outcome.fit.model.junction_tree.cells * 8 <= mb * 2**20


class TestSWIFT:
    def test_few_interactions(self):
        recorded, _ = run(SWIFT(batches=1))
        assert [c.kind for c in recorded.calls] == ["measure", "score", "measure"]
        recorded, _ = run(SWIFT())
        assert [c.kind for c in recorded.calls] == ["measure", *(["score", "measure"] * 2)]

    def test_the_model_keeps_to_its_cap(self):
        _, outcome = run(SWIFT(max_model_mb=0.0005), epsilon=20.0)
        assert outcome.fit.model.junction_tree.cells * 8 <= 0.0005 * 2**20


class TestPrivBayes:
    def test_every_attribute_joins_once(self):
        _, outcome = run(PrivBayes(), epsilon=5.0)
        families = [c for c in outcome.fit.model.cliques if len(c) > 1]
        assert len(families) == len(DOMAIN) - 1
        assert {a for c in families for a in c} == set(DOMAIN)

    def test_theta_bounds_the_degree(self):
        _, useful = run(PrivBayes(theta=1e9), epsilon=5.0)
        assert max(map(len, useful.fit.model.cliques)) == 2


def test_too_small_a_budget_is_a_named_error():
    for mechanism in (AIM(), MWEM(), PrivBayes(), SWIFT(), MST()):
        with pytest.raises(BudgetError, match="raise epsilon"):
            run(mechanism, epsilon=0.0002)


def test_weights_stay_exact_or_scale():
    assert integer_weights({("a",): 3.0, ("b",): 0.0}) == {("a",): 3, ("b",): 0}
    scaled = integer_weights({("a",): 0.5, ("b",): 0.25, ("c",): 1e-9})
    assert scaled[("a",)] == 2 * scaled[("b",)] == 2**16
    assert scaled[("c",)] == 1, "what matters a little still matters"


def test_workloads():
    assert len(resolve(2, DOMAIN, 10_000)) == 10
    assert resolve(9, DOMAIN, 10_000) == {DOMAIN.attributes: 1.0}, "k above the number of columns is all of them"
    assert all(len(c) == 1 for c in resolve(3, DOMAIN, 5)), "the largest marginals that are small enough"
    assert resolve({("x1", "x0"): 2.0}, DOMAIN, 100) == {("x0", "x1"): 2.0}
    for bad in (0, True, [], {("x0",): -1.0}, {("x0",): float("nan")}):
        with pytest.raises(UsageError):
            resolve(bad, DOMAIN, 100)
    with pytest.raises(UsageError, match="'nobody'"):
        resolve([("nobody",)], DOMAIN, 100)


def test_size_filter_equals_fresh_trees():
    model = Model(domain=DOMAIN, total=1.0, potentials={("x0", "x1"): np.zeros((3, 4)), ("x1", "x2"): np.zeros((4, 2))})
    candidates = [("x0", "x2"), ("x3",), ("x0", "x3"), ("x0", "x1"), ("x2", "x3", "x4")]
    for mb in (1e-5, 2e-4, 3e-4, 1.0):
        expected = [
            c in (("x3",), ("x0", "x1")) or JunctionTree.build(DOMAIN, [*model.cliques, c]).cells * 8 <= mb * 2**20
            for c in candidates
        ]
        assert within_size(model, candidates, mb).tolist() == expected


def offers():
    rng = np.random.default_rng(3)
    pairs = [(a, b) for i, a in enumerate(DOMAIN) for b in DOMAIN.attributes[i + 1 :]]
    return [
        Offer(clique=c, gain=g, weight=1.0, cells=DOMAIN.cells(c))
        for c, g in zip(pairs, rng.gamma(1, 80, len(pairs)), strict=True)
    ]


def test_the_split_is_optimal():
    """Against all subsets, and against random other splits of the best one."""
    from itertools import combinations

    def value(chosen, precisions):
        return sum(
            o.weight * (o.gain - o.cells * np.sqrt(2 / np.pi / b)) for o, b in zip(chosen, precisions, strict=True)
        )

    some = offers()[:7]
    best = split_precision(some, 0.01)
    assert sum(b for _, b in best) == pytest.approx(0.01)
    ours = value([o for o, _ in best], [b for _, b in best])
    for k in range(1, 8):
        for chosen in combinations(some, k):
            size = np.array([o.size for o in chosen])
            assert value(chosen, 0.01 * size / size.sum()) <= ours * 1.05 + 1, "a prefix by gain over cost is near best"
    rng = np.random.default_rng(0)
    for _ in range(200):
        other = rng.dirichlet(np.ones(len(best))) * 0.01
        assert value([o for o, _ in best], other) <= ours + 1e-9


def test_the_tree_keeps_to_its_cap_and_holds_its_offers():
    trunk = JunctionTree.build(DOMAIN, [])
    for cap in (17, 40, 100, 360):
        held = grow_tree(trunk, offers(), 0.01, cap, Gate(DOMAIN, None))
        tree = JunctionTree.build(DOMAIN, [o.clique for o in held])
        assert tree.cells <= max(cap, trunk.cells)
    assert len(grow_tree(trunk, offers(), 0.01, 10**6, Gate(DOMAIN, None))) == len(offers())
