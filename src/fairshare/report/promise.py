"""The promise in plain words: who is protected, and what epsilon means as odds."""

import math
from typing import Any

from fairshare.release import Release
from fairshare.release.account import learns

__all__ = ["best_guess", "best_guess_from_rho", "posterior", "promise"]

_PRIORS = (0.001, 0.01, 0.1, 0.5)


def promise(release: Release) -> dict[str, Any]:
    """Who is protected and how well, from the certificate."""
    privacy = release.certificate["privacy"]
    epsilon, delta = float(privacy["epsilon"]), float(privacy["delta"])
    return {
        "epsilon": epsilon,
        "delta": delta,
        "rho": privacy["rho"],
        "relation": privacy["relation"],
        "max_rows": privacy["max_rows"],
        "unit": privacy["unit"],
        "who": "one row" if privacy["max_rows"] == 1 else f"one person, with up to {privacy['max_rows']} rows",
        "neighbours": _neighbours(privacy["relation"], privacy["max_rows"]),
        "learns": learns(epsilon, delta),
        "factor": math.exp(epsilon),
        "best_guess": best_guess(epsilon, delta),
        "best_guess_from_rho": min(best_guess(epsilon, delta), best_guess_from_rho(float(privacy["rho"]))),
        "beliefs": [{"before": p, "after": posterior(p, epsilon)} for p in _PRIORS],
        "noise": privacy["noise"],
        "secure_noise": privacy["secure_noise"],
        "ledger_head": privacy["ledger_head"],
    }


def _neighbours(relation: str, max_rows: int) -> str:
    """What the release would look like nearly the same without."""
    whose = "row" if max_rows == 1 else "person"
    if relation == "add-remove":
        return f"had that {whose} been left out; so even the number of rows stays private"
    return f"had that {whose}'s values been different; the number of rows counts as public"


def best_guess(epsilon: float, delta: float) -> float:
    """How often somebody with any other knowledge guesses right which of two neighbouring tables was used.

    From even odds the best test is right with probability (1 + TV) / 2, and (epsilon, delta)-DP bounds the total
    variation TV by (e^epsilon - 1 + 2 delta) / (e^epsilon + 1).

    Source: Kairouz, Oh, Viswanath 2015, The composition theorem for differential privacy, section 2.
    """
    return min(1.0, (1 + delta * math.exp(-epsilon)) / (1 + math.exp(-epsilon)))


def best_guess_from_rho(rho: float) -> float:
    """The same bound from zCDP: its limit at order 1 bounds the Kullback-Leibler divergence by rho.

    Then Pinsker's inequality bounds the total variation by sqrt(rho / 2). Source: Bun, Steinke 2016, Definition 1.1.
    """
    return min(1.0, (1 + math.sqrt(rho / 2)) / 2)


def posterior(prior: float, epsilon: float) -> float:
    """The most that a belief can become when its odds grow by e^epsilon."""
    return prior / (prior + (1 - prior) * math.exp(-epsilon))
