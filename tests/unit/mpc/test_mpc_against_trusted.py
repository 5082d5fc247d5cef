"""The trusted curator is the specification: all calls, for all partitions, bit for bit on one tape of words."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from three_servers import RINGS, SeededEntropy, SelectionTape, SharedTape, run

from fairshare.counting import CodedTable
from fairshare.curator import Candidate
from fairshare.curator.trusted import TrustedCurator
from fairshare.marginals import Domain
from fairshare.mpc.answers import release
from fairshare.mpc.gaussian import joint_gaussian
from fairshare.mpc.marginals import one_hot, pair_counts
from fairshare.mpc.ring import Z16
from fairshare.mpc.rounds import together
from fairshare.mpc.scores import absolute_errors, weighted
from fairshare.mpc.select import Selection, prepare, select
from fairshare.mpc.shares import concatenate
from fairshare.privacy import Budget, Ledger, PrivacyUnit, TableNoise
from fairshare.privacy.exponential import coin_thresholds

DOMAIN = Domain.from_sizes({"a": 3, "b": 2, "c": 4})
CLIQUES = [("a", "c"), ("b", "c")]
STARTS = np.array([0, 12])


def table_of(seed: int, rows: int) -> dict:
    rng = np.random.default_rng(seed)
    return {a: rng.integers(0, n, rows).astype(np.uint8) for a, n in zip(DOMAIN, DOMAIN.shape, strict=True)}


def trusted(codes: dict, entropy: SeededEntropy) -> TrustedCurator:
    ledger = Ledger(Budget(epsilon=64.0, delta=1e-6), PrivacyUnit())
    return TrustedCurator(CodedTable(DOMAIN, codes), ledger=ledger, noise=TableNoise(entropy))


def holdings(partition: str, codes: dict, ring) -> list:
    """What the holders share: one-hot blocks of {a, b} and {c}, or counted cells, or blocks of rows of both kinds."""
    rows = len(codes["a"])
    cut = {"vertical": rows, "horizontal": 0, "mixed": rows // 2}[partition]

    def cells(part: slice) -> np.ndarray:
        block = CodedTable(DOMAIN, {a: c[part] for a, c in codes.items()})
        return np.concatenate([block.count(q).reshape(-1) for q in CLIQUES])

    left = one_hot([codes["a"][:cut], codes["b"][:cut]], [3, 2], Z16)
    right = one_hot([codes["c"][:cut]], [4], Z16)
    halves = (slice(cut, (cut + rows) // 2), slice((cut + rows) // 2, rows))
    return [(Z16, left), (Z16, right), *[(ring, ring.encode(cells(part))) for part in halves]]


async def secret_counts(session, ring, left, right, *counted):
    pairs = await pair_counts(session, left, right, ring)
    across = concatenate([pairs[:3].reshape(-1), pairs[3:].reshape(-1)])
    return across + counted[0] + counted[1]


@pytest.mark.parametrize("partition", ["horizontal", "vertical", "mixed"])
@pytest.mark.parametrize("ring", RINGS)
@settings(max_examples=5)
@given(seed=st.integers(0, 1000), rows=st.sampled_from([0, 1, 150]))
def test_measure_and_score(partition, ring, seed, rows):
    codes = table_of(seed, rows)
    candidates = [
        Candidate(clique=q, estimate=np.full(DOMAIN.sizes(q), 1.7 + i), weight=i + 1, penalty=2 * i)
        for i, q in enumerate(CLIQUES)
    ]
    curator = trusted(codes, SeededEntropy(seed))
    counts = curator.measure(CLIQUES, [3.0, 5.5])
    scores = curator.score(candidates, 4.5)
    estimates = np.concatenate([np.rint(8 * c.estimate).astype(np.int64).reshape(-1) for c in candidates])

    async def program(session, *inputs):
        tape = SharedTape(SeededEntropy(seed))
        exact = await secret_counts(session, ring, *inputs)
        noise = await together(
            joint_gaussian(session, 3.0, 12, ring, tape),
            joint_gaussian(session, 5.5, 8, ring, tape),
            joint_gaussian(session, 8 * 4.5, 2, ring, tape),
        )
        errors = await absolute_errors(session, exact.times(np.asarray(8)), estimates, STARTS)
        summary = weighted(session, errors, np.array([1, 2]), 8 * np.array([0, 2]))
        measured = release(session, exact, concatenate(noise[:2]))
        return await together(measured, release(session, summary, noise[2]))

    values, _ = run(program, *holdings(partition, codes, ring))
    for measured, scored in values:
        np.testing.assert_array_equal(measured, np.concatenate([c.reshape(-1) for c in counts]))
        np.testing.assert_array_equal(scored / 8, scores)


@pytest.mark.parametrize("partition", ["horizontal", "vertical", "mixed"])
@settings(max_examples=8)
@given(seed=st.integers(0, 1000), epsilon=st.sampled_from([0.01, 0.3, 2.0]))
def test_select(partition, seed, epsilon):
    ring, codes = RINGS[0], table_of(seed, 60)
    candidates = [Candidate(clique=q, estimate=np.full(DOMAIN.sizes(q), 4.0), weight=2) for q in CLIQUES]
    expected = trusted(codes, SeededEntropy(seed)).select(candidates, epsilon)
    selection = Selection(2, Fraction(epsilon) / (8 * 4))
    coins = len(coin_thresholds(selection.rate))

    async def program(session, *inputs):
        tape = SelectionTape(SeededEntropy(seed), batches=8, coins=coins, trials=8)
        exact = await secret_counts(session, ring, *inputs)
        errors = await absolute_errors(session, exact.times(np.asarray(8)), np.full(20, 8 * 4), STARTS)
        summary = weighted(session, errors, np.array([2, 2]), np.zeros(2, dtype=np.int64))
        return await select(session, selection, await prepare(session, selection, tape), summary)

    values, _ = run(program, *holdings(partition, codes, ring))
    assert values == [expected] * 3
