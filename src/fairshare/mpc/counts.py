"""The marginals of a run, as shares: those of up to two columns made once, larger ones on demand, all kept.

A record's columns lie with one holder or with several. A marginal is the sum of what single holders counted
themselves, and of the records whose columns it needs from several holders, which are counted here.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise, product

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import InternalError, UsageError
from fairshare.marginals import Clique, Domain
from fairshare.marginals.coarsening import coarse_sum
from fairshare.mpc.alignment import Alignment, align
from fairshare.mpc.contribution import Contribution
from fairshare.mpc.conversion import widen
from fairshare.mpc.marginals import joined_rows, pair_counts
from fairshare.mpc.ring import Ring
from fairshare.mpc.rounds import together
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares, concatenate
from fairshare.mpc.terms import Owner, Terms
from fairshare.mpc.vetting import Shared, vet

__all__ = ["SecretMarginals"]

#: Words of the largest block of joined rows (one server's memory, and its traffic for one marginal): 1 GB.
_MAX_JOINED = 1 << 28


class SecretMarginals:
    """One server's shares of all marginals.

    Args:
        terms: the agreed facts.
        contributions: one from each owner.

    Raises:
        DataError: the owners' records do not fit together; see ``align``.
    """

    def __init__(self, terms: Terms, contributions: Mapping[str, Contribution]) -> None:
        self._terms = terms
        self._parts = [o for o in terms.owners if not terms.is_whole(o)]
        self._rows = {o.name: _rows(contributions[o.name]) for o in self._parts}
        hashes = {o.name: h for o in self._parts if (h := contributions[o.name].hashes) is not None}
        columns = {o.name: o.attributes for o in self._parts}
        self._alignment = align(hashes, columns) if hashes else Alignment(0, {})
        self._known: dict[Clique, Shares] = {}
        self._counted = {o.name: frozenset(terms.shared(o)) for o in terms.owners}
        self._own = {o.name: self._unpacked(o, contributions[o.name].counts.shares()) for o in terms.owners}

    def _unpacked(self, owner: Owner, counts: Shares) -> dict[Clique, Shares]:
        cliques = self._terms.shared(owner)
        ends = np.cumsum([0, *(self._terms.domain.cells(c) for c in cliques)])
        return {c: counts[a:b] for c, (a, b) in zip(cliques, pairwise(ends), strict=True)}

    async def prepare(self, session: Session) -> None:
        """Vet what was shared, and make all marginals of one and two columns, a matrix product for each two holders.

        Cost: ``vet_cost``; then one round and one small word a cell for all pairs, and ``conversion.widen``.

        Raises:
            DataError: a holder shared something else than a table; see ``vet``.
        """
        holdings = [Shared(o, self._own[o.name], self._rows.get(o.name)) for o in self._terms.owners]
        await vet(session, self._terms, holdings)
        for k in (1, 2):
            for clique in combinations(self._terms.domain.attributes, k):
                self._known[clique] = self._own_sum(clique, self._zero(clique))
        pairs = [p for p in combinations(self._parts, 2) if len(self._alignment.common([o.name for o in p])[0])]
        blocks = [self._blocks(left, right) for left, right in pairs]
        products = await together(*(pair_counts(session, x, y, self._terms.ring) for x, y in blocks))
        for (left, right), counts in zip(pairs, products, strict=True):
            self._take(left, right, counts)

    def _blocks(self, left: Owner, right: Owner) -> tuple[Shares, Shares]:
        """Both owners' rows of the records that they have in common."""
        mine, theirs = self._alignment.common([left.name, right.name])
        return self._rows[left.name][:, mine], self._rows[right.name][:, theirs]

    def _own_sum(self, clique: Clique, start: Shares) -> Shares:
        for own in self._own.values():
            if clique in own:
                start = start + own[clique]
        return start

    def _take(self, left: Owner, right: Owner, counts: Shares) -> None:
        """Cut the product of two owners' blocks into its pairs of columns."""
        domain = self._terms.domain
        rows, columns = _slices(domain, left), _slices(domain, right)
        for a in left.attributes:
            for b in right.attributes:
                if a == b:
                    continue
                pair = counts[rows[a], columns[b]].pair
                clique = domain.clique((a, b))
                cells = np.ascontiguousarray(pair if clique == (a, b) else pair.transpose(0, 2, 1))
                part = Shares(counts.ring, cells.reshape(2, -1))
                self._known[clique] = self._known[clique] + part

    def check(self, cliques: Sequence[Clique]) -> None:
        """Refuse marginals that cannot be made, before anything is charged for them.

        Raises:
            UsageError: rows to be joined are too many.
        """
        for clique in cliques:
            if clique in self._known or not clique:
                continue
            joined = self._terms.domain.cells(clique) // max(self._terms.domain.sizes(clique))
            # By the plan's cap and not by the number of records, which the driver could find out by asking.
            most = self._terms.most_rows
            if self._parts and joined * most > _MAX_JOINED:
                raise UsageError(
                    f"marginal {clique} needs {joined} joined codes of up to {most} records, and may need "
                    f"{_MAX_JOINED} words at most; ask for smaller marginals, or agree on a plan with a lower cap of "
                    "rows"
                )

    async def counts(
        self, session: Session, cliques: Sequence[Clique], maps: Mapping[str, NDArray[np.int64]], ring: Ring
    ) -> Shares:
        """Counts of several marginals over coarser codes, one after the other, shape (cells,) of ``ring``.

        Cost: nothing for marginals that are known; ``joined_rows_cost`` and ``pair_counts_cost`` for others, once;
        ``widen_cost`` of the cells for a larger ring.
        """
        for clique in cliques:
            if clique and clique not in self._known:
                self._known[clique] = await self._made(session, clique)
        return await widen(session, concatenate([self._coarse(c, maps) for c in cliques]), ring)

    def _coarse(self, clique: Clique, maps: Mapping[str, NDArray[np.int64]]) -> Shares:
        domain, ring = self._terms.domain, self._terms.ring
        if not clique:  # the number of records
            return self._known[domain.attributes[:1]].sum().reshape(1)
        fine = self._known[clique]
        if not any(a in maps for a in clique):
            return fine
        sizes = domain.sizes(clique)
        shape = (2, *(len(np.unique(maps[a])) if a in maps else n for a, n in zip(clique, sizes, strict=True)))
        coarse = coarse_sum(fine.pair.reshape(2, *sizes), [None, *(maps.get(a) for a in clique)], shape)
        return Shares(ring, coarse.reshape(2, -1))

    async def _made(self, session: Session, clique: Clique) -> Shares:
        """A marginal of more than two columns: own counts, and joined rows for each way in which owners cover it.

        A record has one owner of each column, so it falls under exactly one way.
        """
        ring = self._terms.ring
        total = self._own_sum(clique, self._zero(clique))
        ways = product(*([o for o in self._parts if a in o.attributes] for a in clique)) if self._parts else []
        for owners in ways:
            if len(set(owners)) == 1 and clique in self._counted[owners[0].name]:
                continue
            blocks = self._columns(clique, owners)
            if blocks[0].shape[1]:
                total = total + await _joint_counts(session, blocks, ring)
        return total

    def _zero(self, clique: Clique) -> Shares:
        ring = self._terms.ring
        return Shares(ring, np.zeros((2, self._terms.domain.cells(clique)), dtype=ring.dtype))

    def _columns(self, clique: Clique, owners: Sequence[Owner]) -> list[Shares]:
        """One-hot rows of each column, over the records that all of these owners have."""
        names = list(dict.fromkeys(o.name for o in owners))
        places = dict(zip(names, self._alignment.common(names), strict=True))
        cuts = [_slices(self._terms.domain, owner)[a] for a, owner in zip(clique, owners, strict=True)]
        return [self._rows[o.name][cut][:, places[o.name]] for o, cut in zip(owners, cuts, strict=True)]


def _rows(contribution: Contribution) -> Shares:
    if contribution.rows is None:
        raise InternalError(f"contribution of {contribution.owner} has no rows")
    return contribution.rows.shares()


def _slices(domain: Domain, owner: Owner) -> dict[str, slice]:
    """Where each column's codes lie in an owner's block."""
    ends = np.cumsum([0, *domain.sizes(owner.attributes)])
    return {a: slice(start, stop) for a, (start, stop) in zip(owner.attributes, pairwise(ends), strict=True)}


async def _joint_counts(session: Session, blocks: Sequence[Shares], ring: Ring) -> Shares:
    """Counts of the joined codes of some columns, shape (cells,): all but the largest are joined record by record."""
    last = max(range(len(blocks)), key=lambda i: len(blocks[i]))
    others = [i for i in range(len(blocks)) if i != last]
    left = blocks[others[0]]
    for i in others[1:]:
        left = await joined_rows(session, left, blocks[i])
    counts = await pair_counts(session, left, blocks[last], ring)
    order = [*others, last]
    cube = counts.pair.reshape(2, *(len(blocks[i]) for i in order))
    turned = cube.transpose(0, *(1 + order.index(i) for i in range(len(blocks))))
    return Shares(ring, np.ascontiguousarray(turned).reshape(2, -1))
