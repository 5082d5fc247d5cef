"""From coarse codes back to fine ones, by shares."""

import numpy as np

from fairshare.model import Refinement


def test_codes_that_nothing_was_merged_with_come_back_as_they_were():
    refinement = Refinement(codes=np.array([2, 0, 1, 3]), shares=np.ones(4))
    coarse = np.random.default_rng(0).integers(0, 4, 1000)
    assert np.array_equal(refinement.sample(coarse, np.random.default_rng(1)), np.array([1, 2, 0, 3])[coarse])


def test_merged_codes_follow_their_shares_to_the_row_and_others_stay():
    # Coarse 0 is fine 0, 2, 4 in shares .5, .3, .2; coarse 1 is fine 1; coarse 2 is fine 3 and 5, half each.
    refinement = Refinement(codes=np.array([0, 1, 0, 2, 0, 2]), shares=np.array([0.5, 1, 0.3, 0.5, 0.2, 0.5]))
    coarse = np.repeat([0, 1, 2], [1000, 500, 301])
    fine = refinement.sample(coarse, np.random.default_rng(2))
    assert np.array_equal(refinement.codes[fine], coarse)
    counts = np.bincount(fine, minlength=6)
    assert np.abs(counts - [500, 500, 300, 150.5, 200, 150.5]).max() < 1
    # Which rows get which code is random: the first half of coarse 0 is no block of one fine code.
    assert len(set(fine[:300].tolist())) == 3
