"""A server's part of the secret randomness of a run: noise and coins, made when asked for or ahead of need.

Privacy:
    What is made ahead depends on fresh randomness and public history, never on data; it is used by the next call or
    dropped, so no noise and no coin serves twice. Scale, number and price are those of the call in any case.
"""

from collections.abc import Sequence

from fairshare.mpc.foresight import Foresight, Noise
from fairshare.mpc.gaussian import joint_gaussian
from fairshare.mpc.noise_distributed import distributed_gaussian
from fairshare.mpc.ring import Ring
from fairshare.mpc.rounds import together
from fairshare.mpc.select import Coins, Selection, prepare
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares, concatenate
from fairshare.mpc.tape import Tape
from fairshare.mpc.tasks import Draw, Task
from fairshare.mpc.terms import NoiseMode
from fairshare.privacy import Entropy

__all__ = ["Randomness"]

#: Lanes of noise made at once: bounds memory.
_LANES = 1 << 15


class Randomness:
    """Noise and coins of one server; all three must ask for the same at the same time.

    Args:
        mode: how noise is made.
        tape: source of secret words.
        entropy: of this server's own noise in ``distributed`` mode.
    """

    def __init__(self, mode: NoiseMode, tape: Tape, entropy: Entropy) -> None:
        self._mode = mode
        self._tape = tape
        self._entropy = entropy
        self._foresight = Foresight()
        self._noise: tuple[Noise, Shares] | None = None
        self._coins: tuple[Selection, Coins] | None = None

    def answered(self, task: Task, winner: int = 0) -> None:
        """A call is done: what was made for it and not used is dropped."""
        self._noise = self._coins = None
        self._foresight.saw(task, winner)

    async def make_ahead(self, session: Session) -> None:
        """Make what the next call will probably need. Cost: of ``joint_gaussian`` or ``prepare``, then saved there."""
        wanted = None if self._noise or self._coins else self._foresight.next()
        if isinstance(wanted, Noise):
            self._noise = wanted, await self._drawn(session, wanted.draw, wanted.ring)
        elif wanted is not None:
            self._coins = wanted, await prepare(session, wanted, self._tape)

    async def coins(self, session: Session, selection: Selection) -> Coins:
        """Fresh coins for one attempt of a selection."""
        made, self._coins = self._coins, None
        if made is not None and (made[0].index_bits, made[0].rate) == (selection.index_bits, selection.rate):
            return made[1]
        return await prepare(session, selection, self._tape)

    async def noise(self, session: Session, draws: Sequence[Draw], ring: Ring) -> Shares:
        """Fresh noise for some cells, clique by clique, as many at once as memory allows."""
        made, self._noise = self._noise, None
        if made is not None and [made[0].draw] == list(draws) and made[0].ring == ring:
            return made[1]
        done: list[Shares] = []
        batch: list[Draw] = []
        for place, draw in enumerate(draws, start=1):
            batch.append(draw)
            if place == len(draws) or sum(d.count for d in batch) >= _LANES:
                done += await together(*(self._drawn(session, d, ring) for d in batch))
                batch = []
        return concatenate(done)

    async def _drawn(self, session: Session, draw: Draw, ring: Ring) -> Shares:
        if self._mode == "distributed":
            return await distributed_gaussian(session, draw.sigma, draw.count, ring, self._entropy)
        return await joint_gaussian(session, draw.sigma, draw.count, ring, self._tape)
