"""Train on these rows, score on those: what both papers do with a synthetic table, by fairshare.evaluation."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fairshare import Schema
from fairshare.errors import DataError, UsageError
from fairshare.evaluation.classifiers import CLASSIFIERS, fit
from fairshare.evaluation.features import Features
from fairshare.evaluation.gaps import conditional_gap, gap, unmatched_gap
from fairshare.evaluation.tables import Codes, packed
from fairshare.evaluation.target import Target
from fairshare.evaluation.usefulness import Predicted
from fairshare.marginals import Domain

__all__ = ["Bench"]

_FAIR = {"dp": "cdp", "tprb": "ctprb", "tnrb": "ctnrb"}


@dataclass(frozen=True, eq=False)
class Bench:
    """Where classifiers are judged.

    Attributes:
        schema: which columns are ordered, and how many codes each has.
        target: what is predicted.
        real: the real rows that predictions are scored on.
        protected: columns whose values are compared.
        admissible: columns that conditional gaps hold fixed.
    """

    schema: Schema
    target: Target
    real: Codes
    protected: tuple[str, ...] = ()
    admissible: tuple[str, ...] = ()

    def scores(self, train: Codes, classifiers: Iterable[str], seed: int) -> dict[str, dict[str, Any]]:
        """Accuracy, AUC, F1 and gaps of each classifier; nothing of one that can't learn."""
        found = {}
        for name in classifiers:
            try:
                found[name] = self._one(train, name, seed)
            except DataError:  # one outcome only
                found[name] = {}
        return found

    def _one(self, train: Codes, name: str, seed: int) -> dict[str, Any]:
        kind = CLASSIFIERS[name]
        if "n_jobs" in kind.options:  # each process has one core to itself
            kind = replace(kind, options={**kind.options, "n_jobs": 1})
        names = tuple(a for a in self.schema.sizes if a != self.target.column)
        model = fit(kind, Features(self.schema, names), train, self.target.positive(train), seed)
        predicted = Predicted(model.probability(self.real), self.target.positive(self.real))
        useful = {metric: getattr(predicted, metric)() for metric in ("accuracy", "auc", "f1")}
        return {**useful, "gaps": {a: self._gaps(predicted, a) for a in self.protected}}

    def _gaps(self, predicted: Predicted, protected: str) -> dict[str, float | None]:
        group = self.real[protected]
        stratum = packed(self.real, Domain.from_sizes(self.schema.sizes), self.admissible)
        found: dict[str, float | None] = {}
        for metric, conditional in _FAIR.items():
            rows = (predicted.selected, group), predicted.among(metric)
            found[metric] = gap(*rows[0], rows[1]).value
            try:
                found[conditional] = conditional_gap(*rows[0], stratum, rows[1]).value
            except UsageError:  # nobody to compare with
                found[conditional] = None
            found[f"{conditional}_unmatched"] = unmatched_gap(*rows[0], stratum, rows[1])
        return found
