"""One self-contained page from a report's content: escaped throughout, locked down by its own policy."""

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from fairshare.report import heatmap, layout
from fairshare.report.rendering import environment

__all__ = ["page"]

#: Below this the difference of two associations is drawn on a scale that would show noise as if it were something.
_SMALLEST_FULL_SCALE = 0.2


def page(content: Mapping[str, Any]) -> str:
    """HTML of a report's content. Strings in it are text, never markup, whoever chose the names.

    Args:
        content: what ``Report.to_dict`` gives.
    """
    style, script = _asset("page.css"), _asset("page.js")
    fairness, pairs = content.get("fairness"), content.get("pairs")
    drawn: dict[str, Any] = {"drawing": None, "cuts": "", "role_of": {}}
    if fairness is not None:
        drawing = layout.draw(fairness["graph"], fairness["roles"])
        roles = {name: role for role, names in fairness["roles"].items() for name in names}
        drawn = {"drawing": drawing, "cuts": _cuts(drawing, fairness["paths"]), "role_of": roles}
    template = environment().get_template("page.html")
    return template.render(
        **drawn,
        content=content,
        maps=[] if pairs is None else _maps(pairs),
        style=Markup(style),  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=_data(content),
    )


def _cuts(drawing: layout.Drawing, paths: list[dict[str, Any]]) -> str:
    """Two short strokes where a shortest way first meets an admissible column, as SVG path data."""
    nodes = {node.name: node for node in drawing.nodes}
    marks = {}
    for told in paths:
        if told["stops"]:
            stop = nodes[told["stops"][0]]
            before = nodes[told["path"][told["path"].index(stop.name) - 1]]
            side = -1 if before.column <= stop.column else 1
            x = stop.x + side * (stop.width / 2 + 7)
            marks[stop.name, side] = f"M{x - 2:.0f} {stop.y - 6:.0f}v12M{x + 2:.0f} {stop.y - 6:.0f}v12"
    return "".join(marks.values())


def _maps(pairs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The heat maps to draw: association, and where there are real rows the difference from theirs."""
    columns, synthetic = pairs["columns"], pairs["synthetic"]
    made = [{"kind": "synthetic", "picture": heatmap.draw(columns, synthetic), "full_scale": 1.0}]
    if "real" in pairs:
        difference = [
            [s - r for s, r in zip(*rows, strict=True)] for rows in zip(synthetic, pairs["real"], strict=True)
        ]
        most = max((abs(value) for row in difference for value in row), default=0.0)
        scale = max(_SMALLEST_FULL_SCALE, most)
        picture = heatmap.draw(columns, difference, full_scale=scale)
        made.append({"kind": "difference", "picture": picture, "full_scale": scale})
    return made


def _asset(name: str) -> str:
    return files("fairshare.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The source expression by which the page's policy admits exactly this text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(content: Mapping[str, Any]) -> Markup:
    """The content as JSON that can't end the element it stands in: no angle bracket or ampersand is left in it."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(safe)  # noqa: S704 - made safe at the line above
