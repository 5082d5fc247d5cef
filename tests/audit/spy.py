"""A curator that runs in exact arithmetic, remembers every call, and can replay frozen answers on another table.

Record on D: the real curator computes exact values (its noise source adds zero and logs what was asked); the spy adds
noise of its own and freezes the answers. Replay on a neighbour D': the same frozen answers are handed out, so a
mechanism that is a function of answers and public values makes the very same calls (arXiv 2602.17454). Then each
call's exact values on D and D' must lie within the declared sensitivity, and the cost computed here, from the noise
that was really asked for and apart from the ledger's arithmetic, must be within the promise.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from fairshare.counting import CodedTable
from fairshare.curator.trusted import TrustedCurator
from fairshare.marginals import Domain
from fairshare.privacy import Budget, Ledger, PrivacyUnit

#: Errors of candidates are counted in eighths of a row: noise and rates asked of the source are in that unit.
EIGHTHS = 8


class ExactNoise:
    """Adds nothing; logs what the curator asked its noise source for."""

    name, secure = "INSECURE exact", False

    def __init__(self):
        self.asked = []

    def gaussian(self, sigma, count):
        self.asked.append(("gaussian", sigma, count))
        return np.zeros(count, dtype=np.int64)

    def exponential(self, gaps, rate):
        self.asked.append(("exponential", -gaps, rate))
        return int(np.argmin(gaps))


@dataclass
class Call:
    kind: str
    arguments: object  # hashable description of everything public that was passed
    exact: np.ndarray  # what the call would have opened without noise (scores, for a selection)
    asked: list  # what the curator asked its noise source for
    answer: object  # what the mechanism was given


class SpyCurator:
    """Wraps a trusted curator; ``frozen`` replays another run's answers."""

    def __init__(self, inner, noise, rng, calls, frozen=None):
        self._inner, self._noise, self._rng, self.calls, self._frozen = inner, noise, rng, calls, frozen

    @property
    def domain(self):
        return self._inner.domain

    @property
    def ledger(self):
        return self._inner.ledger

    def coarsen(self, maps):
        return SpyCurator(self._inner.coarsen(maps), self._noise, self._rng, self.calls, self._frozen)

    def _answer(self, fresh):
        return fresh if self._frozen is None else self._frozen[len(self.calls)].answer

    def measure(self, cliques, sigma):
        before = len(self._noise.asked)
        exact = self._inner.measure(cliques, sigma)
        asked = self._noise.asked[before:]
        sigmas = np.broadcast_to(sigma, len(cliques))
        answer = self._answer(
            [e + np.rint(self._rng.normal(0, s, e.shape)).astype(np.int64) for e, s in zip(exact, sigmas, strict=True)]
        )
        flat = np.concatenate([e.ravel() for e in exact]) if exact else np.zeros(0)
        self.calls.append(Call("measure", (tuple(cliques), tuple(sigmas.tolist()), self.domain), flat, asked, answer))
        return [a.copy() for a in answer]

    def select(self, candidates, epsilon):
        self._inner.select(candidates, epsilon)
        asked = self._noise.asked[-1:]
        answer = self._answer(int(self._rng.integers(len(candidates))))
        self.calls.append(Call("select", (public(candidates), epsilon, self.domain), asked[0][1], asked, answer))
        return answer

    def score(self, candidates, sigma):
        exact = self._inner.score(candidates, sigma)
        asked = self._noise.asked[-1:]
        answer = self._answer(exact + np.rint(self._rng.normal(0, sigma, exact.shape)).astype(np.int64))
        self.calls.append(Call("score", (public(candidates), sigma, self.domain), exact, asked, answer))
        return answer.copy()


def public(candidates):
    return tuple((c.clique, np.asarray(c.estimate).tobytes(), c.weight, c.penalty) for c in candidates)


def spy(codes, domain, *, relation="add-remove", epsilon=1.0, delta=1e-9, seed=0, frozen=None):
    """A spy over a coded table, with a fresh ledger."""
    noise = ExactNoise()
    ledger = Ledger(Budget(epsilon=epsilon, delta=delta), PrivacyUnit(relation=relation))
    inner = TrustedCurator(CodedTable(domain, codes), ledger=ledger, noise=noise)
    return SpyCurator(inner, noise, np.random.default_rng(seed), [], frozen)


def independent_cost(calls, relation):
    """Sum of every call's rho, from the noise asked for, by this file's own formulas."""
    squared, l1 = (1, 1) if relation == "add-remove" else (2, 2)
    total = Fraction(0)
    for call in calls:
        assert {kind for kind, *_ in call.asked} == {"exponential" if call.kind == "select" else "gaussian"}
        if call.kind == "measure":
            assert len(call.asked) == len(call.arguments[0])
            total += sum(Fraction(squared) / (2 * Fraction(sigma) ** 2) for _, sigma, _ in call.asked)
        elif call.kind == "select":
            # The log ratio of two neighbours' probabilities ranges over rate x (2 x l1 x largest weight) at most.
            heaviest = max(weight for _, _, weight, _ in call.arguments[0])
            total += (Fraction(call.asked[0][2]) * 2 * EIGHTHS * l1 * heaviest) ** 2 / 8
        else:
            moves = sum((EIGHTHS * l1 * weight) ** 2 for _, _, weight, _ in call.arguments[0])
            total += Fraction(moves) / (2 * Fraction(call.asked[0][1]) ** 2)
    return total


def check_neighbours(calls, replayed, relation):
    """Same public calls; exact values within the declared sensitivity."""
    squared, l1 = (1, 1) if relation == "add-remove" else (2, 2)
    assert len(calls) == len(replayed)
    for mine, theirs in zip(calls, replayed, strict=True):
        assert mine.kind == theirs.kind
        assert mine.arguments == theirs.arguments, f"{mine.kind} depends on the data beyond its answers"
        moved = np.abs(mine.exact - theirs.exact)
        if mine.kind == "measure":
            assert (moved**2).sum() <= len(mine.arguments[0]) * squared
        elif mine.kind == "select":
            shift = (mine.exact - mine.exact.max()) - (theirs.exact - theirs.exact.max())
            heaviest = max(weight for _, _, weight, _ in mine.arguments[0])
            assert shift.max() - shift.min() <= 2 * EIGHTHS * l1 * heaviest
        else:
            assert all(m <= l1 * weight for m, (_, _, weight, _) in zip(moved, mine.arguments[0], strict=True))


def neighbour(codes, domain, relation, rng):
    """Another table that differs in one row: one added or removed, or one replaced."""
    rows = len(next(iter(codes.values())))
    fresh = {a: rng.integers(0, n) for a, n in zip(domain, domain.shape, strict=True)}
    if relation == "add-remove" and (rows == 0 or rng.random() < 0.5):
        return {a: np.append(c, np.array(fresh[a], dtype=c.dtype)) for a, c in codes.items()}
    at = rng.integers(max(rows, 1))
    if relation == "add-remove":
        return {a: np.delete(c, at) for a, c in codes.items()}
    return {a: np.where(np.arange(rows) == at, np.array(fresh[a], dtype=c.dtype), c) for a, c in codes.items()}


def random_codes(domain, rows, rng):
    """A table with some dependence between neighbouring columns."""
    codes, last = {}, rng.integers(0, 1 << 30, rows)
    for a, n in zip(domain, domain.shape, strict=True):
        last = np.where(rng.random(rows) < 0.6, last, rng.integers(0, 1 << 30, rows))
        codes[a] = (last % n).astype(np.uint16)
    return codes


def small_domain(sizes):
    return Domain.from_sizes({f"x{i}": n for i, n in enumerate(sizes)})
