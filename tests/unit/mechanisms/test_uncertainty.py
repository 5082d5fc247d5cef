"""The error bounds hold at their confidence, and say something."""

import numpy as np
import pytest
from tests.audit.spy import random_codes, small_domain, spy

from fairshare.counting import CodedTable
from fairshare.mechanisms import AIM, MST, MWEM, PrivBayes, error_bounds

DOMAIN = small_domain((3, 4, 2, 5))


@pytest.mark.parametrize("mechanism", [AIM(rounds=8, workload=2), MWEM(rounds=3), PrivBayes()], ids=lambda m: m.name)
def test_coverage(mechanism):
    """60 runs of about 10 bounds at 90%. More than 30% misses has a chance below 1e-6 even if bounds miss together
    run by run; the fault that it would catch is noise of twice the stated scale (below)."""
    held, ratios = [], []
    for seed in range(60):
        codes = random_codes(DOMAIN, 800, np.random.default_rng(seed))
        table = CodedTable(DOMAIN, codes)
        outcome = mechanism.run(spy(codes, DOMAIN, epsilon=2.0, seed=seed))
        for bound in error_bounds(outcome.fit.model, outcome.measurements, outcome.last, confidence=0.9):
            error = np.abs(table.count(bound.clique) - outcome.fit.model.marginal(bound.clique)).sum()
            held.append(error <= bound.l1)
            ratios.append(bound.l1 / 800)
    assert np.mean(held) > 0.7
    assert np.median(ratios) < 1.0, "a bound above n would say little"


def test_a_bound_on_understated_noise_does_not_hold():
    held = []
    for seed in range(30):
        codes = random_codes(DOMAIN, 800, np.random.default_rng(seed))
        outcome = MST(compress_below=0.0).run(spy(codes, DOMAIN, epsilon=0.05, seed=seed))
        table = CodedTable(DOMAIN, codes)
        for m in outcome.measurements:
            object.__setattr__(m, "sigma", m.sigma / 20)
        for bound in error_bounds(outcome.fit.model, outcome.measurements, None, confidence=0.9):
            coarse = outcome.fit.model.domain.sizes(bound.clique) != DOMAIN.sizes(bound.clique)
            if not coarse:
                error = np.abs(table.count(bound.clique) - outcome.fit.model.marginal(bound.clique)).sum()
                held.append(error <= bound.l1)
    assert np.mean(held) < 0.9


def test_every_measured_clique_and_candidate_has_a_bound():
    codes = random_codes(DOMAIN, 300, np.random.default_rng(0))
    outcome = AIM(rounds=8, workload=2).run(spy(codes, DOMAIN))
    bounds = error_bounds(outcome.fit.model, outcome.measurements, outcome.last)
    named = {b.clique for b in bounds}
    assert {m.clique for m in outcome.measurements} <= named
    assert {c.clique for c in outcome.last.candidates} <= named
    assert len(named) == len(bounds)
    assert {b.basis for b in bounds} <= {"measured", "passed over"}
