"""From a slice of budget to the parameter of a call, rounded so that the call never costs more than the slice."""

import math
from collections.abc import Sequence

from fairshare.errors import BudgetError
from fairshare.privacy.budget import NANO
from fairshare.privacy.events import MeasureEvent, ScoreEvent, SelectEvent, nano_rho
from fairshare.privacy.unit import PrivacyUnit

__all__ = ["epsilon_for", "score_sigma_for", "sigma_for"]


def _check(nano: int) -> None:
    if nano < 1:
        raise BudgetError(
            "this step's share of the budget is below a billionth of rho; raise epsilon, or ask for fewer steps"
        )


def sigma_for(nano: int, marginals: int, unit: PrivacyUnit) -> float:
    """The smallest float sigma at which measuring this many marginals costs at most ``nano`` billionths of rho.

    Raises:
        BudgetError: the slice is empty.
    """
    _check(nano)
    sigma = math.sqrt(marginals * unit.l2_squared * NANO / (2 * nano))
    while nano_rho(MeasureEvent(cliques=((),) * marginals, cells=0, sigmas=(sigma,) * marginals, unit=unit)) > nano:
        sigma = math.nextafter(sigma, math.inf)
    return sigma


def score_sigma_for(nano: int, weights: Sequence[int], unit: PrivacyUnit) -> float:
    """The smallest float sigma at which scoring candidates of these weights costs at most ``nano``.

    Raises:
        BudgetError: the slice is empty.
    """
    _check(nano)
    squared = sum((unit.l1 * w) ** 2 for w in weights)
    sigma = math.sqrt(squared * NANO / (2 * nano))
    while nano_rho(ScoreEvent(candidates=(), weights=tuple(weights), sigma=sigma, unit=unit)) > nano:
        sigma = math.nextafter(sigma, math.inf)
    return sigma


def epsilon_for(nano: int) -> float:
    """The largest float epsilon at which one selection costs at most ``nano`` billionths of rho.

    Raises:
        BudgetError: the slice is empty.
    """
    _check(nano)
    epsilon = math.sqrt(8 * nano / NANO)
    while nano_rho(SelectEvent(candidates=(), epsilon=epsilon, max_weight=1, unit=PrivacyUnit())) > nano:
        epsilon = math.nextafter(epsilon, 0)
    return epsilon
