"""A privacy audit with one training run (Steinke, Nasr, Jagielski 2023, arXiv 2305.08846), of a whole ``synthesize``.

Each of many canaries, a row that is alone in its cell, is in the table or not by the toss of a fair coin. One release
is made; the attacker looks at nothing else and guesses, of the canaries that show most, that they were in. If the run
is (epsilon, delta)-DP, the number of right guesses is hardly above a binomial's at e^epsilon / (1 + e^epsilon), so too
many refute epsilon. This sees what games on a primitive do not: accounting, calibration, what the mechanism asks.

Power is low by nature: canaries are guessed about, not chosen, and delta costs a term for each. At 60,000 canaries the
bound reaches a quarter of a sound run's epsilon, and exceeds the claim where noise has a fifth of its scale.
"""

import math
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.evaluation.audit import ALARM, Finding
from fairshare.mechanisms import MST
from fairshare.privacy import Noise
from fairshare.release import synthesize
from fairshare.schema import Schema

__all__ = ["one_run_bound", "one_run_game", "p_value"]

#: Guess about the canaries that show most, so many of all: abstaining about the others is what gives power.
_GUESSED = 0.05
_EXPECTED = 0.1


def one_run_game(
    *, canaries: int = 60_000, epsilon: float = 2.0, delta: float = 1e-9, noise: Noise | None = None
) -> Finding:
    """MST on a table of canaries, from rows to release, and the attack on the released model.

    Args:
        canaries: how many, each in with probability 1/2; between 1000 and 65,536.
        epsilon: of the run.
        delta: of the run; far below one over the number of canaries.
        noise: source under audit; the installed default without.

    Returns:
        A lower bound on epsilon at this delta. False alarm: at most 1e-6.

    Raises:
        UsageError: an argument is out of range.
    """
    if isinstance(canaries, bool) or not isinstance(canaries, int) or not 1000 <= canaries <= 65_536:
        raise UsageError(f"canaries ({canaries}) must be an integer between 1000 and 65536; 60000 is usual")
    included = np.random.default_rng().random(canaries) < 0.5
    options: dict[str, Any] = {} if noise is None else {"noise": noise}
    release = synthesize(
        pa.table({"canary": np.flatnonzero(included)}),
        Schema.from_domain({"canary": canaries}),
        epsilon=epsilon,
        delta=delta,
        mechanism=MST(),
        rows=0,
        **options,
    )
    shown = np.argsort(release.model.marginal(("canary",)))
    guessed = shown[-max(1, round(_GUESSED * canaries)) :]
    return Finding(
        name="synthesize (MST, one run)",
        currency="epsilon",
        claim=epsilon,
        lower=one_run_bound(int(included[guessed].sum()), len(guessed), canaries, delta),
        trials=canaries,
        expected=_EXPECTED,
        catches="noise at a fifth of its scale, wherever in the run it is lost",
    )


def one_run_bound(right: int, guesses: int, canaries: int, delta: float, *, alarm: float = ALARM) -> float:
    """The largest epsilon that the guesses refute.

    Args:
        right: guesses that were right.
        guesses: canaries guessed about.
        canaries: all of them.
        delta: of the claim.
        alarm: probability that a sound run is bounded above its epsilon.
    """
    low, high = 0.0, 64.0
    if p_value(right, guesses, canaries, 0.0, delta) > alarm:
        return 0.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(right, guesses, canaries, middle, delta) <= alarm else (low, middle)
    return low


def p_value(right: int, guesses: int, canaries: int, epsilon: float, delta: float) -> float:
    """How probable so many right guesses are at most, against any (epsilon, delta)-DP run.

    Theorem 5.2: with W binomial(guesses, e^epsilon / (1 + e^epsilon)), at most P[W >= right] plus
    2 canaries delta max over i of P[right > W >= right - i] / i.

    Raises:
        UsageError: not 0 <= right <= guesses <= canaries.
    """
    if not 0 <= right <= guesses <= canaries:
        raise UsageError(f"right ({right}), guesses ({guesses}) and canaries ({canaries}) must not decrease")
    mass = _binomial(guesses, 1 / (1 + math.exp(-epsilon)))
    beta = float(mass[right:].sum())
    below = np.cumsum(mass[:right][::-1])
    alpha = float((below / np.arange(1, right + 1)).max()) if right else 0.0
    return min(1.0, beta + 2 * canaries * delta * alpha)


def _binomial(trials: int, p: float) -> NDArray[np.float64]:
    """Probabilities of 0..trials, for 0 < p < 1."""
    k = np.arange(trials + 1)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, trials + 1)))])
    logs = factorials[-1] - factorials - factorials[::-1] + k * math.log(p) + (trials - k) * math.log1p(-p)
    return np.asarray(np.exp(logs))
