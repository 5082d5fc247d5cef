"""Small multiples as SVG: means with their standard deviations, ours filled, published ones hollow beside them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

__all__ = ["Panel", "Series", "draw"]

#: Colours that people with colour blindness tell apart (Okabe and Ito 2008), one a series.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _GAP = 230, 150, 44, 26, 30, 14
_STYLE = """text { font: 11px system-ui, sans-serif; fill: #222 } .title { font-weight: 600 } .axis { stroke: #999 }
.grid { stroke: #ddd } .back { fill: #fff }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .grid { stroke: #444 } .back { fill: #111 } }"""

#: Mean and standard deviation; None where there is nothing to show.
Point = tuple[float, float] | None


@dataclass(frozen=True)
class Series:
    """One line of points, an entry a group; ``published`` is drawn hollow."""

    name: str
    points: Sequence[Point]
    published: Sequence[Point] = ()


@dataclass(frozen=True)
class Panel:
    """A small plot: groups along the horizontal axis."""

    title: str
    groups: Sequence[str]
    series: Sequence[Series]


def draw(path: Path, panels: Sequence[Panel], *, columns: int, alt: str) -> None:
    """Write the panels that have points, ``columns`` in a row, under one legend.

    Args:
        path: the file.
        panels: in reading order.
        columns: panels in a row.
        alt: what the picture shows, for people who can't see it.
    """
    panels = [p for p in panels if any(point for s in p.series for point in (*s.points, *s.published))]
    rows = math.ceil(len(panels) / columns)
    width, height = columns * (_WIDTH + _GAP), rows * (_HEIGHT + _GAP) + 28
    names = dict.fromkeys(s.name for p in panels for s in p.series)
    colours = dict(zip(names, _COLOURS, strict=False))
    body = [line for i, p in enumerate(panels) for line in _panel(p, *_place(i, columns), colours)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f"<title>{escape(alt)}</title><style>{_STYLE}</style>",
        f'<rect class="back" width="{width}" height="{height}"/>',
        *_legend(colours, hollow=any(s.published for p in panels for s in p.series)),
        *body,
        "</svg>",
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def _place(index: int, columns: int) -> tuple[float, float]:
    row, column = divmod(index, columns)
    return column * (_WIDTH + _GAP), 28 + row * (_HEIGHT + _GAP)


def _legend(colours: Mapping[str, str], *, hollow: bool) -> Iterator[str]:
    x = float(_LEFT)
    for name, colour in colours.items():
        yield f'<circle cx="{x}" cy="14" r="4" fill="{colour}"/><text x="{x + 9}" y="18">{escape(name)}</text>'
        x += 26 + 6.4 * len(name)
    if hollow:
        yield f'<circle cx="{x}" cy="14" r="4" fill="none" stroke="#888" stroke-width="1.5"/>'
        yield f'<text x="{x + 9}" y="18">published</text>'


def _panel(panel: Panel, x: float, y: float, colours: Mapping[str, str]) -> Iterator[str]:
    points = [p for s in panel.series for p in (*s.points, *s.published) if p is not None]
    top = _round_up(max((m + sd for m, sd in points), default=1.0))
    inner, base = _WIDTH - _LEFT, y + _HEIGHT - _BOTTOM
    scale = (_HEIGHT - _BOTTOM - _TOP) / top
    yield f'<text class="title" x="{x + _LEFT}" y="{y + 14}">{escape(panel.title)}</text>'
    for share in (0, 0.5, 1):
        line = base - share * top * scale
        yield f'<line class="grid" x1="{x + _LEFT}" x2="{x + _WIDTH}" y1="{line:.1f}" y2="{line:.1f}"/>'
        yield f'<text x="{x + _LEFT - 5}" y="{line + 4:.1f}" text-anchor="end">{share * top:.3g}</text>'
    step = inner / len(panel.groups)
    for i, group in enumerate(panel.groups):
        middle = x + _LEFT + (i + 0.5) * step
        yield f'<text x="{middle:.1f}" y="{base + 15}" text-anchor="middle">{escape(group)}</text>'
        for j, series in enumerate(panel.series):
            at = middle + (j - (len(panel.series) - 1) / 2) * min(15.0, step / (len(panel.series) + 1))
            for points, shift, hollow in ((series.points, -2.5, False), (series.published, 2.5, True)):
                if i < len(points) and (point := points[i]) is not None:
                    yield _dot(at + shift, base, point, scale, colours[series.name], hollow=hollow)


def _dot(x: float, base: float, point: tuple[float, float], scale: float, colour: str, *, hollow: bool) -> str:
    mean, sd = point
    low, high = base - max(mean - sd, 0) * scale, base - (mean + sd) * scale
    fill = "none" if hollow else colour
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{colour}" opacity="0.6"/>'
        f'<circle cx="{x:.1f}" cy="{base - mean * scale:.1f}" r="3" fill="{fill}" stroke="{colour}"/>'
    )


def _round_up(value: float) -> float:
    """The next number of the form 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-9))
