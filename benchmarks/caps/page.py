"""The page of CaPS's question: is a consortium's synthetic table as good as one party's?"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any

from caps.data import TABLES
from caps.plan import Plan
from caps.work import MECHANISMS, REAL, SETTINGS, cell
from cells import Store
from chance import Compared, Sample, compare
from charts import Panel, Series, draw
from prefair.plan import cell_of, spread

__all__ = ["write"]

_HERE = Path(__file__).parent
_FIGURES = {
    "error": "workload error",
    "logistic_regression/auc": "LR: AUC",
    "logistic_regression/f1": "LR: F1",
    "random_forest/auc": "RF: AUC",
    "random_forest/f1": "RF: F1",
}
_COST = {"cpu_seconds": "CPU s", "rounds": "rounds", "sent_mb": "MB sent"}
#: Each distributed setting and the central one under the same neighbours.
_PAIRS = ((SETTINGS[1], SETTINGS[0]), (SETTINGS[3], SETTINGS[2]))


def _value(result: dict[str, Any], figure: str) -> float | None:
    if "/" not in figure:
        found: float | None = result.get(figure)
        return found
    classifier, metric = figure.split("/")
    score: float | None = result["scores"].get(classifier, {}).get(metric)
    return score


def _values(results: list[dict[str, Any]], figure: str) -> list[float]:
    return [value for result in results if (value := _value(result, figure)) is not None]


def _lines(plan: Plan, store: Store) -> Iterator[str]:
    heads = " | ".join([*_FIGURES.values(), *_COST.values()])
    yield f"| table | | data | neighbours | runs | {heads} |"
    yield f"|---|---|---|---|---|{'---|' * (len(_FIGURES) + len(_COST))}"
    for table in plan.samples:
        real = store.of([cell(table, REAL, "", "", 0)])
        cells = " | ".join(cell_of(_values(real, f), 3) for f in _FIGURES)
        yield f"| {TABLES[table]} | - | real rows | - | 1 | {cells} | - | - | - |"
        for mechanism, (split, relation) in product(MECHANISMS, SETTINGS):
            results = store.of(plan.of(table, mechanism, split, relation))
            cells = " | ".join(cell_of(_values(results, f), 3) for f in _FIGURES)
            cost = (_values(results, f) for f in _COST)
            costs = " | ".join(f"{mean(v):,.1f}" if v else "-" for v in cost)
            yield f"| {TABLES[table]} | {mechanism} | {split} | {relation} | {len(results)} | {cells} | {costs} |"


def _compared(plan: Plan, store: Store) -> Compared:
    """Each consortium beside one party under the same neighbours."""
    pairs = []
    for table, mechanism, settings in product(plan.samples, MECHANISMS, _PAIRS):
        held, whole = (store.of(plan.of(table, mechanism, *setting)) for setting in settings)
        for figure, words in _FIGURES.items():
            name = f"{TABLES[table]} {mechanism} {settings[0][0]} {words}"
            pairs.append((name, Sample.of(_values(held, figure)), Sample.of(_values(whole, figure))))
    return compare(pairs)


def _ratios(plan: Plan, store: Store) -> str:
    """The workload error of consortia over that of one party: how much worse, where a test would not notice."""
    found = []
    for table, mechanism, settings in product(plan.samples, MECHANISMS, _PAIRS):
        held, whole = (_values(store.of(plan.of(table, mechanism, *setting)), "error") for setting in settings)
        if held and whole:
            found.append(mean(held) / mean(whole))
    return f"{mean(found):.3f} on average, {min(found):.2f} to {max(found):.2f}" if found else "-"


def _panels(plan: Plan, store: Store) -> Iterator[Panel]:
    shown = ("error", "logistic_regression/auc", "random_forest/auc")
    names = [f"{split}, {relation}" for split, relation in SETTINGS]
    for table, figure in product(plan.samples, shown):
        series = [
            Series(name, [spread(_values(store.of(plan.of(table, m, *s)), figure)) for m in MECHANISMS])
            for name, s in zip(names, SETTINGS, strict=True)
        ]
        yield Panel(f"{TABLES[table]}: {_FIGURES[figure]}", list(MECHANISMS), series)


def write(plan: Plan, store: Store, pages: Path, version: str) -> Compared:
    """Write ``caps.md`` and its picture into ``pages``; the verdict."""
    alt = "Workload error and AUC of central, horizontal and vertical synthesis"
    draw(pages / "img/caps.svg", list(_panels(plan, store)), columns=3, alt=alt)
    compared = _compared(plan, store)
    text = (_HERE / "page.md").read_text()
    blocks = {
        "VERSION": version,
        "VERDICT": str(compared),
        "RATIOS": _ratios(plan, store),
        "FIGURE": f"![{alt}](img/caps.svg)",
        "TABLE": "\n".join(_lines(plan, store)),
    }
    for name, block in blocks.items():
        text = text.replace(f"<{name}>", block)
    (pages / "caps.md").write_text(text)
    return compared
