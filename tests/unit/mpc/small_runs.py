"""A small consortium of three simulated servers, for tests of what they answer and refuse."""

import numpy as np

from fairshare.marginals import Domain
from fairshare.mpc.alignment import record_hashes
from fairshare.mpc.contribution import contribute
from fairshare.mpc.requests import Answer, Measure, Offers, Score, Select
from fairshare.mpc.server import Server
from fairshare.mpc.simulate import SimulatedServers
from fairshare.mpc.terms import SLACK_SHARE, Owner, Terms
from fairshare.privacy import Budget, PrivacyUnit

DOMAIN = Domain.from_sizes({"a": 3, "b": 2, "c": 4})
RUN_KEY = bytes(range(32))
HORIZONTAL = (("north", "abc"), ("south", "abc"))
VERTICAL = (("left", "ab"), ("right", "c"))
MIXED = (("whole", "abc"), ("left", "ab"), ("right", "c"))


def terms_for(held=HORIZONTAL, *, epsilon=8.0, delta=1e-3, relation="replace-one", share=SLACK_SHARE, **more) -> Terms:
    return Terms(
        domain=DOMAIN,
        budget=Budget(epsilon=epsilon, delta=delta, slack_share=share),
        unit=PrivacyUnit(relation=relation),
        owners=tuple(Owner(name=n, attributes=tuple(columns), most_rows=100) for n, columns in held),
        **more,
    )


def table(rows=40, seed=0) -> dict:
    rng = np.random.default_rng(seed)
    return {a: rng.integers(0, n, rows).astype(np.uint8) for a, n in zip(DOMAIN, DOMAIN.shape, strict=True)}


def contributions_for(terms: Terms, codes: dict) -> list:
    """Whole owners have a share of the rows each; the others have the rest, in different orders."""
    rows, whole = np.arange(len(codes["a"])), [o for o in terms.owners if terms.is_whole(o)]
    parts = np.array_split(rows, len(whole) + (1 if terms.split else 0))
    own = dict(zip((o.name for o in whole), parts, strict=False))
    made = []
    for place, owner in enumerate(terms.owners):
        order = own.get(owner.name)
        if order is None:
            order = np.roll(parts[-1], place)
            hashes = record_hashes([int(i) for i in order], RUN_KEY)
        else:
            hashes = None
        made.append(contribute(terms, owner.name, {a: codes[a][order] for a in owner.attributes}, hashes))
    return made


def run_for(terms: Terms | None = None, codes: dict | None = None, **servers) -> SimulatedServers:
    terms = terms or terms_for()
    made = [Server(terms, p, **servers) for p in range(3)]
    return SimulatedServers(terms, contributions_for(terms, codes or table()), servers=made, deadline=5.0)


def counts_of(codes: dict, clique: tuple) -> np.ndarray:
    exact = np.zeros(DOMAIN.sizes(clique), dtype=np.int64)
    np.add.at(exact, tuple(codes[a] for a in clique), 1)
    return exact.reshape(-1)


def measure(cliques=(("a", "c"),), sigmas=(20.0,), maps=None) -> Measure:
    return Measure(cliques=cliques, sigmas=sigmas, maps=maps or {})


def offers(cliques=(("a",), ("a", "b")), *, estimates=None, weights=(1, 2), penalties=(0, 3)) -> Offers:
    cells = sum(DOMAIN.cells(c) for c in cliques)
    known = np.full(cells, 5) if estimates is None else np.asarray(estimates)
    return Offers(cliques=cliques, estimates=known.astype(np.int64), weights=weights, penalties=penalties)


def select(epsilon=0.5, **more) -> Select:
    return Select(offers=offers(**more), epsilon=epsilon)


def score(sigma=30.0, **more) -> Score:
    return Score(offers=offers(**more), sigma=sigma)


def answered(replies) -> np.ndarray:
    """The one answer of all three servers."""
    assert all(isinstance(r, Answer) for r in replies), replies
    assert len({r.head for r in replies}) == 1
    for reply in replies[1:]:
        np.testing.assert_array_equal(reply.values, replies[0].values)
    return replies[0].values
