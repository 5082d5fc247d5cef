"""Error against processor time, as plain SVG."""

import math
from collections.abc import Iterator
from statistics import mean

from benchmarks.peers.field import ENTRIES, LIBRARIES, OURS, Entry
from benchmarks.peers.report import BASELINES, done
from benchmarks.peers.store import Store

__all__ = ["chart"]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 860, 560, 60, 20, 50, 50
# A label's height, and how wide labels may be.
LINE, WORDS = 14, 250
COLOURS = ("#0b6e4f", "#b4460f", "#5b4fc0", "#b02a6d", "#3f7a12", "#1f6fb0", "#7a5c2e")

#: An entry, its CPU seconds and its error.
Point = tuple[Entry, float, float]


def chart(store: Store) -> str:
    """Mean TVD 2-way over CPU seconds, both logarithmic, a point a row; dashed, what independent columns would have."""
    points = [
        (entry, mean(r["cpu_s"] for r in good), mean(r["scores"]["tvd_2"] for r in good))
        for entry in ENTRIES
        if (good := done(store, entry.key))
    ]
    apart = [r["scores"]["tvd_2"] for r in done(store, BASELINES[1])]
    scale = Scale([s for _, s, _ in points], [*(error for *_, error in points), *apart])
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
            'font-size="12" role="img" aria-label="Error against processor time">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">Mean TVD 2-way against CPU seconds</text>',
            *_axes(scale, apart),
            *_points(points, scale),
            "</svg>",
        ]
    )


class Scale:
    """From seconds and errors to places on the page, both by their logarithms.

    Args:
        seconds, errors: what has to be shown.
    """

    def __init__(self, seconds: list[float], errors: list[float]) -> None:
        low, high = math.log10(min(seconds, default=1)), math.log10(max(seconds, default=10))
        self.low, self.high = math.floor(low), max(math.floor(low) + 1, math.ceil(high))
        self.bottom, self.top = math.log10(0.8 * min(errors, default=0.01)), math.log10(1.2 * max(errors, default=1))

    def x(self, seconds: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(seconds) - self.low) / (self.high - self.low)

    def y(self, error: float) -> float:
        share = (math.log10(error) - self.bottom) / (self.top - self.bottom)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def ticks(self) -> list[float]:
        """Errors worth a line: 1, 2 and 5 in each decade."""
        decades = range(math.floor(self.bottom), math.ceil(self.top) + 1)
        return [m * 10.0**d for d in decades for m in (1, 2, 5) if self.bottom <= math.log10(m * 10.0**d) <= self.top]


def _axes(scale: Scale, apart: list[float]) -> Iterator[str]:
    for decade in range(scale.low, scale.high + 1):
        x = scale.x(10.0**decade)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10.0**decade:g} s</text>'
    for error in scale.ticks():
        y = scale.y(error)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eee"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{error:g}</text>'
    for y in map(scale.y, apart):
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#777" stroke-dasharray="5 4"/>'
        yield f'<text x="{LEFT + 6}" y="{y - 5:.1f}" fill="#555">independent columns, not private</text>'


def _points(points: list[Point], scale: Scale) -> Iterator[str]:
    """Circles with names; a name goes to the nearest free height, with a line to its circle."""
    taken: list[tuple[float, float]] = []
    colours = dict(zip(LIBRARIES, COLOURS, strict=True))
    for entry, seconds, error in sorted(points, key=lambda p: p[2]):
        x, y, colour = scale.x(seconds), scale.y(error), colours[entry.library]
        right = x < WIDTH - WORDS - 20
        at = _free(taken, x if right else x - WORDS, y)
        taken.append((x if right else x - WORDS, at))
        anchor, shift = ("start", 22) if right else ("end", -22)
        yield f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + 0.85 * shift:.1f}" y2="{at:.1f}" stroke="{colour}"/>'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{6 if entry.library == OURS else 4}" fill="{colour}"/>'
        name = f"{entry.library} {entry.label}{'' if entry.private else ' (not private)'}"
        yield f'<text x="{x + shift:.1f}" y="{at + 4:.1f}" text-anchor="{anchor}" fill="{colour}">{name}</text>'


def _free(taken: list[tuple[float, float]], x: float, y: float) -> float:
    """The height nearest to ``y`` at which a label from ``x`` on covers no other."""
    steps = sorted(range(-40, 41), key=abs)
    heights = (y + LINE * step / 2 for step in steps)
    return next((h for h in heights if all(abs(h - b) >= LINE or abs(x - a) >= WORDS for a, b in taken)), y)
