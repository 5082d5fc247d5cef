"""Where nodes and edges of the model's graph go: columns of labels, the same every time.

With roles there are three columns, protected, admissible and outcome, so that a path from one side to the other is
seen to pass through the middle, or not. Without roles the columns are the distances from a most central node.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

__all__ = ["Drawing", "Edge", "Node", "draw"]

_LETTER, _PADDING, _LONGEST = 7.5, 40.0, 22
_PITCH, _HALF_HEIGHT = 38.0, 13.0
_GAP, _TOP, _BOTTOM = 120.0, 46.0, 12.0
_BULGE, _BULGE_STEP, _BULGE_MOST = 16.0, 9.0, 84.0
_SWEEPS = 12

_SIDES = ("protected", "admissible", "outcome")


@dataclass(frozen=True)
class Node:
    """A label: centre, width, and the column it stands in."""

    name: str
    label: str
    role: str
    column: int
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Edge:
    """A curve between two nodes, as SVG path data; ``across`` if it passes over a column."""

    a: str
    b: str
    path: str
    across: bool


@dataclass(frozen=True)
class Drawing:
    """A picture of ``width`` by ``height``; ``bands`` are the centres of the columns, ``band_width`` their width."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    bands: tuple[float, ...]
    band_width: float


def draw(graph: Mapping[str, Any], roles: Mapping[str, Sequence[str]]) -> Drawing:
    """Lay out a graph.

    Args:
        graph: ``nodes``, ``edges`` (pairs), and ``sides``: node to side, empty without roles.
        roles: role to nodes; those not named are neutral.
    """
    neighbours: dict[str, list[str]] = {name: [] for name in graph["nodes"]}
    for a, b in graph["edges"]:
        neighbours[a].append(b)
        neighbours[b].append(a)
    sides = graph["sides"]
    if sides:
        columns = [[name for name in graph["nodes"] if sides[name] == side] for side in _SIDES]
    else:
        columns = _layers(graph["nodes"], neighbours)
    columns = _untangled(columns, neighbours)
    role_of = {name: role for role, names in roles.items() for name in names}
    nodes, height, band_width = _placed(columns, role_of, neighbours)
    placed = {node.name: node for node in nodes}
    edges = tuple(_edge(placed[a], placed[b], columns, placed) for a, b in graph["edges"])
    bands = tuple(_centre(i, band_width, _margin(columns[0], neighbours)) for i in range(len(columns)))
    width = bands[-1] + band_width / 2 + _margin(columns[-1], neighbours)
    return Drawing(width, height, nodes, edges, bands, band_width)


def _layers(names: Sequence[str], neighbours: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Distances from the node with most neighbours, component by component; single nodes in the last column."""
    layers: list[list[str]] = []
    seen: set[str] = set()
    for start in sorted((n for n in names if neighbours[n]), key=lambda name: -len(neighbours[name])):
        front = [] if start in seen else [start]
        depth = 0
        while front:
            seen.update(front)
            layers += [[]] if depth == len(layers) else []
            layers[depth] += front
            front = list(dict.fromkeys(b for a in front for b in neighbours[a] if b not in seen))
            depth += 1
    alone = [name for name in names if not neighbours[name]]
    return [*layers, alone] if alone or not layers else layers


def _untangled(columns: list[list[str]], neighbours: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Order each column by the mean height of its neighbours, again and again: fewer crossings."""
    for _ in range(_SWEEPS):
        height = {name: (i + 0.5) / len(column) for column in columns for i, name in enumerate(column)}

        def mean(name: str, height: dict[str, float] = height) -> float:
            near = [height[other] for other in neighbours[name]]
            return (sum(near) + height[name]) / (len(near) + 1) if near else 2.0

        columns = [sorted(column, key=mean) for column in columns]
    return columns


def _placed(
    columns: list[list[str]], role_of: Mapping[str, str], neighbours: Mapping[str, Sequence[str]]
) -> tuple[tuple[Node, ...], float, float]:
    labels = {name: _short(name) for column in columns for name in column}
    band_width = max(map(len, labels.values()), default=1) * _LETTER + _PADDING
    space = max(map(len, columns)) * _PITCH
    left = _margin(columns[0], neighbours)
    nodes = tuple(
        Node(
            name,
            labels[name],
            role_of.get(name, "neutral"),
            i,
            _centre(i, band_width, left),
            round(_TOP + space * (row + 0.5) / len(column), 1),
            len(labels[name]) * _LETTER + _PADDING,
        )
        for i, column in enumerate(columns)
        for row, name in enumerate(column)
    )
    # All labels of a picture are equally wide: the eye then reads the lines, not the boxes.
    return tuple(replace(node, width=band_width) for node in nodes), _TOP + space + _BOTTOM, band_width


def _margin(column: Sequence[str], neighbours: Mapping[str, Sequence[str]]) -> float:
    """Room for the arcs within the first or last column."""
    rows = {name: i for i, name in enumerate(column)}
    spans = [abs(rows[name] - rows[other]) for name in column for other in neighbours[name] if other in rows]
    return _bulge(max(spans)) * 0.75 + 10 if spans else 8.0


def _centre(column: int, band_width: float, left: float) -> float:
    return round(left + band_width / 2 + column * (band_width + _GAP), 1)


def _bulge(span: int) -> float:
    return min(_BULGE + _BULGE_STEP * span, _BULGE_MOST)


def _edge(a: Node, b: Node, columns: list[list[str]], placed: Mapping[str, Node]) -> Edge:
    if a.column == b.column:
        span = abs(columns[a.column].index(a.name) - columns[a.column].index(b.name))
        outward = -1 if a.column == 0 and len(columns) > 1 else 1
        x = a.x + outward * a.width / 2
        far = x + outward * _bulge(span)
        arc = f"M{x:.0f} {a.y:.0f}C{far:.0f} {a.y:.0f} {far:.0f} {b.y:.0f} {x:.0f} {b.y:.0f}"
        return Edge(a.name, b.name, arc, False)
    first, last = (a, b) if a.column < b.column else (b, a)
    start, end = first.x + first.width / 2, last.x - last.width / 2
    between = [placed[name] for name in columns[first.column + 1]] if last.column - first.column == 2 else []
    if not between:
        return Edge(a.name, b.name, _curve(start, first.y, end, last.y), last.column - first.column > 1)
    gap = _gap_near((first.y + last.y) / 2, between)
    middle = between[0]
    into, out = middle.x - middle.width / 2, middle.x + middle.width / 2
    path = _curve(start, first.y, into, gap) + f"L{out:.0f} {gap:.0f}" + _curve(out, gap, end, last.y, move=False)
    return Edge(a.name, b.name, path, True)


def _curve(x1: float, y1: float, x2: float, y2: float, *, move: bool = True) -> str:
    half = (x1 + x2) / 2
    begin = f"M{x1:.0f} {y1:.0f}" if move else ""
    return f"{begin}C{half:.0f} {y1:.0f} {half:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"


def _gap_near(y: float, column: Sequence[Node]) -> float:
    """The nearest height at which a line passes between the labels of a column, not behind one."""
    heights = sorted(node.y for node in column)
    gaps = [(a + b) / 2 for a, b in pairwise(heights)]
    ends = [heights[0] - _HALF_HEIGHT - 7, heights[-1] + _HALF_HEIGHT + 7]
    return min([*gaps, *ends], key=lambda gap: abs(gap - y))


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
