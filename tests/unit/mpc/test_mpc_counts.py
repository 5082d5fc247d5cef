"""Secret marginals and scores equal the clear ones, and cost the same on neighbouring tables."""

import numpy as np
import pytest
from three_servers import RINGS, run, secret

from fairshare.errors import UsageError
from fairshare.mpc.answers import release, release_cost
from fairshare.mpc.holding import deal
from fairshare.mpc.marginals import joined_rows, joined_rows_cost, one_hot, pair_counts, pair_counts_cost
from fairshare.mpc.ring import Z16, Z32, Z64, score_ring, smallest_ring
from fairshare.mpc.scores import absolute_errors, absolute_errors_cost, weighted

RNG = np.random.default_rng(21)


def codes(records: int, *sizes: int) -> list:
    return [RNG.integers(0, size, records) for size in sizes]


@pytest.mark.parametrize("small", [Z16, Z32])
@pytest.mark.parametrize("ring", RINGS)
@pytest.mark.parametrize("records", [0, 1, 300])
def test_all_cross_pairs_in_one_product(small, ring, records):
    left, right = codes(records, 3, 2), codes(records, 4, 1, 2)
    a, b = one_hot(left, [3, 2], small), one_hot(right, [4, 1, 2], small)
    got, cost = secret(lambda s, x, y: pair_counts(s, x, y, ring), (small, a), (small, b))
    assert got.dtype == ring.dtype
    np.testing.assert_array_equal(got, a.astype(int) @ b.astype(int).T)
    np.testing.assert_array_equal(got[3:, :4], np.histogram2d(left[1], right[0], [range(3), range(5)])[0])
    assert cost == pair_counts_cost(small, ring, 5, 7)


def test_counts_up_to_the_small_ring_s_edge():
    column = np.zeros(65_535, dtype=np.int64)
    block = one_hot([column], [2], smallest_ring(65_535))
    assert block.dtype == np.uint16
    got, _ = secret(lambda s, x, y: pair_counts(s, x, y, Z32), (Z16, block), (Z16, block))
    assert got.tolist() == [[65_535, 0], [0, 0]]
    assert smallest_ring(65_536) is Z32
    assert smallest_ring(1 << 32) is Z64


def test_three_holders():
    a, b, c = codes(200, 3), codes(200, 2), codes(200, 4)
    blocks = [(Z16, one_hot(x, [n], Z16)) for x, n in ((a, 3), (b, 2), (c, 4))]

    async def program(session, x, y, z):
        return await pair_counts(session, await joined_rows(session, x, y), z, Z64)

    got, cost = secret(program, *blocks)
    expected = np.zeros((3, 2, 4), dtype=int)
    np.add.at(expected, (a[0], b[0], c[0]), 1)
    np.testing.assert_array_equal(got.reshape(3, 2, 4), expected)
    assert cost == joined_rows_cost(Z16, 3, 2, 200) + pair_counts_cost(Z16, Z64, 6, 4)


def test_mixed_and_horizontal_parts_add_up():
    a, b, own = codes(50, 3), codes(50, 2), RNG.integers(0, 9, (3, 2))
    blocks = [(Z16, one_hot(a, [3], Z16)), (Z16, one_hot(b, [2], Z16)), (Z32, Z32.encode(own))]

    async def program(session, x, y, z):
        return await pair_counts(session, x, y, Z32) + z

    got, _ = secret(program, *blocks)
    expected = own.copy()
    np.add.at(expected, (a[0], b[0]), 1)
    np.testing.assert_array_equal(got, expected)


def test_blocks_are_checked():
    with pytest.raises(UsageError, match=r"codes of a column must be between 0 and 1"):
        one_hot([np.array([0, 2])], [2], Z16)
    with pytest.raises(UsageError, match="same number of records"):
        one_hot([np.array([0]), np.array([0, 1])], [2, 2], Z16)


@pytest.mark.parametrize(("ring", "top"), [(Z32, 2**31 - 1), (Z64, 2**63 - 1)])
def test_absolute_errors_at_the_edges_of_the_ring(ring, top):
    counts = np.array([0, top, 0, top, 5, 7, 0, 100])
    estimates = np.array([top, 0, 0, top, 7, 5, 1, 0])
    starts = np.array([0, 1, 2, 4, 6])
    got, cost = secret(lambda s, x: absolute_errors(s, x, estimates, starts), (ring, ring.encode(counts)))
    assert got.tolist() == [top, top, 0, 4, 101]
    assert cost == absolute_errors_cost(ring, 8, 5)


@pytest.mark.parametrize("ring", RINGS)
def test_scores_cost_the_same_on_neighbours(ring):
    counts, estimates = RNG.integers(0, 50, 500), RNG.integers(0, 50, 500)
    starts, weights, penalties = np.arange(0, 500, 50), np.arange(10), np.arange(10) * 3 - 9
    costs = []
    for table in (counts, counts + np.eye(500, dtype=int)[77]):

        async def program(session, x):
            errors = await absolute_errors(session, x, estimates, starts)
            return weighted(session, errors, weights, penalties)

        got, cost = secret(program, (ring, ring.encode(table)))
        expected = weights * (np.add.reduceat(abs(table - estimates), starts) - penalties)
        np.testing.assert_array_equal(ring.decode(got), expected)
        costs.append(cost)
    assert costs[0] == costs[1] == absolute_errors_cost(ring, 500, 10)


def test_release_adds_before_it_opens():
    exact, noise = np.array([5, -7, 0]), np.array([-9, 2, 1])
    values, cost = run(release, (Z32, Z32.encode(exact)), (Z32, Z32.encode(noise)))
    assert [v.tolist() for v in values] == [[-4, -5, 1]] * 3
    assert cost == release_cost(Z32, 3)


def test_the_ring_of_scores():
    assert score_ring(2**31 - 1) is Z32
    assert score_ring(2**31) is Z64
    with pytest.raises(UsageError, match=r"span of scores \(9223372036854775808\) must be"):
        score_ring(2**63)


def test_a_parcel_has_two_thirds_of_the_words():
    values = RNG.integers(0, 2**16, (30, 10), dtype=np.uint16)
    parcels = deal(Z16, values)
    assert [p.size for p in parcels] == [2 * 200 + 64] * 3
