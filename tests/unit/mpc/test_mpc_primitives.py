"""Every protocol equals plain numpy, in every ring, at its edges, and costs what it declares."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from three_servers import ALL_RINGS, RINGS, SIZES, edge_words, run, secret

from fairshare.errors import UsageError
from fairshare.mpc.arithmetic import dot, product
from fairshare.mpc.bits import numbers, pack, planes, unpack, words_for
from fairshare.mpc.boolean import all_of, all_of_cost, demux, demux_cost, first_of, first_of_cost
from fairshare.mpc.carries import all_bits, all_bits_cost, carry_out, carry_out_cost, sign_bits, sign_bits_cost
from fairshare.mpc.comparison import below_constants, below_constants_cost, less_than, maximum, maximum_cost
from fairshare.mpc.conversion import (
    bits_dot,
    bits_dot_cost,
    bits_to_numbers,
    bits_to_numbers_cost,
    widen,
    widen_cost,
)
from fairshare.mpc.matrix import matmul, transposed_product
from fairshare.mpc.opening import open_all, open_cost
from fairshare.mpc.ring import Z2, Z16, Z32, Z64, Ring
from fairshare.mpc.session import establish, reshare_cost
from fairshare.mpc.shares import Shares

FEW = settings(max_examples=12)
RNG = np.random.default_rng(20)


def random_words(ring: Ring, *shape: int):
    width = 64 if ring is Z2 else ring.bits
    return RNG.integers(0, 1 << width, shape, dtype=np.uint64).astype(ring.dtype)


@pytest.mark.parametrize("ring", ALL_RINGS)
@given(data=st.data())
def test_planes_are_the_bits(ring, data):
    values = data.draw(edge_words(ring))
    lanes = unpack(planes(values), len(values))
    expected = values[None].astype(object) >> np.arange(ring.bits)[:, None] & 1
    np.testing.assert_array_equal(lanes, expected.astype(np.uint8))
    np.testing.assert_array_equal(numbers(planes(values), ring, len(values)), values)
    np.testing.assert_array_equal(unpack(pack(lanes), len(values)), lanes)


@pytest.mark.parametrize("ring", [Z2, *ALL_RINGS])
def test_products(ring):
    x, y = random_words(ring, 5, 70), random_words(ring, 5, 70)
    got, cost = secret(product, (ring, x), (ring, y))
    np.testing.assert_array_equal(got, ring.multiply(x, y))
    assert cost == reshare_cost(ring, 350)
    got, cost = secret(dot, (ring, x), (ring, y))
    np.testing.assert_array_equal(got, ring.sum(ring.multiply(x, y)))
    assert cost == reshare_cost(ring, 70)


@pytest.mark.parametrize("ring", ALL_RINGS)
@pytest.mark.parametrize("rows", [0, 1, 100, 20_000])
def test_matrix_products_are_exact_whatever_the_length(ring, rows):
    x, y = random_words(ring, 3, rows), random_words(ring, 4, rows)
    x[:1] = y[:1] = 0x8000800080008000 & (1 << ring.bits) - 1  # the largest signed digits: sums nearest to 2^53
    expected = (x[:, None] * y[None]).sum(axis=2, dtype=ring.dtype)
    np.testing.assert_array_equal(matmul(ring, x, y), expected)
    got, cost = secret(transposed_product, (ring, x), (ring, y))
    np.testing.assert_array_equal(got, expected)
    assert cost == reshare_cost(ring, 12)


@pytest.mark.parametrize("ring", ALL_RINGS)
@FEW
@given(data=st.data())
def test_signs_and_bits(ring, data):
    values = data.draw(edge_words(ring))
    count = len(values)
    got, cost = secret(sign_bits, (ring, values))
    np.testing.assert_array_equal(unpack(got, count), values >> ring.dtype.type(ring.bits - 1))
    assert cost == sign_bits_cost(ring.bits, count)
    got, cost = secret(all_bits, (ring, values))
    np.testing.assert_array_equal(numbers(got, ring, count), values)
    assert cost == all_bits_cost(ring.bits, count)


@pytest.mark.parametrize("ring", RINGS)
@FEW
@given(data=st.data())
def test_less_than_at_the_edges_of_the_ring(ring, data):
    half = (1 << (ring.bits - 2)) - 1
    element = st.sampled_from([-half, half, -1, 0, 1]) | st.integers(-half, half)
    x, y = (np.array(v) for v in zip(*data.draw(st.lists(st.tuples(element, element), min_size=1)), strict=True))
    got, _ = secret(less_than, (ring, ring.encode(x)), (ring, ring.encode(y)))
    np.testing.assert_array_equal(unpack(got, len(x)), x < y)


@pytest.mark.parametrize("small", [Z16, Z32])
@pytest.mark.parametrize("ring", RINGS)
@FEW
@given(data=st.data())
def test_widening(small, ring, data):
    if ring.bits < small.bits:
        return
    values = data.draw(edge_words(small))
    got, cost = secret(lambda s, x: widen(s, x, ring), (small, values))
    assert got.dtype == ring.dtype
    np.testing.assert_array_equal(got, values.astype(ring.dtype))
    assert cost == widen_cost(small, ring, len(values))


@pytest.mark.parametrize("count", SIZES)
def test_carry_out_costs_what_it_declares(count):
    _, cost = run(carry_out, (Z16, random_words(Z16, count)))
    assert cost == carry_out_cost(16, count)


@pytest.mark.parametrize("ring", RINGS)
@pytest.mark.parametrize("count", SIZES)
def test_bits_become_numbers(ring, count):
    bits = RNG.integers(0, 2, (4, count), dtype=np.uint8)
    weights = [1, -2, 1 << (ring.bits - 1), (1 << ring.bits) + 3]
    got, cost = secret(lambda s, b: bits_to_numbers(s, b, weights, ring, count), (Z2, pack(bits)))
    expected = [sum(w * int(b) for w, b in zip(weights, column, strict=True)) % (1 << ring.bits) for column in bits.T]
    assert got.tolist() == expected
    assert cost == bits_to_numbers_cost(ring, 4, count)


@pytest.mark.parametrize("ring", RINGS)
@pytest.mark.parametrize("count", SIZES)
def test_bits_times_values(ring, count):
    bits, values = RNG.integers(0, 2, count, dtype=np.uint8), random_words(ring, count)
    starts = np.unique(np.append(RNG.integers(0, count, 3), 0))
    got, cost = secret(lambda s, b, x: bits_dot(s, b, x, starts), (Z2, pack(bits)), (ring, values))
    np.testing.assert_array_equal(got, np.add.reduceat(bits * values, starts, dtype=ring.dtype))
    assert cost == bits_dot_cost(ring, count, len(starts))


@pytest.mark.parametrize("ring", RINGS)
@FEW
@given(data=st.data())
def test_the_maximum(ring, data):
    half = (1 << (ring.bits - 2)) - 1
    scores = np.array(data.draw(st.lists(st.sampled_from([-half, half, 0, 1]) | st.integers(-9, 9), min_size=1)))
    got, cost = secret(maximum, (ring, ring.encode(scores)))
    assert ring.decode(got).tolist() == [scores.max()]
    assert cost == maximum_cost(ring, len(scores))


def test_random_words_against_constants():
    words = random_words(Z2, 100)
    constants = [0, 1, 2**64 - 1, 2**63, int(words[3]), int(words[4]) + 1, 0x0123456789ABCDEF]
    program = partial(below_constants, constants=constants)
    got, cost = secret(program, (Z2, np.stack([planes(words)] * len(constants))))
    np.testing.assert_array_equal(unpack(got, 100), [[int(w) < t for w in words] for t in constants])
    assert cost == below_constants_cost(len(constants), 2)
    assert cost.sent[0] == len(constants) * 89 * 2 * 8
    for constant in (-1, 2**64):
        with pytest.raises(UsageError, match="between 0 and 2"):
            secret(partial(below_constants, constants=[constant]), (Z2, planes(words)[None]))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 13])
def test_trees_of_and(count):
    bits = random_words(Z2, count, 2) | random_words(Z2, count, 2)
    got, cost = secret(all_of, (Z2, bits))
    np.testing.assert_array_equal(got, np.bitwise_and.reduce(bits, axis=0))
    assert cost == all_of_cost(count, 2)


@pytest.mark.parametrize("widths", [[1], [3], [8, 7], [5, 2, 8]])
def test_one_hot_codes(widths):
    bits = [RNG.integers(0, 2, (w, 130), dtype=np.uint8) for w in widths]
    parts, cost = run(lambda s, *b: demux(s, list(b)), *[(Z2, pack(b)) for b in bits])
    assert cost == demux_cost(widths, 3)
    for i, (width, value) in enumerate(zip(widths, bits, strict=True)):
        code = np.bitwise_xor.reduce([p[i].pair[0] for p in parts])
        number = (value.astype(int) << np.arange(width)[:, None]).sum(axis=0)
        np.testing.assert_array_equal(unpack(code, 130), np.arange(1 << width)[:, None] == number)


@pytest.mark.parametrize("words", [1, 3, 7])
@pytest.mark.parametrize("density", [0.0, 0.01, 0.5, 1.0])
def test_the_first_of_many(words, density):
    lanes = words * 64
    valid = (RNG.random(lanes) < density).astype(np.uint8)
    payload = RNG.integers(0, 2, (5, lanes), dtype=np.uint8)
    got, cost = secret(first_of, (Z2, pack(valid)), (Z2, pack(payload)))
    expected = [1, *payload[:, valid.argmax()]] if valid.any() else [0] * 6
    # All lanes but the first are zero: an opening shows the winner and nothing else.
    assert got[:, 0].tolist() == expected
    assert cost == first_of_cost(words, 5)


@pytest.mark.parametrize("ring", [Z2, *ALL_RINGS])
def test_openings_and_public_terms(ring):
    x, term = random_words(ring, 9), random_words(ring, 9)
    values, cost = run(lambda s, v: open_all(s, v.plus(s.party, term).times(term)), (ring, x))
    for value in values:
        np.testing.assert_array_equal(value, ring.multiply(ring.add(x, term), term))
    assert cost == open_cost(ring, 9)


def test_uniform_secrets_are_consistent_and_differ():
    async def program(session):
        return session.uniform(Z64, (50,))

    (first, _), (second, _) = (secret(program) for _ in range(2))
    assert len({*first.tolist(), *second.tolist()}) == 100


def test_keys_are_agreed_in_one_round():
    async def program(session) -> Shares:
        fresh = await establish(session.channel)
        return await product(fresh, fresh.uniform(Z32, (3,)), fresh.uniform(Z32, (3,)))

    _, cost = secret(program)
    assert (cost.rounds, cost.sent) == (2, (44, 44, 44))


def test_words_for_lanes():
    assert [words_for(n) for n in (0, 1, 64, 65)] == [0, 1, 1, 2]
