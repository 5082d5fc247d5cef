"""What the next call will probably need: a guess from public history, so that servers can work while the driver thinks.

Mechanisms go round: what followed a selection last time will follow this one too. The guess decides only *when* secret
randomness is made, never with which scale or for what price; a wrong one is dropped unused.
"""

from dataclasses import dataclass, replace

from fairshare.mpc.ring import Ring
from fairshare.mpc.select import Selection
from fairshare.mpc.tasks import Draw, MeasureTask, SelectTask, Task

__all__ = ["Foresight", "Noise"]


@dataclass(frozen=True)
class Noise:
    """Gaussian noise for one marginal.

    Attributes:
        draw: scale and number.
        ring: to make it in.
    """

    draw: Draw
    ring: Ring


class Foresight:
    """Remembers which call came after which kind of call. The same at all servers, since they answer the same calls."""

    def __init__(self) -> None:
        self._after: dict[type[Task], Task] = {}
        self._last: Task | None = None
        self._winner = 0

    def saw(self, task: Task, winner: int = 0) -> None:
        """A call was answered; ``winner`` is the index that a selection opened."""
        if self._last is not None:
            self._after[type(self._last)] = task
        self._last, self._winner = task, winner

    def next(self) -> Selection | Noise | None:
        """A selection like the last one; or, after a selection, noise for the winner's cells."""
        last = self._last
        following = None if last is None else self._after.get(type(last))
        if isinstance(following, SelectTask):
            return following.selection if following.selection.candidates > 1 else None
        if isinstance(following, MeasureTask) and isinstance(last, SelectTask) and len(following.draws) == 1:
            cells = last.domain.cells(last.cliques[self._winner])
            return Noise(replace(following.draws[0], count=cells), following.ring)
        return None
