"""What an evaluation found: scores beside their references, and the figures that a report draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from fairshare.evaluation.metrics import METRICS, describe
from fairshare.evaluation.quality import NOTICE
from fairshare.version import __version__

__all__ = ["SEEN", "UNSEEN", "Findings", "Marginal", "Pairs", "Score"]

#: What the held-out rows are to the synthesis.
SEEN = "seen by the synthesis"
UNSEEN = "never seen by the synthesis"

#: Keys of the JSON that are always there, nested by classifier and protected attribute.
HEADLINES = ("tvd_1", "tvd_2", "tvd_3", "acd", "accuracy", "auc", "f1", "dp", "tprb", "tnrb", "cdp", "ctprb", "ctnrb")
_FLAT = ("tvd_1", "tvd_2", "tvd_3", "acd")

Rows = Literal["held_out", "all_real", "synthetic"]


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number, or the reason why there is none.

    Attributes:
        metric: key in ``METRICS``.
        value: the number; None where it failed or does not exist.
        failed: why there is no number.
        classifier: which model's predictions were scored, where there was one (trained on synthetic rows).
        protected: by which protected attribute.
        scored_on: on which rows.
        references: the same number for something to compare with: ``independent`` (real columns shuffled apart),
            ``sampling`` (one half of the real rows against the other), ``trained_on_real``, ``real`` (the real table),
            ``null`` and ``null_95`` (mean and 95th percentile of a permutation null), ``chance``.
        note: what a reader must know of this number.
    """

    metric: str
    value: float | None
    failed: str | None = None
    classifier: str | None = None
    protected: str | None = None
    scored_on: Rows | None = None
    references: Mapping[str, float | None] = field(default_factory=dict)
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content; fields that say nothing are left out, except ``value``."""
        named = ("failed", "classifier", "protected", "scored_on", "note")
        told = {name: getattr(self, name) for name in named if getattr(self, name) is not None}
        return {"metric": self.metric, "value": self.value, **told, "references": dict(self.references)}


@dataclass(frozen=True, kw_only=True)
class Marginal:
    """One column in both tables.

    Attributes:
        labels: what each code stands for.
        real: share of the real rows with each code.
        synthetic: share of the synthetic rows.
        tvd: half the L1 distance of the two.
    """

    labels: tuple[str, ...]
    real: tuple[float, ...]
    synthetic: tuple[float, ...]
    tvd: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content."""
        shares = {"real": list(self.real), "synthetic": list(self.synthetic)}
        return {"labels": list(self.labels), **shares, "tvd": self.tvd}


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """All pairs of columns, as square symmetric matrices over ``columns`` (diagonals: the 1-way distance; 1; 1).

    Attributes:
        columns: names, in the schema's order.
        tvd: total variation distance of the pair's marginal.
        v_real: bias-corrected Cramer's V in the real table.
        v_synthetic: the same in the synthetic table.
    """

    columns: tuple[str, ...]
    tvd: tuple[tuple[float, ...], ...]
    v_real: tuple[tuple[float, ...], ...]
    v_synthetic: tuple[tuple[float, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content."""
        matrices = {name: [list(row) for row in getattr(self, name)] for name in ("tvd", "v_real", "v_synthetic")}
        return {"columns": list(self.columns), **matrices}


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything that one evaluation found. Computed from real rows, hence stamped private.

    Attributes:
        rows: number of rows: ``real``, ``synthetic``, ``holdout`` (None where none was given), and ``trained_on`` and
            ``held_out``, the rows that models trained on real rows learnt from and were scored on.
        held_out: ``SEEN`` or ``UNSEEN``: what the held-out rows are to the synthesis.
        roles: ``protected``, ``admissible`` and ``outcome`` columns; empty lists where there are none.
        target: the outcome's ``column``, its ``positive`` labels, and why they are; None without an outcome.
        seed: of splits, shuffles and models.
        scores: every number, in the order of ``METRICS``.
        marginals: each column in both tables.
        pairs: all pairs of columns; None where it failed.
        notes: what a reader must know of the whole.
        seconds: time spent on each part.
    """

    private: ClassVar[bool] = True
    notice: ClassVar[str] = NOTICE

    rows: Mapping[str, int | None]
    held_out: str
    roles: Mapping[str, tuple[str, ...]]
    target: Mapping[str, Any] | None
    seed: int
    scores: tuple[Score, ...]
    marginals: Mapping[str, Marginal] = field(repr=False)
    pairs: Pairs | None = field(repr=False)
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Score, ...]:
        """The scores without a number, each with its reason."""
        return tuple(score for score in self.scores if score.failed is not None)

    def value(self, metric: str, *, classifier: str | None = None, protected: str | None = None) -> float | None:
        """One headline number: on held-out rows where a classifier is scored; None where it failed or is not there."""
        found = (s for s in self._headline(metric) if (s.classifier, s.protected) == (classifier, protected))
        return next((s.value for s in found), None)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able content, the notice first.

        The headline keys hold the numbers on held-out rows: ``accuracy[classifier]``, ``dp[classifier][protected]``;
        ``scores`` holds all numbers with their references.
        """
        return {
            "format": 1,
            "private": self.private,
            "notice": self.notice,
            "made_by": f"fairshare {__version__}",
            "rows": dict(self.rows),
            "held_out": self.held_out,
            "roles": {role: list(names) for role, names in self.roles.items()},
            "target": None if self.target is None else dict(self.target),
            "seed": self.seed,
            **{key: self._nested(key) for key in HEADLINES},
            "metrics": describe(),
            "scores": [score.to_dict() for score in self.scores],
            "marginals": {name: marginal.to_dict() for name, marginal in self.marginals.items()},
            "pairs": None if self.pairs is None else self.pairs.to_dict(),
            "notes": list(self.notes),
            "seconds": dict(self.seconds),
        }

    def _headline(self, metric: str) -> tuple[Score, ...]:
        return tuple(s for s in self.scores if s.metric == metric and s.scored_on in (None, "held_out", "synthetic"))

    def _nested(self, metric: str) -> Any:
        """A number, or numbers by classifier, or by classifier and protected attribute."""
        if metric in _FLAT:
            return self.value(metric)
        nested: dict[str, Any] = {}
        for score in self._headline(metric):
            if METRICS[metric].topic == "fairness":
                nested.setdefault(str(score.classifier), {})[score.protected] = score.value
            else:
                nested[str(score.classifier)] = score.value
        return nested
