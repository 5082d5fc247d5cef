"""The certificate: what was promised about a synthetic table, in data that anybody can check."""

import datetime as dt
import platform
from typing import Any, Protocol

from fairshare.mechanisms import Mechanism, Outcome, error_bounds
from fairshare.model import Status
from fairshare.privacy import Budget, Ledger
from fairshare.schema import Schema

__all__ = ["NoiseSource", "certificate", "learns"]

_CONFIDENCE = 0.95

#: Largest epsilon at which each word is fair to say.
_WORDS = ((0.1, "next to nothing"), (1.0, "almost nothing"), (3.0, "little"), (10.0, "a bounded amount"))
_LARGE_DELTA = 1e-4


class NoiseSource(Protocol):
    """What the certificate says of the noise: the name of its source, and whether that is fit for release."""

    @property
    def name(self) -> str:
        """Stated as it is."""
        ...

    @property
    def secure(self) -> bool:
        """False for anything predictable."""
        ...


def certificate(
    *,
    schema: Schema,
    mechanism: Mechanism,
    outcome: Outcome,
    ledger: Ledger,
    noise: NoiseSource,
    version: str,
    fairness: dict[str, Any] | None,
    notes: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The certificate of one run, JSON-able. It holds public values and released values only.

    ``notes`` are further warnings: how the run differs from what was asked for.
    """
    budget, unit = ledger.budget, ledger.unit
    return {
        "format": 1,
        "made_by": f"fairshare {version}, Python {platform.python_version()}",
        "made_on": dt.datetime.now(dt.UTC).date().isoformat(),
        "promise": _promise(budget, unit.describe()),
        "privacy": {
            "epsilon": budget.epsilon,
            "delta": budget.delta,
            "rho": budget.rho,
            "relation": unit.relation,
            "max_rows": unit.max_rows,
            "unit": unit.describe(),
            "noise": noise.name,
            "secure_noise": noise.secure,
            "ledger_head": ledger.head,
            "nano_rho_spent": ledger.spent,
            "nano_rho_unspent": ledger.remaining,
        },
        "mechanism": mechanism.describe(),
        "schema": {
            "digest": schema.digest,
            "unreviewed": list(schema.unreviewed),
            "reviewed": not schema.unreviewed,
        },
        "model": {
            "cliques": [list(c) for c in outcome.fit.model.cliques],
            "fit": outcome.fit.status.value,
            "iterations": outcome.fit.iterations,
        },
        "uncertainty": _uncertainty(outcome),
        "fairness": fairness,
        "warnings": [*notes, *_warnings(schema, noise, ledger, outcome), *_fairness_warnings(fairness)],
    }


def _fairness_warnings(fairness: dict[str, Any] | None) -> list[str]:
    if fairness is None:
        return []
    found = [str(p["message"]) for p in fairness["proxies"]]
    if fairness["interventions"] is None:
        found.append("nothing is claimed of interventions on the sampler: a fair sampling order would be too large")
    return found


def _uncertainty(outcome: Outcome) -> dict[str, Any]:
    """Bounds on the model's marginals, each at 95% by itself."""
    bounds = error_bounds(outcome.fit.model, outcome.measurements, outcome.last, confidence=_CONFIDENCE)
    return {
        "confidence": _CONFIDENCE,
        "meaning": "L1 distance in rows between a marginal of the model and the private table's; each bound by itself",
        "codes_merged_in": sorted(outcome.refinements),
        "bounds": [b.describe() for b in bounds],
    }


def learns(epsilon: float, delta: float) -> str:
    """What a reader learns of one unit at most, in plain words."""
    if delta > _LARGE_DELTA:
        return "perhaps a great deal"
    return next((words for limit, words in _WORDS if epsilon <= limit), "perhaps a great deal")


def _promise(budget: Budget, unit: str) -> str:
    return (
        f"({budget.epsilon:g}, {budget.delta:g})-differential privacy for {unit}: whoever reads the table, the model "
        f"and this certificate learns {learns(budget.epsilon, budget.delta)} about any one of them."
    )


def _warnings(schema: Schema, noise: NoiseSource, ledger: Ledger, outcome: Outcome) -> list[str]:
    found = list(outcome.notes)
    if outcome.fit.status is not Status.CONVERGED:
        found.append(
            f"the fit stopped early: {outcome.fit.status.value}; the table may be less accurate, not less private"
        )
    if not noise.secure:
        found.append("INSECURE: the noise was predictable; this release protects nobody and must not be published")
    if schema.unreviewed:
        found.append(
            "the schema was inferred from the private table and not reviewed: "
            f"{', '.join(schema.unreviewed)} may reveal values of single records, which epsilon does not cover"
        )
    if ledger.budget.epsilon > 10:
        found.append(f"epsilon {ledger.budget.epsilon:g} is so large that the promise is nearly empty; 1 is usual")
    if ledger.budget.delta > _LARGE_DELTA:
        found.append(
            f"delta {ledger.budget.delta:g} is large: with that probability a whole record may be told; 1e-9 is usual"
        )
    if ledger.remaining > ledger.budget.nano_rho // 100:
        found.append(f"{ledger.remaining / ledger.budget.nano_rho:.0%} of the budget was not spent")
    return found
