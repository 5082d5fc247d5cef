"""The drawing: everything has a place of its own, and a line over the middle passes between labels."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.report.layout import draw

SIDES = ("protected", "admissible", "outcome")


@st.composite
def graphs(draw_from, most: int = 14):
    n = draw_from(st.integers(1, most))
    names = [f"c{i}" for i in range(n)]
    pairs = [[a, b] for i, a in enumerate(names) for b in names[i + 1 :]]
    edges = draw_from(st.lists(st.sampled_from(pairs), unique_by=tuple, max_size=30)) if pairs else []
    sides = {name: draw_from(st.sampled_from(SIDES)) for name in names} if draw_from(st.booleans()) else {}
    if sides and (set(sides.values()) != set(SIDES)):
        sides = {}
    return {"nodes": names, "edges": edges, "sides": sides}


@given(graphs())
def test_every_column_has_a_place_of_its_own(graph) -> None:
    drawing = draw(graph, {})
    assert drawing == draw(graph, {})
    assert sorted(node.name for node in drawing.nodes) == sorted(graph["nodes"])
    assert len(drawing.edges) == len(graph["edges"])
    for column in range(len(drawing.bands)):
        heights = sorted(node.y for node in drawing.nodes if node.column == column)
        assert all(b - a >= 30 for a, b in pairwise(heights))
    for node in drawing.nodes:
        assert node.width / 2 <= node.x <= drawing.width - node.width / 2
        assert 13 <= node.y <= drawing.height - 13
    if graph["sides"]:
        assert all(SIDES[node.column] == graph["sides"][node.name] for node in drawing.nodes)


def test_a_line_over_the_middle_passes_between_labels() -> None:
    names = ["p", "a", "b", "c", "o"]
    sides = dict(zip(names, ["protected", "admissible", "admissible", "admissible", "outcome"], strict=True))
    drawing = draw({"nodes": names, "edges": [["p", "o"]], "sides": sides}, {})
    (edge,) = drawing.edges
    assert edge.across
    height = float(re.search(r"L\S+ (\S+?)C", edge.path)[1])
    assert min(abs(height - node.y) for node in drawing.nodes if node.column == 1) > 15


@pytest.mark.parametrize("n", [100])
def test_many_columns_stay_readable(n: int) -> None:
    names = [f"column number {i} with a long name" for i in range(n)]
    star = [[names[0], name] for name in names[1:]]
    drawing = draw({"nodes": names, "edges": star, "sides": {}}, {})
    assert len(drawing.bands) == 2
    assert all(len(node.label) <= 22 for node in drawing.nodes)
    assert drawing.width < 1000
