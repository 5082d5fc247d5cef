"""On one tape three servers answer with the trusted curator's integers: all calls, all partitions, both rings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fairshare.counting import CodedTable
from fairshare.curator import Candidate
from fairshare.curator.secure import SecureCurator
from fairshare.curator.trusted import TrustedCurator
from fairshare.marginals import Domain
from fairshare.mpc.alignment import fresh_run_key, record_hashes
from fairshare.mpc.bits import planes
from fairshare.mpc.contribution import contribute
from fairshare.mpc.reference import ReferenceNoise
from fairshare.mpc.ring import Z2
from fairshare.mpc.server import Server
from fairshare.mpc.shares import Shares
from fairshare.mpc.simulate import SimulatedServers
from fairshare.mpc.terms import SLACK_SHARE, Owner, Terms
from fairshare.privacy import Budget, Ledger, PrivacyUnit

DOMAIN = Domain.from_sizes({"a": 3, "b": 2, "c": 4, "d": 2})
PARTITIONS = {
    "horizontal": [("north", "abcd"), ("south", "abcd")],
    "vertical": [("left", "ac"), ("right", "bd")],
    "three": [("left", "a"), ("middle", "cd"), ("right", "b")],
    "mixed": [("whole", "abcd"), ("left", "ad"), ("east", "bc"), ("west", "bc")],
}


class SeededEntropy:
    """INSECURE, for tests: predictable words."""

    secure = False

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def words(self, count: int) -> NDArray[np.uint64]:
        return self._rng.integers(0, 2**64, size=count, dtype=np.uint64)


class SharedTape:
    """INSECURE, for tests: the words that the trusted curator reads, cut into summands that everybody could guess."""

    def __init__(self, seed: int) -> None:
        self._entropy = SeededEntropy(seed)
        self._masks = np.random.default_rng(7)

    def bits(self, session, lanes, width):
        value = planes(self._entropy.words(lanes))[:width]
        first, second = self._masks.integers(0, 2**64, (2, *value.shape), dtype=np.uint64)
        summands = [first, second, value ^ first ^ second]
        return Shares(Z2, np.stack([summands[session.party], summands[session.after]]))


def split(partition: str, codes: dict, rng: np.random.Generator) -> dict[str, tuple[dict, NDArray | None]]:
    """Each holder's columns, and which records it has, in an order of its own."""
    rows = len(codes["a"])
    half, third = rows // 2, rows // 3
    records = {
        "horizontal": {"north": range(half), "south": range(half, rows)},
        "mixed": {
            "whole": range(third),
            "left": range(third, rows),
            "east": range(third, half),
            "west": range(half, rows),
        },
    }.get(partition, {name: range(rows) for name, _ in PARTITIONS[partition]})
    held = {}
    for name, columns in PARTITIONS[partition]:
        order = rng.permutation(list(records[name])).astype(int)
        held[name] = ({c: codes[c][order] for c in columns}, None if columns == "abcd" else order)
    return held


def secure(
    partition: str, codes: dict, unit: PrivacyUnit, seed: int, *, bits: int = 32, order: int = 2, ahead: bool = False
):
    owners = tuple(Owner(name=n, attributes=tuple(sorted(c)), most_rows=200) for n, c in PARTITIONS[partition])
    budget = Budget(epsilon=16.0, delta=1e-2, slack_share=SLACK_SHARE)
    terms = Terms(domain=DOMAIN, budget=budget, unit=unit, owners=owners, least_bits=bits, order=order)
    key = fresh_run_key()
    contributions = [
        contribute(terms, name, held, None if order is None else record_hashes([f"r{i}" for i in order], key))
        for name, (held, order) in split(partition, codes, np.random.default_rng(seed)).items()
    ]
    servers = [Server(terms, p, tape=SharedTape(seed)) for p in range(3)]
    return SecureCurator(terms, SimulatedServers(terms, contributions, servers=servers, ahead=ahead))


def trusted(codes: dict, unit: PrivacyUnit, seed: int) -> TrustedCurator:
    ledger = Ledger(Budget(epsilon=16.0, delta=1e-2, slack_share=SLACK_SHARE), unit)
    return TrustedCurator(CodedTable(DOMAIN, codes), ledger=ledger, noise=ReferenceNoise(SeededEntropy(seed)))


def table(seed: int, rows: int) -> dict:
    rng = np.random.default_rng(seed)
    return {a: rng.integers(0, n, rows).astype(np.uint8) for a, n in zip(DOMAIN, DOMAIN.shape, strict=True)}


def candidates(domain: Domain, rng: np.random.Generator, heaviest: int) -> list[Candidate]:
    cliques = [("a",), ("a", "b"), ("b", "c"), ("a", "b", "c"), ("b", "c", "d")]
    return [
        Candidate(
            clique=c,
            estimate=rng.random(domain.sizes(c)) * 20,
            weight=int(rng.integers(1, heaviest + 1)),
            penalty=int(rng.integers(-5, 50)),
        )
        for c in cliques
    ]


def answers(curator, seed: int, heaviest: int) -> list:
    """One call of each kind, and of each over coarser codes; some noise narrow, some of two components, some wide."""
    rng = np.random.default_rng(seed)
    got = list(curator.measure([("a",), ("a", "c"), ("b", "d"), ()], [3.0, 45.5, 7.25, 3.0]))
    got.append(curator.select(candidates(curator.domain, rng, heaviest), float(rng.uniform(0.01, 2.0))))
    got.append(curator.score(candidates(curator.domain, rng, heaviest), 120.0 * heaviest))
    coarse = curator.coarsen({"a": np.array([1, 0, 1]), "c": np.array([0, 1, 1, 0])})
    got += coarse.measure([("a", "c"), ("a", "b", "c")], 2e10 if heaviest > 1000 else 30.0)
    got.append(coarse.select(candidates(coarse.domain, rng, heaviest), 0.3))
    got.append(curator.select(candidates(curator.domain, rng, heaviest)[:1], 0.3))
    got += curator.measure([("a", "b", "d")], 5.0)
    return got


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("bits", [32, 64])
@settings(max_examples=3)
@given(seed=st.integers(0, 2**32), rows=st.sampled_from([1, 2, 150]), heaviest=st.sampled_from([3, 2**16]))
def test_every_answer_is_the_trusted_one(partition, bits, seed, rows, heaviest):
    codes, unit = table(seed, rows), PrivacyUnit(relation="replace-one")
    clear = trusted(codes, unit, seed)
    shared = secure(partition, codes, unit, seed, bits=bits, order=3)
    for got, expected in zip(answers(shared, seed, heaviest), answers(clear, seed, heaviest), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert shared.ledger.spent == clear.ledger.spent


def test_add_remove_neighbours_where_rows_are_split_only():
    codes, unit = table(5, 99), PrivacyUnit(max_rows=3)
    clear, shared = trusted(codes, unit, 5), secure("horizontal", codes, unit, 5, order=3)
    for got, expected in zip(answers(shared, 5, 3), answers(clear, 5, 3), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("partition", ["vertical", "three", "mixed"])
def test_marginals_that_span_holders_are_made_on_demand(partition):
    """The plan shares pairs only; of three columns, servers join what they were sent (whole rows must be counted)."""
    codes, unit = table(8, 60), PrivacyUnit(relation="replace-one")
    clear = trusted(codes, unit, 8)
    shared = secure(partition, codes, unit, 8, order=3 if partition == "mixed" else 2)
    cliques = [("a", "b", "c"), ("a", "c", "d"), ("b", "c", "d")]
    for _ in range(2):  # the second time from what was kept
        got, expected = shared.measure(cliques, 4.0), clear.measure(cliques, 4.0)
        for mine, theirs in zip(got, expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("partition", ["horizontal", "mixed"])
def test_randomness_made_ahead_changes_no_answer(partition):
    """Words are read in the same order, whether the servers wait for the next call or foresee it."""
    codes, unit = table(5, 150), PrivacyUnit(relation="replace-one")

    def rounds(curator):
        for _ in range(4):
            offered = candidates(curator.domain, np.random.default_rng(1), heaviest=3)
            winner = curator.select(offered, 0.5)
            yield winner
            yield curator.measure([offered[winner].clique], 5.5)[0]

    curators = secure(partition, codes, unit, 5, order=3, ahead=True), trusted(codes, unit, 5)
    for got, expected in zip(*map(rounds, curators), strict=True):
        np.testing.assert_array_equal(got, expected)
