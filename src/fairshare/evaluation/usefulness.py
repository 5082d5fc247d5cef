"""Train on synthetic rows, score on real rows: is the table useful, and are its predictions fair?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import numpy.typing as npt

from fairshare.evaluation.attempt import attempt, failure
from fairshare.evaluation.classifiers import MOST_ROWS, Classifier, Fitted, fit
from fairshare.evaluation.features import Features
from fairshare.evaluation.findings import Rows, Score
from fairshare.evaluation.gaps import Gap, conditional_gap, gap, unmatched_gap
from fairshare.evaluation.tables import Codes, Tables, packed, some_rows
from fairshare.evaluation.target import RoleNames, Target

__all__ = ["Judge", "Predicted", "table_fairness"]

_USEFUL = ("accuracy", "auc", "f1")
#: Plain gap -> its conditional form.
_FAIR = {"dp": "cdp", "tprb": "ctprb", "tnrb": "ctnrb"}
_SCORED_ON: tuple[Rows, ...] = ("held_out", "all_real")


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions for some real rows.

    Attributes:
        probability: of the positive outcome, shape (rows,).
        positive: whether the outcome is positive, shape (rows,).
    """

    probability: npt.NDArray[np.float64]
    positive: npt.NDArray[np.bool_]

    @property
    def selected(self) -> npt.NDArray[np.bool_]:
        """Whether a row is predicted positive: a probability of at least one half."""
        return np.greater_equal(self.probability, 0.5)

    def accuracy(self) -> float:
        """Share of rows whose outcome is predicted."""
        return float(np.mean(self.selected == self.positive))

    def auc(self) -> float:
        """Area under the ROC curve.

        Raises:
            ValueError: the rows hold one outcome only.
        """
        from sklearn.metrics import roc_auc_score

        if self.positive.all() or not self.positive.any():
            raise ValueError("one outcome only")
        return float(roc_auc_score(self.positive, self.probability))

    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing positive is found."""
        from sklearn.metrics import f1_score

        return float(f1_score(self.positive, self.selected, zero_division=0.0))

    def among(self, metric: str) -> npt.NDArray[np.bool_] | None:
        """The rows that count for ``dp`` (all), ``tprb`` (positive) or ``tnrb`` (negative)."""
        return {"dp": None, "tprb": self.positive, "tnrb": ~self.positive}[metric]


class Judge:
    """Trains classifiers on synthetic and on real rows, and scores both on real rows.

    Args:
        tables: the tables.
        roles: protected and admissible columns; outcomes are not read as features.
        target: what is predicted.
        seed: of the classifiers and of subsets.
    """

    def __init__(self, tables: Tables, roles: RoleNames, target: Target, seed: int) -> None:
        self._schema = tables.schema
        self._roles, self._target, self._seed = roles, target, seed
        names = tuple(name for name in tables.domain if name not in roles["outcome"])
        self._features = Features(tables.schema, names)
        rng = np.random.default_rng([seed, 1])
        self._synthetic = some_rows(tables.synthetic, MOST_ROWS, rng)
        self._train = some_rows(tables.train, MOST_ROWS, rng)
        self._scored: dict[str, Codes] = {"held_out": tables.held_out, "all_real": tables.real}
        self._stratum = {rows: packed(t, tables.domain, roles["admissible"]) for rows, t in self._scored.items()}

    def scores(self, classifier: Classifier) -> list[Score]:
        """Every score of one classifier."""
        try:
            made = self._fit(classifier, self._synthetic)
        except Exception as error:  # whatever it is, it is the result of this classifier
            return list(self._failed(classifier, error))
        try:
            real: Fitted | None = self._fit(classifier, self._train)
        except Exception:  # nothing to compare with
            real = None
        found: list[Score] = []
        for rows in _SCORED_ON:
            predicted = self._predicted(made, rows)
            # A model scored on the rows that it has learnt by heart is no reference: held-out rows only.
            reference = self._predicted(real, rows) if real is not None and rows == "held_out" else None
            found += self._useful(classifier.name, rows, predicted, reference)
            for protected in self._roles["protected"]:
                found += self._fair(classifier.name, rows, protected, predicted, reference)
        return found

    def _fit(self, classifier: Classifier, codes: Codes) -> Fitted:
        return fit(classifier, self._features, codes, self._target.positive(codes), self._seed)

    def _predicted(self, model: Fitted, rows: str) -> Predicted:
        codes = self._scored[rows]
        return Predicted(model.probability(codes), self._target.positive(codes))

    def _failed(self, classifier: Classifier, error: Exception) -> Iterator[Score]:
        fair = [*_FAIR, *_FAIR.values(), *(f"{key}_unmatched" for key in _FAIR.values())]
        for rows in _SCORED_ON:
            for metric in _USEFUL:
                yield failure(metric, error, classifier=classifier.name, scored_on=rows)
            for metric, protected in product(fair, self._roles["protected"]):
                yield failure(metric, error, classifier=classifier.name, scored_on=rows, protected=protected)

    def _useful(self, name: str, rows: Rows, predicted: Predicted, reference: Predicted | None) -> Iterator[Score]:
        for metric in _USEFUL:
            references = {} if reference is None else {"trained_on_real": getattr(reference, metric)}
            yield attempt(metric, getattr(predicted, metric), references=references, classifier=name, scored_on=rows)

    def _fair(
        self, name: str, rows: Rows, protected: str, predicted: Predicted, reference: Predicted | None
    ) -> Iterator[Score]:
        group, stratum = self._scored[rows][protected], self._stratum[rows]

        def plain(p: Predicted, metric: str) -> Gap:
            return gap(p.selected, group, p.among(metric))

        def matched(p: Predicted, metric: str) -> float:
            return conditional_gap(p.selected, group, stratum, p.among(metric)).value

        def unmatched(p: Predicted, metric: str) -> float:
            return unmatched_gap(p.selected, group, stratum, p.among(metric))

        named = {"classifier": name, "scored_on": rows, "protected": protected}
        for metric, conditional in _FAIR.items():
            kinds: dict[str, Callable[[Predicted, str], float]] = {
                metric: lambda p, m: plain(p, m).value,
                conditional: matched,
                f"{conditional}_unmatched": unmatched,
            }
            for key, kind in kinds.items():
                references = {} if reference is None else {"trained_on_real": partial(kind, reference, metric)}
                note = self._extremes(protected, partial(plain, predicted, metric)) if key == metric else None
                yield attempt(key, partial(kind, predicted, metric), references=references, note=note, **named)

    def _extremes(self, protected: str, compute: Callable[[], Gap]) -> str | None:
        """Between which groups the gap is: a gap of a group of a few rows means little."""
        return _between(self._schema.labels(protected), compute)


def _between(labels: list[str], compute: Callable[[], Gap]) -> str | None:
    try:
        found = compute()
    except Exception:  # the score itself says why
        return None
    return f"from {labels[found.low]!r} up to {labels[found.high]!r}, the smaller of which has {found.smallest:,} rows"


def table_fairness(tables: Tables, roles: RoleNames, target: Target) -> Iterator[Score]:
    """The gaps of the outcome itself in the synthetic table, beside the real table's."""
    both = {"made": tables.synthetic, "real": tables.real}
    selected = {kind: target.positive(codes) for kind, codes in both.items()}
    stratum = {kind: packed(codes, tables.domain, roles["admissible"]) for kind, codes in both.items()}
    for protected in roles["protected"]:

        def plain(kind: str, protected: str = protected) -> Gap:
            return gap(selected[kind], both[kind][protected])

        def matched(kind: str, protected: str = protected) -> float:
            return conditional_gap(selected[kind], both[kind][protected], stratum[kind]).value

        yield attempt(
            "dp_table",
            lambda plain=plain: plain("made").value,  # type: ignore[misc]
            references={"real": lambda plain=plain: plain("real").value},  # type: ignore[misc]
            protected=protected,
            scored_on="synthetic",
            note=_between(tables.schema.labels(protected), partial(plain, "made")),
        )
        yield attempt(
            "cdp_table",
            partial(matched, "made"),
            references={"real": partial(matched, "real")},
            protected=protected,
            scored_on="synthetic",
        )
