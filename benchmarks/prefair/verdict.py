"""Are the figures that hold met, and the trees fair? The page of quality and trees, and a verdict."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import mean, stdev

from charts import Panel, Series, draw
from prefair.data import TABLES, Table
from prefair.plan import Results, cell_of, spread
from prefair.targets import TARGETS, Target
from prefair.work import MECHANISMS

from fairshare.fairness import fair_tree

__all__ = ["Verdict", "judge", "write"]

_METRICS = {"tvd_1": "TVD 1-way", "tvd_2": "TVD 2-way", "acd": "ACD"}
_HEAD = """# Quality of fair tables, beside the published figures

`make reproduce` writes this page (samples: {counts}; delta 1e-9, roles of PreFair's Table 1, fairshare {version}).
*Target*: mean and two standard deviations over the ten files per epsilon that PreFair's authors published, recomputed.
Their Greedy files of COMPAS are not fair, so there the targets are rough values of a correct implementation and are not
judged. *As published*: our MST with the authors' estimator (plain least squares, merged values split evenly):
`MST(spread="even", fitting=FitOptions(prior=1e-2, rounds=1))`, run until it converges. The mean of its runs must lie
within the band, give or take twice its own standard error. *Default*: what `synth` does; reported, not judged: closer
in distance, at the price of associations drawn towards independence
([ADR 4](../adr/0004-our-own-estimation-engine.md)), hence "no" in some lines of ACD.

Greedy on Adult at epsilon .1 lies at the edge of its band, two-way: some 1.8 published deviations above, over 160 runs,
so a mean of ten runs is within two in six tries of ten. MST and Greedy measure columns in the same way, in the authors'
code as in ours, and ours have the same one-way distance; the authors' ten files of Greedy have a smaller one (.0578)
than their ten of MST (.0602), which carries over to pairs. It is not the admissible column more (fnlwgt) of their code.

Candidates are scored in eighths of a row. Scored in whole rows, as they were at first, the sparse pair age and
hours-per-week lost some 250 rows of 15,771 to rounding, which put it level with occupation and relationship; in 10 of
120 runs at epsilon 10 the latter was chosen, and such runs moved means out of the band.

**{verdict}**
"""
_TREES = """
## Trees at equal budget

Weight of the chosen tree on the real pairs, over that of the heaviest fair tree ("exact" would be 1); default settings.
A third of the budget goes to choosing. Greedy (`strict`) and Justifiable choose edge by edge, by the exponential
mechanism; Exponential (`exact`) adds noise once to all r = d(d-1)/2 scores, with sigma = sqrt(r / (2 rho)) for
add-remove neighbours, and takes the optimum of what it sees. MST may weigh more than 1, because it may take unfair
edges, and does at epsilons 1 and 10. While noise dominates (epsilon .1) none of the fair ways is ahead of the others by
more than the runs vary; at epsilon 10 Justifiable and Exponential find the optimum. What separates the policies on
COMPAS is not the search but `strict`, which gives up a few per cent of the weight for a table without proxies.

![{alt}](img/prefair_trees.svg)
"""
_TREES_ALT = "Weight of the chosen trees over the heaviest fair tree's"


@dataclass(frozen=True)
class Verdict:
    """What was judged. ``missed`` and ``unfair`` name the lines."""

    judged: int
    missed: tuple[str, ...]
    trees: int
    unfair: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.missed and not self.unfair

    def __str__(self) -> str:
        met = f"{self.judged - len(self.missed)} of {self.judged} validated targets are met"
        fair = f"{self.trees - len(self.unfair)} of {self.trees} trees that were to be fair are"
        parts = ((met, self.missed), (fair, self.unfair))
        return "; ".join(part + (f" (not: {', '.join(lines)})" if lines else "") for part, lines in parts)


def _away(target: Target | None, values: list[float]) -> float | None:
    """How many published standard deviations the mean is from its target."""
    if target is None or target.sd is None or not values:
        return None
    return (mean(values) - target.mean) / target.sd


def _missed(target: Target | None, values: list[float]) -> bool:
    """Whether our mean is outside the band by more than twice its own standard error."""
    away = _away(target, values)
    if target is None or target.sd is None or away is None:
        return False
    own = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return abs(away) > 2 + 2 * own / target.sd


def _judged(results: Results) -> list[str]:
    """The tables for which figures that hold were published."""
    return [table for table in results.plan.samples if table != "kdd"]


def _lines(results: Results) -> Iterator[tuple[str, str, float, str]]:
    for table, mechanism, epsilon in product(_judged(results), ("MST", "Greedy"), results.plan.epsilons):
        for metric in _METRICS:
            yield table, mechanism, epsilon, metric


def judge(results: Results) -> Verdict:
    """Compare with the targets, and ask the criterion of every tree that was to be fair."""
    judged, missed, trees, unfair = 0, [], 0, []
    for line in _lines(results):
        table, mechanism, epsilon, metric = line
        values = results.values(table, mechanism, "as published", epsilon, metric)
        away = _away(TARGETS.get(line), values)
        judged += away is not None
        if _missed(TARGETS.get(line), values):
            missed.append(f"{table} {epsilon:g} {mechanism} {_METRICS[metric]} {away:+.1f} sd")
    for table, epsilon in product(results.plan.samples, results.plan.epsilons):
        for estimator, mechanism in results.plan.runs(table):
            if MECHANISMS[mechanism] is not None:
                fair = [run["fair"] for run in results.raw(table, mechanism, estimator, epsilon)]
                trees += len(fair)
                unfair += [f"{table} {epsilon:g} {mechanism}"] * fair.count(False)
    return Verdict(judged, tuple(missed), trees, tuple(unfair))


def _band(target: Target | None) -> str:
    if target is None:
        return ""
    return f"about {target.mean:.3f}" if target.sd is None else f"{target.mean:.4f} ± {2 * target.sd:.4f}"


def _quality(results: Results) -> Iterator[str]:
    yield "\n| table, epsilon | | figure | target | as published | | default | at most target + 2 sd |"
    yield "|---|---|---|---|---|---|---|---|"
    for line in _lines(results):
        table, mechanism, epsilon, metric = line
        published, default = (results.values(table, mechanism, e, epsilon, metric) for e in ("as published", "default"))
        target = TARGETS.get(line)
        away, above = _away(target, published), ""
        verdict = "" if away is None else f"{'MISSED' if _missed(target, published) else 'met'} ({away:+.1f} sd)"
        if target is not None and target.sd is not None and default:
            above = "yes" if mean(default) <= target.mean + 2 * target.sd else "no"
        figures = f"{_band(target)} | {cell_of(published)} | {verdict} | {cell_of(default)} | {above}"
        yield f"| {table} {epsilon:g} | {mechanism} | {_METRICS[metric]} | {figures} |"


def _by_tree(results: Results) -> Iterator[str]:
    """Where a figure is missed, the same figures for each tree that was chosen: the choice may be the cause."""
    rows = []
    for table, mechanism, epsilon in product(_judged(results), ("MST", "Greedy"), results.plan.epsilons):
        runs = results.raw(table, mechanism, "as published", epsilon)
        if not any(_missed(TARGETS.get((table, mechanism, epsilon, m)), [run[m] for run in runs]) for m in _METRICS):
            continue
        chosen = Counter(tuple(run["tree"]) for run in runs).most_common()
        usual = set(chosen[0][0])
        for tree, times in chosen:
            figures = (f"{mean(run[m] for run in runs if tuple(run['tree']) == tree):.4f}" for m in _METRICS)
            swapped = f"{'; '.join(sorted(set(tree) - usual))} for {'; '.join(sorted(usual - set(tree)))}"
            edges = "(the usual tree)" if set(tree) == usual else swapped
            rows.append(f"| {table} {epsilon:g} | {mechanism} | {times} | {edges} | {' | '.join(figures)} |")
    if rows:
        yield "\n## Where a figure was missed, by the tree that was chosen\n"
        yield f"| table, epsilon | | runs | edges | {' | '.join(_METRICS.values())} |\n|---|---|---|---|---|---|---|"
        yield from rows


def _trees(results: Results, folder: Path, pages: Path) -> Iterator[str]:
    yield _TREES.format(alt=_TREES_ALT)
    yield f"| table, epsilon | {' | '.join(MECHANISMS)} | fair |\n|---|---|---|---|---|---|"
    panels = []
    for name in _judged(results):
        table = Table.load(folder, name)
        best = fair_tree(table.weights(), table.domain, table.fairness("exact")).weight
        shares = {m: [] for m in MECHANISMS}
        for epsilon in results.plan.epsilons:
            runs = {m: results.raw(name, m, "default", epsilon) for m in MECHANISMS}
            found = {m: [run["weight"] / best for run in runs[m]] for m in MECHANISMS}
            fair = ", ".join(f"{m} {sum(run['fair'] for run in runs[m])}/{len(runs[m])}" for m in MECHANISMS)
            yield f"| {name} {epsilon:g} | {' | '.join(cell_of(found[m]) for m in MECHANISMS)} | {fair} |"
            for m in MECHANISMS:
                shares[m].append(spread(found[m]))
        groups = [f"ε = {epsilon:g}" for epsilon in results.plan.epsilons]
        # In the order of the other pictures, so that each mechanism keeps its colour.
        series = [Series(m, shares[m]) for m in ("MST", "Greedy", "Exponential", "Justifiable")]
        panels.append(Panel(TABLES[name], groups, series))
    draw(pages / "img/prefair_trees.svg", panels, columns=2, alt=_TREES_ALT)


def write(results: Results, folder: Path, pages: Path, version: str) -> Verdict:
    """Write ``fair_quality.md`` and its picture into ``pages``; the private tables are in ``folder``."""
    verdict = judge(results)
    lines = [_HEAD.format(counts=results.counts(), version=version, verdict=verdict).rstrip("\n")]
    lines += [*_quality(results), *_by_tree(results), *_trees(results, folder, pages)]
    (pages / "fair_quality.md").write_text("\n".join(lines) + "\n")
    return verdict
