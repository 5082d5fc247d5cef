"""Is what a holder shared a table at all? Checked on the shares, before anything is computed with them.

A holder that shares no counts and no one-hot rows, but numbers of its choice, could make a sum wrap around the ring or
give a record more than its weight, and with it break what is promised to the people of *other* holders. So the servers
make sure, for each holder, that

- both servers that have a summand have the same one,
- rows are one-hot: x^2 - x = 0 for each entry, and the entries of a column add up to 1 in each record,
- counts fit together: a marginal summed over its last column is the marginal of the others, and all have one total,
- counts are at least 0, and their running sums at most the holder's cap.

By induction along a running sum neither it nor a count wraps, so each marginal's total is in [0, cap] as an integer.

Privacy:
    Opened are public coins, drawn after all have shared, and random sums of what is zero if the holder is honest; so
    nothing is learnt of an honest holder. What breaks one of the rules passes with probability 2^-40 at most: a random
    sum of values that are not all zero is zero with probability 1/2 at most, in any ring. The rules bound what other
    holders' people can change. They do not make a holder's own numbers true, nor its pairs agree in every way.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairshare.errors import DataError, PeerError
from fairshare.marginals import Clique
from fairshare.mpc.arithmetic import local_product
from fairshare.mpc.bits import pack, unpack, words_for
from fairshare.mpc.carries import sign_bits, sign_bits_cost
from fairshare.mpc.cost import FREE, Cost, everyone
from fairshare.mpc.keys import Stream
from fairshare.mpc.matrix import matmul
from fairshare.mpc.opening import open_all, open_cost
from fairshare.mpc.ring import Z2, Z64, Array, Ring
from fairshare.mpc.rounds import messages, together
from fairshare.mpc.session import Session, reshare_cost
from fairshare.mpc.shares import Shares, concatenate
from fairshare.mpc.terms import Owner, Terms

__all__ = ["Shared", "same_summands", "same_summands_cost", "vet", "vet_cost"]

#: Random sums of each check; a false table passes all of them with probability 2^-40.
_SUMS = 40
_DIGEST_BYTES = 32
_SEED_WORDS = 4
#: Comparisons, and records, at once: bounds memory.
_BATCH, _RECORDS = 1 << 19, 1 << 14


@dataclass(frozen=True, eq=False)
class Shared:
    """What one server has of one holder.

    Attributes:
        owner: the holder.
        counts: its own marginals.
        rows: its one-hot rows, shape (codes of all its columns, records), where columns are split.
    """

    owner: Owner
    counts: Mapping[Clique, Shares]
    rows: Shares | None


async def same_summands(session: Session, digests: Mapping[str, tuple[bytes, bytes]]) -> None:
    """Make sure that each holder gave both servers of a summand the same one.

    Cost: one round, 32 bytes a holder. Security: a digest is of what the receiver should have itself.

    Args:
        session: this server.
        digests: of each holder's summands i and i + 1.

    Raises:
        PeerError: names the holder and the two servers.
    """
    session.channel.send(session.after, b"".join(following for _, following in digests.values()))
    await messages()
    told = session.channel.receive(session.before, _DIGEST_BYTES * len(digests))
    for place, (name, (own, _)) in enumerate(digests.items()):
        if told[_DIGEST_BYTES * place :][:_DIGEST_BYTES] != own:
            raise PeerError(
                f"{name} sent servers {session.before} and {session.party} different shares, or one of the two is "
                "faulty; nothing was computed: end the run"
            )


def same_summands_cost(owners: int) -> Cost:
    """Cost of ``same_summands``."""
    return everyone(_DIGEST_BYTES * owners)


async def vet(session: Session, terms: Terms, holdings: Sequence[Shared]) -> None:
    """Check all holders' shares.

    Cost: ``vet_cost``: some ten rounds, about 16 bytes a count.

    Raises:
        DataError: names the holder whose shares are no table.
    """
    coins = await _public_coins(session, len(holdings))
    sums = await together(*(_sums(session, terms, h, c) for h, c in zip(holdings, coins, strict=True)))
    # Opened: random sums of zeros, for every honest holder.
    opened = await together(*(together(*(open_all(session, s) for s in own)) for own in sums))
    for held, found in zip(holdings, opened, strict=True):
        if any(part.any() for part in found):
            raise DataError(
                f"what {held.owner.name} shared is no table of at most {held.owner.most_rows} rows under the plan's "
                "schema; it must share again, with an unchanged program, in a new run"
            )


def vet_cost(terms: Terms, records: Mapping[str, int]) -> Cost:
    """Cost of ``vet``; ``records`` of each holder of some columns."""
    work = opening = FREE
    for owner in terms.owners:
        cells = 2 * sum(terms.domain.cells(c) for c in terms.shared(owner))
        signs = FREE
        for start in range(0, cells, _BATCH):
            signs += sign_bits_cost(terms.ring.bits, min(_BATCH, cells - start))
        opening = opening.beside(open_cost(Z2, _SUMS)).beside(open_cost(terms.ring, _SUMS))
        if owner.name in records:
            entries = _SUMS * sum(terms.domain.sizes(owner.attributes))
            signs = signs.beside(reshare_cost(terms.row_ring, entries))
            ones = _SUMS * len(owner.attributes)
            opening = opening.beside(open_cost(terms.row_ring, entries)).beside(open_cost(terms.row_ring, ones))
        work = work.beside(signs)
    return open_cost(Z64, _SEED_WORDS) + work + opening


async def _public_coins(session: Session, streams: int) -> list[Stream]:
    """Streams of coins that all three servers see, and that no holder could foresee."""
    # Opened: a fresh uniform secret that serves for nothing else.
    seed = (await open_all(session, session.uniform(Z64, (_SEED_WORDS,)))).tobytes()
    return [Stream(hashlib.sha256(seed + place.to_bytes(4)).digest()) for place in range(streams)]


async def _sums(session: Session, terms: Terms, held: Shared, coins: Stream) -> list[Shares]:
    """Secrets that are zero if the holder is honest."""
    checks = [_fits(session, held, coins), _ranges(session, terms, held, coins)]
    if held.rows is not None:
        checks.append(_one_hot(session, terms, held.owner, held.rows, coins))
    return [part for parts in await together(*checks) for part in parts]


async def _fits(session: Session, held: Shared, coins: Stream) -> list[Shares]:
    """Each marginal against the one without its last column; each column's total against the first's."""
    counts, differences = held.counts, []
    total = counts[held.owner.attributes[:1]].sum().reshape(1)
    for clique, own in counts.items():
        if len(clique) > 1:
            rest = counts[clique[:-1]]
            differences.append(own.reshape(len(rest), -1).sum(axis=1) - rest)
        else:
            differences.append(own.sum().reshape(1) - total)
    if held.rows is not None:
        differences.append(total.plus(session.party, total.ring.encode(np.array([-held.rows.shape[1]]))))
    return [_random_sums(concatenate(differences), coins)]


async def _ranges(session: Session, terms: Terms, held: Shared, coins: Stream) -> list[Shares]:
    """Signs of all counts, and of the room that running sums along the last column leave under the cap."""
    ring, parts = terms.ring, []
    cap = ring.encode(np.array(held.owner.most_rows))
    for clique, own in held.counts.items():
        lines = own.pair.reshape(2, -1, terms.domain.sizes(clique)[-1])
        running = Shares(ring, np.add.accumulate(lines, axis=2, dtype=ring.dtype).reshape(2, -1))
        parts += [own, running.times(ring.encode(np.array(-1))).plus(session.party, cap)]
    numbers = concatenate(parts)
    total = Shares(Z2, np.zeros((2, _SUMS), dtype=Z2.dtype))
    for start in range(0, len(numbers), _BATCH):
        some = numbers[start : start + _BATCH]
        signs = await sign_bits(session, some)
        masks = coins.draw(Z2, (_SUMS, words_for(len(some))))
        masks = masks & pack(np.ones(len(some), dtype=np.uint8))  # padding lanes hold anything
        total = total + Shares(Z2, np.stack([Z2.sum(masks & word, axis=1) for word in signs.pair]))
    return [total]


async def _one_hot(session: Session, terms: Terms, owner: Owner, rows: Shares, coins: Stream) -> list[Shares]:
    """Over random sets of records: sums of x^2 - x of each code, and of (entries - 1) of each column."""
    ring, codes = rows.ring, len(rows)
    squares = np.zeros((codes, _SUMS), dtype=ring.dtype)
    linear = Shares(ring, np.zeros((2, codes, _SUMS), dtype=ring.dtype))
    chosen = np.zeros(_SUMS, dtype=ring.dtype)
    for start in range(0, rows.shape[1], _RECORDS):
        block = rows[:, start : start + _RECORDS]
        sets = _coins_of(coins, block.shape[1], ring)
        squares += matmul(ring, local_product(block, block), sets)
        linear = linear + _times(block, sets)
        chosen += ring.sum(sets, axis=1)
    columns = np.cumsum([0, *terms.domain.sizes(owner.attributes)])[:-1]
    ones = Shares(ring, np.add.reduceat(linear.pair, columns, axis=1, dtype=ring.dtype))
    entries = await session.reshare(ring, ring.subtract(squares, linear.pair[0]))
    missing = ones.plus(session.party, ring.subtract(ring.encode(np.zeros(1, dtype=np.int64)), chosen))
    return [entries.reshape(-1), missing.reshape(-1)]


def _random_sums(values: Shares, coins: Stream) -> Shares:
    """Sums over random sets of entries: shape (n,) to (sums,)."""
    total = Shares(values.ring, np.zeros((2, 1, _SUMS), dtype=values.ring.dtype))
    for start in range(0, len(values), _BATCH):
        some = values[start : start + _BATCH]
        total = total + _times(some[None], _coins_of(coins, len(some), values.ring))
    return total.reshape(_SUMS)


def _times(values: Shares, sets: Array) -> Shares:
    return Shares(values.ring, np.stack([matmul(values.ring, summand, sets) for summand in values.pair]))


def _coins_of(coins: Stream, count: int, ring: Ring) -> Array:
    """Zeros and ones of the ring, shape (sums, count)."""
    return unpack(coins.draw(Z2, (_SUMS, words_for(count))), count).astype(ring.dtype)
