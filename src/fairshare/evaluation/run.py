"""The whole evaluation, part by part."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from fairshare.errors import MissingExtraError, UsageError
from fairshare.evaluation.attempt import attempt, failure
from fairshare.evaluation.classifiers import MOST_ROWS, chosen
from fairshare.evaluation.closeness import Closeness, reference_pairs
from fairshare.evaluation.findings import SEEN, UNSEEN, Findings, Marginal, Pairs, Score
from fairshare.evaluation.independence import conditional_mutual_information, dependence
from fairshare.evaluation.metrics import METRICS
from fairshare.evaluation.risk import risk
from fairshare.evaluation.tables import Tables, packed, row_count
from fairshare.evaluation.target import RoleNames, Target, roles_of, target_of
from fairshare.evaluation.usefulness import Judge, table_fairness
from fairshare.fairness import Fairness, Roles
from fairshare.schema import Schema

__all__ = ["Progress", "evaluate"]

#: Called with the part that begins, how many parts are done, and how many there are.
Progress = Callable[[str, int, int], None]

_QUALITY = tuple(key for key, metric in METRICS.items() if metric.topic == "quality")


def evaluate(
    real: Any,
    synthetic: Any,
    schema: Schema,
    *,
    holdout: Any = None,
    fairness: Fairness | Roles | Mapping[str, Sequence[str]] | None = None,
    outcome: str | None = None,
    positive: str | None = None,
    classifiers: Sequence[str] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Findings:
    """Compare a synthetic table with the real one: quality, usefulness, fairness, independence, privacy.

    Args:
        real: the real rows that the synthesis saw: a path (.csv, .parquet, .arrow) or a frame.
        synthetic: the synthetic table, likewise, or a ``Release``.
        schema: the public schema of both.
        holdout: real rows that the synthesis never saw. Without them models are scored on a random part of the real
            rows, which are labelled as seen, and privacy can't be tested.
        fairness: the roles, or a mapping of some (``protected``, ``admissible``, ``outcome``) to columns; what is not
            given is taken from the schema.
        outcome: the column to predict; the first outcome of the roles when not given.
        positive: the label of the positive outcome; the second of two when not given.
        classifiers: names in ``CLASSIFIERS``; all when not given, none for an empty list.
        seed: of splits, shuffles and models.
        progress: called as parts begin and when all are done.

    Returns:
        Every score beside its references; a metric that failed says why, and the others are there.

    Raises:
        UsageError: an argument is out of range, or roles don't fit the schema.
        DataError: a table does not fit the schema.
        MissingExtraError: classifiers were asked for and scikit-learn or fairlearn is not installed.

    Privacy:
        None. The findings are computed from real rows without noise: keep them with the holder of the rows. See
        ``private_quality`` for what can be bought.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UsageError(f"seed ({seed}) must be an integer of at least 0")
    kinds = chosen(None if classifiers is None else tuple(classifiers))
    roles = roles_of(schema, fairness, outcome)
    target = target_of(schema, roles, positive)
    if target is not None and kinds:
        _check_extra()
    run = _Run(progress, parts=3 + (len(kinds) if target else 0) + (target is not None))
    with run.part("read"):
        tables = Tables.read(real, synthetic, schema, holdout, np.random.default_rng([seed, 0]))
    scores: list[Score] = []
    with run.part("quality"):
        close = Closeness(tables.real, tables.synthetic, schema)
        scores += _quality(close, tables, np.random.default_rng([seed, 2]))
        marginals, pairs = _figures(close)
    if target is not None:
        judge = Judge(tables, roles, target, seed)
        for kind in kinds:
            with run.part(kind.title):
                scores += judge.scores(kind)
        with run.part("fairness of the table"):
            scores += table_fairness(tables, roles, target)
            scores += _independence(tables, roles, np.random.default_rng([seed, 3]))
    with run.part("privacy smoke tests"):
        scores += _privacy(tables, np.random.default_rng([seed, 4]))
    run.finish()
    return Findings(
        rows={**_rows(tables), "holdout": row_count(tables.held_out) if tables.unseen else None},
        held_out=UNSEEN if tables.unseen else SEEN,
        roles=roles,
        target=None if target is None else target.to_dict(),
        seed=seed,
        scores=_sorted(scores),
        marginals=marginals,
        pairs=pairs,
        notes=tuple(_notes(tables, roles, target)),
        seconds=run.seconds,
    )


def _check_extra() -> None:
    """Say what to install before minutes of work, not after."""
    from importlib.util import find_spec

    if missing := [name for name in ("sklearn", "fairlearn") if find_spec(name) is None]:
        raise MissingExtraError(
            f"{' and '.join(missing)} must be installed for classifiers and fairness: pip install 'fairshare[eval]', "
            "or leave them out (classifiers=[])"
        )


class _Run:
    """Where the evaluation is, and how long each part took."""

    def __init__(self, progress: Progress | None, parts: int) -> None:
        self._progress, self._parts, self._done = progress, parts, 0
        self.seconds: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        self._report(name)
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)
        self._done += 1

    def finish(self) -> None:
        self._report("done")

    def _report(self, name: str) -> None:
        if self._progress is not None:
            self._progress(name, self._done, self._parts)


def _quality(close: Closeness, tables: Tables, rng: np.random.Generator) -> Iterator[Score]:
    """Every quality metric, beside columns shuffled apart and one half of the rows against the other."""
    compared = reference_pairs(tables, rng)
    for metric in _QUALITY:
        compute = partial(_closeness, metric)
        references = {name: partial(compute, other) for name, other in compared.items()}
        yield attempt(metric, partial(compute, close), references=references)


def _closeness(metric: str, close: Closeness) -> float:
    if metric.startswith("tvd_"):
        return close.tvd(int(metric.removeprefix("tvd_")))
    return float(getattr(close, metric)())


def _figures(close: Closeness) -> tuple[dict[str, Marginal], Pairs | None]:
    try:
        return close.marginals(), close.pairs()
    except UsageError:  # a pair too large to count in memory; the scores say so
        return close.marginals(), None


def _independence(tables: Tables, roles: RoleNames, rng: np.random.Generator) -> Iterator[Score]:
    made, real = tables.synthetic, tables.real
    labels = {
        kind: (packed(t, tables.domain, roles["outcome"]), packed(t, tables.domain, roles["admissible"]))
        for kind, t in (("made", made), ("real", real))
    }
    for protected in roles["protected"]:
        try:
            found = dependence(made[protected], *labels["made"], rng)
        except Exception as error:  # whatever it is, it is this metric's result
            yield failure("cmi", error, protected=protected, scored_on="synthetic")
            continue
        references = {
            "null": found.null_mean,
            "null_95": found.null_95,
            "p_value": found.p_value,
            "share_both_vary": found.share,
            "real": conditional_mutual_information(real[protected], *labels["real"]),
        }
        yield Score(
            metric="cmi",
            value=found.value,
            protected=protected,
            scored_on="synthetic",
            references=references,
            note=f"{found.share:.0%} of the synthetic rows are in groups of equal admissible values in which both vary",
        )


def _privacy(tables: Tables, rng: np.random.Generator) -> Iterator[Score]:
    metrics = ("dcr_share", "membership_auc")
    if not tables.unseen:
        why = "needs real rows that the synthesis never saw: give them as holdout"
        yield from (failure(metric, why) for metric in metrics)
        return
    try:
        found = risk(tables, rng)
    except Exception as error:  # whatever it is, it is these metrics' result
        yield from (failure(metric, error) for metric in metrics)
        return
    note = f"a smoke test on {found.candidates:,} rows of each kind, within {2 * found.standard_error:.3f} by chance"
    for metric, value in zip(metrics, (found.nearer, found.auc), strict=True):
        yield Score(metric=metric, value=value, references={"chance": 0.5}, note=f"{note}; no guarantee")


def _rows(tables: Tables) -> dict[str, int]:
    named = {
        "real": tables.real,
        "synthetic": tables.synthetic,
        "trained_on": tables.train,
        "held_out": tables.held_out,
    }
    return {name: row_count(codes) for name, codes in named.items()}


def _notes(tables: Tables, roles: RoleNames, target: Target | None) -> Iterator[str]:
    if not tables.unseen:
        yield "no rows that the synthesis never saw were given: scores on held-out rows are on rows that it saw"
    if target is None:
        yield "no outcome was named, neither in the schema's roles nor by the caller: usefulness is not measured"
    elif not roles["protected"]:
        yield "no protected column was named: fairness is not measured"
    elif not roles["admissible"]:
        yield "no admissible column was named: conditional metrics are over all rows at once"
    if target is not None and len(roles["outcome"]) > 1:
        yield f"models predict the first outcome, {target.column!r}; the others are not read as features"
    for name, codes in (("synthetic", tables.synthetic), ("real", tables.train)):
        if target is not None and row_count(codes) > MOST_ROWS:
            yield f"classifiers learn from {MOST_ROWS:,} of the {row_count(codes):,} {name} rows, drawn at random"


def _sorted(scores: list[Score]) -> tuple[Score, ...]:
    order = {key: place for place, key in enumerate(METRICS)}
    return tuple(sorted(scores, key=lambda score: order[score.metric]))
