"""One of the three servers: shares in, noisy answers out, and a ledger of its own. It knows no transport.

::

    collecting --accept each holder's contribution--> ready --begin--> serving --answer(Finish)--> finished
                                                                  any failure --> broken

Privacy:
    The driver is trusted for usefulness only. For each request the server itself checks it against the terms, computes
    sensitivity, rho and the samplers' distance (``tasks``), makes sure that the others were asked the very same thing
    at the same point of the same run, charges its own ledger, and only then takes part in the protocol. So no driver
    can make honest ledgers contradict each other. Noise and coins are made inside the call, or ahead of it from public
    history, and dropped after it, so they can be used once only. What fails after a charge ends the run: nothing is
    refunded, nothing is drawn again.
"""

import hashlib
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import BudgetError, PeerError, UsageError
from fairshare.marginals.limits import GRAIN
from fairshare.mpc.answers import release
from fairshare.mpc.contribution import Contribution
from fairshare.mpc.conversion import widen
from fairshare.mpc.counts import SecretMarginals
from fairshare.mpc.randomness import Randomness
from fairshare.mpc.requests import Answer, Finish, Request
from fairshare.mpc.rounds import both, messages
from fairshare.mpc.scores import absolute_errors, weighted
from fairshare.mpc.select import select
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares
from fairshare.mpc.tape import SecretTape, Tape
from fairshare.mpc.tasks import MeasureTask, ScoreTask, SelectTask, Task, task_of
from fairshare.mpc.terms import Terms
from fairshare.mpc.vetting import same_summands
from fairshare.privacy import Entropy, Event, Ledger, OsEntropy

__all__ = ["Account", "Server", "State"]

State = Literal["collecting", "ready", "serving", "finished", "broken"]

#: No acceptance in so many selections running has probability below 2^-180.
_RETRIES = 4
_HASH_BYTES = 32


class Account(Protocol):
    """What a server needs of a ledger; a durable one writes before ``charge`` returns."""

    @property
    def head(self) -> str:
        """Hash of the whole history."""
        ...

    def charge(self, event: Event) -> object:
        """Record a spend, or raise ``BudgetError`` and record nothing."""
        ...


class Server:
    """The state of one server in one run.

    Args:
        terms: what is enforced.
        party: 0, 1 or 2.
        ledger: its own account; one in memory when not given.
        tape: source of secret words; only tests have a reason to give one.
        entropy: of this server's own noise in ``distributed`` mode.

    Attributes:
        state: where the run is.
        missing: owners who have not contributed yet.
    """

    def __init__(
        self,
        terms: Terms,
        party: int,
        *,
        ledger: Account | None = None,
        tape: Tape | None = None,
        entropy: Entropy | None = None,
    ) -> None:
        self.terms = terms
        self.party = party
        self.ledger: Account = Ledger(terms.budget, terms.unit) if ledger is None else ledger
        self.state: State = "collecting"
        self._randomness = Randomness(
            terms.noise, SecretTape() if tape is None else tape, OsEntropy() if entropy is None else entropy
        )
        self._contributions: dict[str, Contribution] = {}
        self.missing: tuple[str, ...] = tuple(o.name for o in terms.owners)
        self._marginals: SecretMarginals | None = None
        self._calls = 0

    def accept(self, contribution: Contribution) -> None:
        """Take one holder's contribution. The caller vouches that it came from that holder.

        Raises:
            UsageError: the holder is unknown or has contributed before, or all have.
            PeerError: it was made for another server or for other terms.
        """
        self.terms.owner(contribution.owner)
        if contribution.party != self.party or contribution.terms != self.terms.digest:
            raise PeerError(f"contribution of {contribution.owner} is for another server or plan")
        if contribution.owner not in self.missing:
            raise UsageError(f"{contribution.owner} has contributed already; each holder shares once")
        self._contributions[contribution.owner] = contribution
        self.missing = tuple(name for name in self.missing if name != contribution.owner)
        if not self.missing:
            self.state = "ready"

    async def begin(self, session: Session) -> None:
        """Align records, vet what holders shared, and make the secret marginals, once.

        Raises:
            DataError: the holders' records do not fit together.
            PeerError: another server failed, or holders sent servers different things.
        """
        if self.state != "ready":
            raise UsageError(
                f"state ({self.state}) must be ready; still missing: {', '.join(self.missing) or 'nobody'}"
            )
        self.state = "broken"  # until it has gone well
        await _agree(session, self._public())
        await same_summands(session, {o.name: self._contributions[o.name].digests for o in self.terms.owners})
        self._marginals = SecretMarginals(self.terms, self._contributions)
        self._contributions.clear()
        await self._marginals.prepare(session)
        self.state = "serving"

    def _public(self) -> bytes:
        """Hash of what all three servers must have received alike."""
        digest = hashlib.sha256(self.terms.digest.encode() + self.ledger.head.encode())
        for owner in self.terms.owners:
            hashes = self._contributions[owner.name].hashes
            digest.update(b"" if hashes is None else hashlib.sha256(hashes.tobytes()).digest())
        return digest.digest()

    async def answer(self, session: Session, request: Request) -> Answer:
        """Check, charge, compute, open.

        Raises:
            UsageError: the request is out of range, or the run is not at this point; nothing was charged or opened.
            BudgetError: the ledger does not cover it; nothing was charged or opened.
            PeerError: another server failed, lied, or was asked something else; the run is over and what was charged
                is burnt.
        """
        marginals = self._serving()
        if isinstance(request, Finish):
            self.state, self._marginals = "finished", None
            return Answer(values=np.zeros(0, dtype=np.int64), head=self.ledger.head)
        task = task_of(self.terms, request)
        marginals.check(task.cliques)
        self.state = "broken"  # until the call has gone well
        place = f"{self.terms.digest}:{self._calls}:{self.ledger.head}".encode()
        await _agree(session, hashlib.sha256(place + request.to_bytes()).digest())
        self._charge(task.event)
        values = await self._computed(session, marginals, task)
        self._randomness.answered(task, winner=int(values[0]) if isinstance(task, SelectTask) else 0)
        self.state = "serving"
        return Answer(values=values, head=self.ledger.head)

    async def make_ahead(self, session: Session) -> None:
        """Make the randomness that the next call will probably need. All servers do, after the same call, or none.

        Raises:
            PeerError: another server failed; the run is over.
        """
        if self.state == "serving":
            self.state = "broken"  # until it has gone well
            await self._randomness.make_ahead(session)
            self.state = "serving"

    def _charge(self, event: Event) -> None:
        """Charge what all three have agreed to be asked; equal ledgers refuse alike, and the run goes on."""
        try:
            self.ledger.charge(event)
        except BudgetError:
            self.state = "serving"
            raise
        self._calls += 1

    def _serving(self) -> SecretMarginals:
        if self.state == "broken":
            raise PeerError("the run was aborted; what it had charged is burnt: start another run with a new budget")
        if self.state != "serving" or self._marginals is None:
            raise UsageError(f"state ({self.state}) must be serving; no call is answered before or after")
        return self._marginals

    async def _computed(self, session: Session, marginals: SecretMarginals, task: Task) -> NDArray[np.int64]:
        if isinstance(task, MeasureTask):
            return await self._measure(session, marginals, task)
        if isinstance(task, ScoreTask):
            return await self._score(session, marginals, task)
        return await self._select(session, marginals, task)

    async def _measure(self, session: Session, marginals: SecretMarginals, task: MeasureTask) -> NDArray[np.int64]:
        exact, noise = await both(
            marginals.counts(session, task.cliques, task.maps, task.ring),
            self._randomness.noise(session, task.draws, task.ring),
        )
        return await release(session, exact, noise)

    async def _score(self, session: Session, marginals: SecretMarginals, task: ScoreTask) -> NDArray[np.int64]:
        exact, noise = await both(
            _scores(session, marginals, task), self._randomness.noise(session, [task.draw], task.ring)
        )
        return await release(session, exact, noise)

    async def _select(self, session: Session, marginals: SecretMarginals, task: SelectTask) -> NDArray[np.int64]:
        if task.selection.candidates == 1:
            return np.zeros(1, dtype=np.int64)
        coins, scores = await both(self._randomness.coins(session, task.selection), _scores(session, marginals, task))
        for _ in range(_RETRIES):
            winner = await select(session, task.selection, coins, scores)
            if winner is not None:
                return np.array([winner], dtype=np.int64)
            coins = await self._randomness.coins(session, task.selection)  # fresh: coins are used once
        raise PeerError(f"no candidate was accepted in {_RETRIES} selections: a server is faulty")


async def _scores(session: Session, marginals: SecretMarginals, task: ScoreTask | SelectTask) -> Shares:
    """Weighted errors of all candidates, in grains; compared in the smaller ring, and only their sums widened."""
    offers = task.offers
    counts = await marginals.counts(session, task.cliques, task.maps, task.error_ring)
    grains = counts.times(np.asarray(GRAIN))
    errors = await absolute_errors(session, grains, offers.estimates, task.starts)
    return weighted(
        session, await widen(session, errors, task.ring), np.array(offers.weights), np.array(offers.penalties)
    )


async def _agree(session: Session, digest: bytes) -> None:
    """Make sure that all servers are at the same point and were asked the same.

    Cost: one round, 64 bytes.

    Raises:
        PeerError: they were not; nothing was opened.
    """
    for other in (session.after, session.before):
        session.channel.send(other, digest)
    await messages()
    for other in (session.before, session.after):
        if session.channel.receive(other, _HASH_BYTES) != digest:
            raise PeerError(
                f"server {other} was asked or sent something else than server {session.party}; nothing was opened. The "
                "driver or a holder tells servers different things: end the run"
            )
