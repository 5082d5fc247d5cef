"""The findings of an evaluation as tables, each number beside what to compare it with."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["tables"]

_TOPICS = {
    "quality": "Is the table close to the real one?",
    "usefulness": "Is it of use?",
    "fairness": "Are models trained on it fair?",
    "independence": "Does the outcome depend on protected columns beyond the admissible ones?",
    "privacy": "Smoke tests of privacy",
}
_NESTED = ("usefulness", "fairness")
_SCORED_ON = {
    "held_out": "scored on held-out real rows",
    "all_real": "scored on all real rows",
    "synthetic": "scored on synthetic rows",
    None: "",
}
_REFERENCES = {
    "independent": "columns shuffled apart",
    "sampling": "half against half of the real rows",
    "trained_on_real": "trained on real rows",
    "real": "the real table",
    "null": "if independent (mean)",
    "null_95": "if independent (95 in 100 below)",
    "chance": "by chance",
    "p_value": "p-value",
    "share_both_vary": "share of rows compared",
}

Score = Mapping[str, Any]


def tables(findings: Mapping[str, Any]) -> dict[str, Any]:
    """The findings by topic.

    Args:
        findings: what ``Findings.to_dict`` gives.

    Returns:
        ``topics``, each with a title and tables; and what holds for all of them.
    """
    scores, metrics = findings["scores"], findings["metrics"]
    by_topic = {topic: [s for s in scores if metrics[s["metric"]]["topic"] == topic] for topic in _TOPICS}
    return {
        "rows": dict(findings["rows"]),
        "held_out": findings["held_out"],
        "notes": list(findings.get("notes", ())),
        "topics": [
            {
                "topic": topic,
                "title": _TOPICS[topic],
                "tables": _nested(found, metrics) if topic in _NESTED else _flat(found, metrics),
                "metrics": [_told(metrics[key]) for key in dict.fromkeys(s["metric"] for s in found)],
            }
            for topic, found in by_topic.items()
            if found
        ],
    }


def _told(metric: Mapping[str, Any]) -> dict[str, Any]:
    return {key: metric[key] for key in ("key", "name", "goal", "meaning", "source")}


def _flat(scores: Sequence[Score], metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a score, the number first and its references behind it; scores by protected column in their own table."""
    made = []
    for key, found in _grouped(scores, lambda s: s["metric"] if s.get("protected") else "").items():
        names = (name for s in found for name, value in s["references"].items() if value is not None)
        references = list(dict.fromkeys(names))
        rows = [
            {
                "name": s.get("protected") or metrics[s["metric"]]["name"],
                "cells": [_cell(s), *({"value": s["references"].get(name)} for name in references)],
                "note": s.get("failed") or s.get("note"),
            }
            for s in found
        ]
        header = [_heading("this table"), *(_heading(_REFERENCES.get(name, name)) for name in references)]
        title = f"{metrics[key]['name']}, by protected column" if key else ""
        made.append({"title": title, "header": header, "rows": rows, "aside": False})
    return made


def _nested(scores: Sequence[Score], metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Classifiers down, metrics across, a table for each protected column and set of rows; the table itself apart.

    The unmatched forms of conditional metrics are left to the JSON: they are there to be compared with a paper.
    """
    shown = [s for s in scores if not s["metric"].endswith("_unmatched")]
    itself = [s for s in shown if s.get("classifier") is None]
    judged = [s for s in shown if s.get("classifier") is not None]
    made = [
        _table(
            found, metrics, by="classifier", title=_title(protected, scored_on, found), aside=scored_on == "all_real"
        )
        for (protected, scored_on), found in _grouped(
            judged, lambda s: (s.get("protected"), s.get("scored_on"))
        ).items()
    ]
    if itself:
        made.insert(
            0, _table(itself, metrics, by="protected", title="the synthetic table itself; grey: the real table")
        )
    return made


def _table(
    scores: Sequence[Score], metrics: Mapping[str, Any], *, by: str, title: str, aside: bool = False
) -> dict[str, Any]:
    keys = list(dict.fromkeys(s["metric"] for s in scores))
    rows = []
    for name, found in _grouped(scores, lambda s: s.get(by)).items():
        cells = {s["metric"]: _cell(s) | _reference(s) for s in found}
        told = [cells.get(key, {"value": None}) for key in keys]
        rows.append({"name": str(name).replace("_", " ") if by == "classifier" else name, "cells": told, "note": None})
    return {"title": title, "header": [_metric(metrics[key]) for key in keys], "rows": rows} | {"aside": aside}


def _title(protected: str | None, scored_on: str | None, scores: Sequence[Score]) -> str:
    beside = next((name for s in scores for name in _reference(s).values() if isinstance(name, str)), None)
    told = [protected and f"by {protected}", _SCORED_ON.get(scored_on, ""), beside and f"grey: {beside}"]
    return "; ".join(filter(None, told))


def _grouped(scores: Sequence[Score], key: Callable[[Score], Any]) -> dict[Any, list[Score]]:
    groups: dict[Any, list[Score]] = {}
    for score in scores:
        groups.setdefault(key(score), []).append(score)
    return groups


def _heading(text: str, meaning: str | None = None) -> dict[str, str | None]:
    return {"text": text, "meaning": meaning}


def _metric(metric: Mapping[str, Any]) -> dict[str, str | None]:
    """Fairness metrics have long names, which stand behind their letters."""
    if metric["topic"] == "fairness":
        return _heading(str(metric["key"]).removesuffix("_table").upper(), metric["name"])
    return _heading(metric["name"])


def _cell(score: Score) -> dict[str, Any]:
    told = {"failed": score["failed"]} if score.get("failed") else {}
    return {"value": score["value"], "note": score.get("note")} | told


def _reference(score: Score) -> dict[str, Any]:
    """The first thing to compare with."""
    found = [(name, value) for name, value in score["references"].items() if value is not None]
    return {"reference": found[0][1], "reference_name": _REFERENCES.get(found[0][0], found[0][0])} if found else {}
