"""What holders share is checked on the shares: every false table is refused by name, and honest ones show nothing."""

from dataclasses import replace

import numpy as np
import pytest
from small_runs import DOMAIN, HORIZONTAL, MIXED, VERTICAL, contributions_for, table, terms_for

from fairshare.errors import DataError, PeerError
from fairshare.mpc import vetting
from fairshare.mpc.contribution import Contribution
from fairshare.mpc.holding import deal
from fairshare.mpc.marginals import one_hot
from fairshare.mpc.simulate import SimulatedServers


def counts_with(terms, change, owner="north"):
    """The contribution of a whole holder whose cells were changed: {clique: array} in, changed in place."""
    cells = {c: np.zeros(DOMAIN.sizes(c), dtype=np.int64) for c in terms.shared(terms.owner(owner))}
    codes = table(30, seed=3)
    for clique, counts in cells.items():
        np.add.at(counts, tuple(codes[a] for a in clique), 1)
    change(cells)
    flat = np.concatenate([counts.reshape(-1) for counts in cells.values()])
    parts = deal(terms.ring, terms.ring.encode(flat))
    return tuple(Contribution(owner=owner, terms=terms.digest, counts=part) for part in parts)


def consistent(cells, pair, **moved):
    """Add to cells of a pair of columns, and to every marginal inside it."""
    for place, amount in zip(moved["places"], moved["amounts"], strict=True):
        cells[pair][place] += amount
        for axis in (0, 1):
            cells[pair[axis : axis + 1]][place[axis]] += amount


def negative(cells):
    """Three rows' worth of nobody: every marginal and the total fit together."""
    consistent(cells, ("a", "b"), places=[(0, 0), (1, 1), (0, 1), (1, 0)], amounts=[-40, -40, 40, 40])


def wrapped(cells):
    """Two halves of the ring: zero in every sum."""
    cells["a", "b"][0] += 2**31


def too_many(cells):
    """101 rows where 100 are agreed."""
    for counts in cells.values():
        counts.reshape(-1)[0] += 71


def unequal(cells):
    """A pair that says something else than its columns."""
    cells["a", "b"][0, 0] += 1


def another_total(cells):
    """A column with one row more than the others have, as have its pairs' rows."""
    cells[("c",)][0] += 1


@pytest.mark.parametrize("lie", [negative, wrapped, too_many, unequal, another_total])
@pytest.mark.parametrize("bits", [32, 64])
def test_false_counts_are_refused_by_name(lie, bits):
    terms = terms_for(least_bits=bits)
    honest = contributions_for(terms, table())
    with pytest.raises(DataError, match="what north shared is no table of at most 100 rows"):
        SimulatedServers(terms, [counts_with(terms, lie), honest[1]], deadline=5.0)
    SimulatedServers(terms, [counts_with(terms, lambda _: None), honest[1]], deadline=5.0)


def heavy(block):
    block[0, 5], block[1, 5], block[2, 5] = 2, 0, -1


def absent(block):
    block[:3, 5] = 0


def doubled(block):
    block[:3, 5] = 1


def high_bit(block):
    """x^2 - x is the ring's top bit: half of all random sums miss it."""
    block[0, 5], block[1, 5], block[2, 5] = 2**15, 2**15 + 1, 0


@pytest.mark.parametrize("lie", [heavy, absent, doubled, high_bit])
@pytest.mark.parametrize("held", [VERTICAL, MIXED])
def test_false_rows_are_refused_by_name(lie, held):
    terms, codes = terms_for(held), table()
    made = contributions_for(terms, codes)
    place = next(i for i, o in enumerate(terms.owners) if o.name == "left")
    records = made[place][0].rows.shape[1]
    fake = one_hot([codes["a"][:records], codes["b"][:records]], [3, 2], terms.row_ring).astype(np.int64)
    lie(fake)
    blocks = deal(terms.row_ring, terms.row_ring.encode(fake))
    made[place] = tuple(replace(part, rows=block) for part, block in zip(made[place], blocks, strict=True))
    with pytest.raises(DataError, match="what left shared is no table"):
        SimulatedServers(terms, made, deadline=5.0)


def test_counts_of_other_rows_than_were_shared_are_refused():
    terms = terms_for(VERTICAL)
    made, fewer = contributions_for(terms, table(40)), contributions_for(terms, table(39))
    made[0] = tuple(replace(part, counts=other.counts) for part, other in zip(made[0], fewer[0], strict=True))
    with pytest.raises(DataError, match="what left shared is no table"):
        SimulatedServers(terms, made, deadline=5.0)


@pytest.mark.parametrize("field", ["counts", "rows"])
def test_different_shares_for_two_servers_are_refused_by_name(field):
    terms = terms_for(VERTICAL)
    made = contributions_for(terms, table())
    parcel = getattr(made[1][2], field)
    sent = parcel.sent[0].copy()
    sent[0] += 1
    made[1] = (*made[1][:2], replace(made[1][2], **{field: replace(parcel, sent=(sent, parcel.sent[1]))}))
    with pytest.raises(PeerError, match="right sent servers 1 and 2 different shares"):
        SimulatedServers(terms, made, deadline=5.0)


@pytest.mark.parametrize("held", [HORIZONTAL, VERTICAL, MIXED])
def test_an_honest_table_opens_zeros_only(held, monkeypatch):
    seen, real = [], vetting.open_all

    async def recorded(session, x):
        words = await real(session, x)
        seen.append((x.size, words))
        return words

    monkeypatch.setattr(vetting, "open_all", recorded)
    monkeypatch.setattr(vetting, "_BATCH", 64)  # several batches
    monkeypatch.setattr(vetting, "_RECORDS", 7)
    terms = terms_for(held)
    SimulatedServers(terms, contributions_for(terms, table(75)), deadline=5.0)
    coins = [words for size, words in seen if size == 4]
    checks = [words for size, words in seen if size != 4]
    assert len(coins) == 3
    assert len(checks) == 3 * sum(2 if columns == "abc" else 4 for _, columns in held)
    assert not any(words.any() for words in checks)
