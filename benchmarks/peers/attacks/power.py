"""Whether the attacks find what is there, and nothing where nothing is."""

from collections.abc import Iterator

from benchmarks.peers.attacks.field import ATTACKS, OTHERS, REAL_ROWS, Attack, on
from benchmarks.peers.report import done
from benchmarks.peers.store import Store

__all__ = ["CLEARLY", "HARDLY", "doubts"]

#: On the real rows, the lower end of the interval of a risk must be at least this ...
CLEARLY = 0.4
#: ... and on rows that have nothing to do with those attacked, at most this.
HARDLY = 0.05


def doubts(store: Store) -> dict[str, str]:
    """The attacks whose figures mean nothing, and why."""
    return {attack.name: "; ".join(reasons) for attack in ATTACKS if (reasons := list(_against(store, attack)))}


def _against(store: Store, attack: Attack) -> Iterator[str]:
    found, idle = ([r["found"]["low"] for r in done(store, on(name, attack))] for name in (REAL_ROWS, OTHERS))
    if not found:
        yield f"did not run on {REAL_ROWS}"
    elif min(found) < CLEARLY:
        yield f"the risk of {REAL_ROWS} may be as low as {min(found):.2f}, and should be at least {CLEARLY:g}"
    if not idle:
        yield f"did not run on {OTHERS}"
    elif max(idle) > HARDLY:
        yield f"the risk of {OTHERS} is at least {max(idle):.2f}, and should be nothing"
