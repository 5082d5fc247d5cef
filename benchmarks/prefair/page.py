"""The page of PreFair's table and figures: ours, the authors' files judged alike, and what the authors printed."""

import json
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import mean

from chance import Compared, Sample, compare
from charts import Panel, Series, draw
from prefair.authors import FILES, PUBLISHED
from prefair.data import TABLES
from prefair.plan import Results, cell_of, spread
from prefair.published import METRICS, PRINTED, RATIOS
from prefair.work import CLASSIFIERS, REAL

__all__ = ["write"]

_PAPER = ("MST", "Greedy", "Exponential")
_QUALITY = {"tvd_1": "TVD 1-way", "tvd_2": "TVD 2-way", "acd": "ACD"}
_USEFUL = {"accuracy": "accuracy", "auc": "AUC", "f1": "F1"}
_FAIR = {"dp": "DP", "tprb": "TPRB", "tnrb": "TNRB", "cdp": "CDP", "ctprb": "CTPRB", "ctnrb": "CTNRB"}
_TITLES = {"logistic_regression": "logistic regression", "random_forest": "random forest", "mlp": "MLP"}
_SHOWN = {**_USEFUL, **_FAIR}
#: Their files that are fair where they should be: those of Greedy on COMPAS are not, nor is their Exponential's search.
_SOUND = (("adult", "MST"), ("adult", "Greedy"), ("compas", "MST"))
#: The protected attribute of the paper's figures.
_SEX = {"adult": "sex", "compas": "Sex", "kdd": "sex"}
_HERE = Path(__file__).parent


class _Authors:
    """Means and standard deviations over the authors' ten files, judged by the code that judges ours."""

    def __init__(self) -> None:
        self._spread = json.loads(PUBLISHED.read_text())

    def spread(self, table: str, mechanism: str, epsilon: float, figure: str) -> tuple[float, float] | None:
        found = self._spread.get(f"{table}/{mechanism}/{epsilon:g}", {}).get(figure)
        return None if found is None else (found[0], found[1])

    def mean(self, table: str, mechanism: str, epsilon: float, figure: str) -> float | None:
        found = self.spread(table, mechanism, epsilon, figure)
        return None if found is None else found[0]


def _path(table: str, classifier: str, metric: str) -> str:
    """The name of a figure in the results."""
    return f"{classifier}/{metric}" if metric in _USEFUL else f"{classifier}/{_SEX[table]}/{metric}"


def _ours(results: Results, table: str, mechanism: str, epsilon: float, figure: str) -> list[float]:
    return results.values(table, mechanism, "as published", epsilon, figure)


def _beside(ours: Sequence[float], published: float | None, places: int = 3) -> str:
    shown = f"{mean(ours):.{places}f}" if ours else "-"
    return shown if published is None else f"{shown} ({published:.{places}f})"


def _ratios(results: Results, authors: _Authors, classifier: str) -> Iterator[str]:
    """Greedy's figures over MST's at epsilon 1."""
    named = [*_QUALITY.items(), *((m, _USEFUL.get(m) or _FAIR[m.removesuffix("_unmatched")]) for m in METRICS)]
    printed = {table: numbers for table in _SEX if (numbers := _printed_ratios(table, classifier))}
    kinds = {table: _kinds(table, printed=table in printed) for table in _SEX}
    heads = [f"{TABLES[table]}: {kind}" for table in _SEX for kind in kinds[table]]
    yield f"| {_TITLES[classifier]} | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}"
    for i, (metric, words) in enumerate(named):
        cells = []
        for table in _SEX:
            figure = metric if metric in _QUALITY else _path(table, classifier, metric)
            ours = [_ours(results, table, m, 1.0, figure) for m in ("Greedy", "MST")]
            ratios = {
                "printed": printed[table][i] if table in printed else None,
                "their files": _ratio(*(authors.mean(table, m, 1.0, figure) for m in ("Greedy", "MST"))),
                "ours": _ratio(*(mean(values) if values else None for values in ours)),
            }
            cells += ["-" if (ratio := ratios[kind]) is None else f"{ratio:.3f}" for kind in kinds[table]]
        yield f"| {words} | {' | '.join(cells)} |"


def _kinds(table: str, *, printed: bool) -> list[str]:
    return [*(["printed"] if printed else []), *(["their files"] if table != "kdd" else []), "ours"]


def _printed_ratios(table: str, classifier: str) -> list[float | None]:
    """Of the network the authors printed them; of the forest on Adult they follow from what they printed."""
    if classifier == "mlp":
        return [*RATIOS.get(table, ())]
    pair = [PRINTED.get((mechanism, classifier, 1.0)) for mechanism in ("Greedy", "MST")]
    if table != "adult" or None in pair:
        return []
    return [*RATIOS[table][: len(_QUALITY)], *(_ratio(*numbers) for numbers in zip(*pair, strict=True))]


def _ratio(upper: float | None, lower: float | None) -> float | None:
    return None if upper is None or not lower else upper / lower


def _quality(results: Results, authors: _Authors, pages: Path) -> Iterator[str]:
    panels = []
    for table, (metric, words) in product(results.plan.samples, _QUALITY.items()):
        panels.append(_panel(results, authors, table, metric, f"{TABLES[table]}: {words}"))
    alt = "Distances of synthetic tables from the real one by epsilon: ours, and those of the authors' files"
    draw(pages / "img/prefair_quality.svg", panels, columns=3, alt=alt)
    yield f"![{alt}](img/prefair_quality.svg)\n"
    yield f"| table, epsilon | | {' | '.join(_QUALITY.values())} |\n|---|---|---|---|---|"
    for table, epsilon, mechanism in product(results.plan.samples, results.plan.epsilons, _PAPER):
        if not results.raw(table, mechanism, "as published", epsilon):
            continue
        cells = []
        for metric in _QUALITY:
            theirs = authors.mean(table, mechanism, epsilon, metric)
            shown = cell_of(_ours(results, table, mechanism, epsilon, metric))
            cells.append(shown if theirs is None else f"{shown} ({theirs:.4f})")
        yield f"| {TABLES[table]} {epsilon:g} | {mechanism} | {' | '.join(cells)} |"


def _panel(results: Results, authors: _Authors, table: str, figure: str, title: str) -> Panel:
    epsilons = results.plan.epsilons
    series = [
        Series(
            mechanism,
            [spread(_ours(results, table, mechanism, e, figure)) for e in epsilons],
            [authors.spread(table, mechanism, e, figure) for e in epsilons],
        )
        for mechanism in _PAPER
    ]
    return Panel(title, [f"ε = {e:g}" for e in epsilons], series)


def _classifiers(results: Results, authors: _Authors, table: str, pages: Path) -> Iterator[str]:
    shown = {"accuracy": "accuracy", **_FAIR}
    panels = [
        _panel(results, authors, table, _path(table, c, metric), f"{_TITLES[c]}: {words}")
        for (metric, words), c in product(shown.items(), CLASSIFIERS)
    ]
    alt = f"{TABLES[table]}: accuracy and fairness of classifiers on real rows, by epsilon"
    draw(pages / f"img/prefair_{table}.svg", panels, columns=3, alt=alt)
    names = _SHOWN
    yield f"\n### {TABLES[table]}\n\n![{alt}](img/prefair_{table}.svg)\n"
    yield f"| epsilon | | classifier | {' | '.join(names.values())} |\n|---|---|---|{'---|' * len(names)}"
    for classifier in CLASSIFIERS:
        real = (results.values(table, REAL, "", 0.0, _path(table, classifier, m)) for m in names)
        yield f"| - | real rows | {_TITLES[classifier]} | {' | '.join(_beside(v, None) for v in real)} |"
    for epsilon, classifier, mechanism in product(results.plan.epsilons, CLASSIFIERS, _PAPER):
        if not results.raw(table, mechanism, "as published", epsilon):
            continue
        cells = []
        for metric in names:
            figure = _path(table, classifier, metric)
            theirs = authors.mean(table, mechanism, epsilon, figure)
            cells.append(_beside(_ours(results, table, mechanism, epsilon, figure), theirs))
        yield f"| {epsilon:g} | {mechanism} | {_TITLES[classifier]} | {' | '.join(cells)} |"


def _printed(results: Results, authors: _Authors) -> Iterator[str]:
    heads = [_USEFUL.get(m) or _FAIR[m.removesuffix("_unmatched")] for m in METRICS]
    yield f"| epsilon | | classifier | | {' | '.join(heads)} |\n|---|---|---|---|{'---|' * len(heads)}"
    for (mechanism, classifier, epsilon), numbers in sorted(PRINTED.items(), key=lambda item: item[0][2]):
        if not results.raw("adult", mechanism, "as published", epsilon):
            continue
        figures = [_path("adult", classifier, m) for m in METRICS]
        theirs = (authors.mean("adult", mechanism, epsilon, f) for f in figures)
        ours = (_ours(results, "adult", mechanism, epsilon, f) for f in figures)
        rows = {
            "printed": [f"{n:.3f}" for n in numbers],
            "their files": ["-" if n is None else f"{n:.3f}" for n in theirs],
            "ours": [_beside(values, None) for values in ours],
        }
        for kind, cells in rows.items():
            yield f"| {epsilon:g} | {mechanism} | {_TITLES[classifier]} | {kind} | {' | '.join(cells)} |"


def _compared(results: Results, authors: _Authors) -> Compared:
    """Ours beside the authors' files, where those are what the paper defines."""
    pairs = []
    for (table, mechanism), epsilon in product(_SOUND, results.plan.epsilons):
        learnt = {_path(table, c, m): f"{_TITLES[c]} {_SHOWN[m]}" for c, m in product(CLASSIFIERS, _SHOWN)}
        for figure, words in {**_QUALITY, **learnt}.items():
            theirs = authors.spread(table, mechanism, epsilon, figure)
            ours = Sample.of(_ours(results, table, mechanism, epsilon, figure))
            name = f"{TABLES[table]} {epsilon:g} {mechanism} {words}"
            pairs.append((name, ours, None if theirs is None else Sample(*theirs, FILES)))
    return compare(pairs)


def _fair_anyway(results: Results) -> str:
    """How many of MST's trees of Census-Income KDD were fair without being asked to be."""
    runs = [run for epsilon in results.plan.epsilons for run in results.raw("kdd", "MST", "as published", epsilon)]
    return f"{sum(run['fair'] for run in runs)} of {len(runs)} runs"


def write(results: Results, pages: Path, version: str) -> Compared:
    """Write ``prefair.md`` and its pictures into ``pages``; the comparison with the authors' files."""
    authors, text = _Authors(), (_HERE / "page.md").read_text()
    compared = _compared(results, authors)
    blocks = {
        "COMPARED": [str(compared)],
        "COUNTS": [f"{results.counts()}; fairshare {version}"],
        "KDD FAIR": [_fair_anyway(results)],
        "RATIOS": [line for c in ("random_forest", "mlp") for line in (*_ratios(results, authors, c), "")],
        "QUALITY": _quality(results, authors, pages),
        "CLASSIFIERS": [line for t in results.plan.samples for line in _classifiers(results, authors, t, pages)],
        "PRINTED": _printed(results, authors),
    }
    for name, lines in blocks.items():
        text = text.replace(f"<{name}>", "\n".join(lines))
    (pages / "prefair.md").write_text(text)
    return compared
