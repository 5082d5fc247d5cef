"""Does a protected attribute tell anything of the outcome beyond the admissible ones? Measured against its null."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Dependence", "conditional_mutual_information", "dependence"]

#: Permutations of the null; the smallest p-value is one in a hundred.
PERMUTATIONS = 99

Labels = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Dependence:
    """I(P; O | A) of a table, beside its null.

    Attributes:
        value: in nats, at least 0.
        null_mean: mean over permutations of P among the rows of each stratum of A.
        null_95: their 95th percentile.
        p_value: share of the permutations, the table itself among them, that reach the value.
        share: share of rows in strata where both P and O vary; the others can show no dependence.
    """

    value: float
    null_mean: float
    null_95: float
    p_value: float
    share: float


def conditional_mutual_information(protected: Labels, outcome: Labels, stratum: Labels) -> float:
    """Plug-in estimate of I(P; O | A) in nats: H(P, A) + H(O, A) - H(P, O, A) - H(A).

    Args:
        protected: code of P, shape (rows,).
        outcome: code of O, shape (rows,).
        stratum: label of the values of A, shape (rows,).

    Source: Cover and Thomas 2006, Elements of Information Theory, section 2.5.
    """
    pa, oa = _joined(stratum, protected), _joined(stratum, outcome)
    value = _entropy(pa) + _entropy(oa) - _entropy(_joined(pa, outcome)) - _entropy(stratum)
    return max(0.0, value)


def dependence(protected: Labels, outcome: Labels, stratum: Labels, rng: np.random.Generator) -> Dependence:
    """The estimate and its permutation null.

    The plug-in estimate is biased upwards, the more so the smaller the strata; the null is biased alike, so compare
    the two. Only rows in strata where both vary can contribute, so only these are permuted.

    Source: Rosenbaum 1984, Conditional permutation tests and the propensity score, JASA 79(387).
    """
    rows = len(stratum)
    vary = _varies(protected, stratum) & _varies(outcome, stratum)
    share = float(np.mean(vary))
    if not share:
        return Dependence(0.0, 0.0, 0.0, 1.0, 0.0)
    order = np.argsort(stratum[vary], kind="stable")
    within, p, o = stratum[vary][order], protected[vary][order], outcome[vary][order]
    value = share * conditional_mutual_information(p, o, within)
    null = np.empty(PERMUTATIONS)
    for i in range(PERMUTATIONS):
        # Rows are sorted by stratum, so sorting random keys stratum by stratum shuffles inside each.
        shuffled = p[np.lexsort((rng.random(len(within)), within))]
        null[i] = share * conditional_mutual_information(shuffled, o, within)
    # Entropies are sums of floats: what differs in the last digits is equal.
    reached = int(np.count_nonzero(null >= value - 1e-12 * rows))
    p_value = (1 + reached) / (1 + PERMUTATIONS)
    return Dependence(value, float(null.mean()), float(np.quantile(null, 0.95)), p_value, share)


def _joined(first: Labels, second: Labels) -> npt.NDArray[np.int64]:
    return first.astype(np.int64) * (int(second.max()) + 1) + second


def _entropy(label: Labels) -> float:
    counts = np.unique(label, return_counts=True)[1]
    return float(np.log(len(label)) - np.sum(counts * np.log(counts)) / len(label))


def _varies(label: Labels, stratum: Labels) -> npt.NDArray[np.bool_]:
    """Whether each row's stratum holds two values of the label."""
    size = int(stratum.max()) + 1
    low, high = np.full(size, np.iinfo(np.int64).max), np.full(size, -1, dtype=np.int64)
    np.minimum.at(low, stratum, label)
    np.maximum.at(high, stratum, label)
    varies: npt.NDArray[np.bool_] = np.less(low, high)[stratum]
    return varies
