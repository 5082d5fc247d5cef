"""Draw the trees that MST measures on the built-in Adult table, with and without fairness, as SVG.

    python tools/draw_fair_trees.py docs/img

Both drawings come from releases at epsilon 1, so each run may draw slightly different trees. The outcome is at the
left; columns are coloured by the roles of the table's schema, and their first letter says the role too.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

import fairshare
from fairshare.fairness import Fairness, Role, separation

Edge = tuple[str, ...]
COLOURS = {
    Role.PROTECTED: "#b3403a",
    Role.ADMISSIBLE: "#2f7d4f",
    Role.OUTCOME: "#2a5ca8",
    Role.NEUTRAL: "#6b6b6b",
}
BOX, ROW, LEVEL, MARGIN, TOP = (124, 26), 38, 164, 16, 58


@dataclass(frozen=True)
class Place:
    x: float
    y: float


def layout(edges: Sequence[Edge], root: str) -> dict[str, Place]:
    """Levels to the right of the root; a parent stands at the middle of its children."""
    neighbours: dict[str, list[str]] = {}
    for a, b in edges:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    places: dict[str, Place] = {}
    leaves = 0

    def put(node: str, parent: str | None, level: int) -> float:
        nonlocal leaves
        children = [put(n, node, level + 1) for n in sorted(neighbours[node]) if n != parent]
        if not children:
            leaves += 1
        y = (children[0] + children[-1]) / 2 if children else TOP + ROW * (leaves - 0.5)
        places[node] = Place(MARGIN + LEVEL * level, y)
        return y

    put(root, None, 0)
    return places


def joining_edges(edges: Sequence[Edge], fairness: Fairness) -> set[Edge]:
    """Edges of a path that ties a protected column to the outcome past every admissible one, if there is one."""
    path = separation(edges, fairness.roles).path
    steps = {frozenset(step) for step in pairwise(path)}
    return {edge for edge in edges if frozenset(edge) in steps}


def drawing(edges: Sequence[Edge], fairness: Fairness, title: str) -> Iterator[str]:
    places = layout(edges, fairness.outcome[0])
    width = max(p.x for p in places.values()) + BOX[0] + MARGIN
    height = max(p.y for p in places.values()) + ROW / 2 + 44
    unjust = joining_edges(edges, fairness)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="sans-serif" font-size="13" role="img">'
    )
    yield f"<title>{escape(title)}</title>"
    yield '<rect width="100%" height="100%" fill="white"/>'
    yield f'<text x="{MARGIN}" y="28" font-size="16" font-weight="bold">{escape(title)}</text>'
    for edge in edges:
        a, b = sorted((places[name] for name in edge), key=lambda place: place.x)
        style = 'stroke="#b3403a" stroke-width="4"' if edge in unjust else 'stroke="#999" stroke-width="1.5"'
        yield f'<path d="M{a.x + BOX[0]:.0f} {a.y:.1f} L{b.x:.0f} {b.y:.1f}" fill="none" {style}/>'
    for name, place in places.items():
        role = fairness.roles.role_of(name)
        yield (
            f'<rect x="{place.x:.0f}" y="{place.y - BOX[1] / 2:.1f}" width="{BOX[0]}" height="{BOX[1]}" rx="5" '
            f'fill="{COLOURS[role]}"/>'
        )
        yield (
            f'<text x="{place.x + BOX[0] / 2:.0f}" y="{place.y + 4.5:.1f}" text-anchor="middle" fill="white">'
            f"{role.value[0].upper()} · {escape(name)}</text>"
        )
    yield from legend(height - 16, thick=bool(unjust))
    yield "</svg>"


def legend(y: float, *, thick: bool) -> Iterator[str]:
    x = MARGIN
    for role, colour in COLOURS.items():
        yield f'<rect x="{x}" y="{y - 11:.1f}" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 17}" y="{y:.1f}" font-size="12">{role.value}</text>'
        x += 100
    if thick:
        yield f'<path d="M{x} {y - 5:.1f} h24" stroke="#b3403a" stroke-width="4"/>'
        yield f'<text x="{x + 30}" y="{y:.1f}" font-size="12">protected to outcome, not justified</text>'


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    adult = fairshare.datasets.load_adult()
    roles = adult.schema.roles
    wish = fairshare.Fairness(protected=roles.protected, admissible=roles.admissible, outcome=roles.outcome)
    for name, fairness, title in (
        ("adult_tree", None, "Adult, epsilon 1: MST without fairness"),
        ("adult_tree_fair", wish, "Adult, epsilon 1: MST with --fairness strict"),
    ):
        made = fairshare.synthesize(adult.table, adult.schema, epsilon=1, delta=1e-9, fairness=fairness, rows=0)
        tree = [clique for clique in made.model.cliques if len(clique) == 2]
        (folder / f"{name}.svg").write_text("\n".join(drawing(tree, wish, title)) + "\n", encoding="utf-8")
        print(name, separation(tree, wish.roles).verdict.because)


if __name__ == "__main__":
    main()
