"""Risks with their intervals, as plain SVG: a panel an attack, a line a table."""

from collections.abc import Iterator
from html import escape

from benchmarks.peers.attacks.field import ATTACKS, TARGETS, Attack, Target
from benchmarks.peers.attacks.summary import Summary, summary
from benchmarks.peers.store import Store

__all__ = ["chart"]

NAMES, PANEL, GAP, LINE, TOP, BOTTOM = 230, 130, 22, 22, 60, 30
OURS, REFERENCE = "#0b6e4f", "#b4460f"


def chart(store: Store) -> str:
    """Ours in green, references in red; from 0 (no more than of people at large) to 1 (every guess right)."""
    width, height = NAMES + len(ATTACKS) * (PANEL + GAP), TOP + LINE * len(TARGETS) + BOTTOM
    title = "Risk by attack, with its 95% interval"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
            f'font-size="12" role="img" aria-label="{title}">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="10" y="20" font-size="14" font-weight="bold">{title}</text>',
            *(_name(target, line) for line, target in enumerate(TARGETS)),
            *(part for place, attack in enumerate(ATTACKS) for part in _panel(store, attack, place)),
            "</svg>",
        ]
    )


def _y(line: int) -> float:
    return TOP + LINE * (line + 0.5)


def _colour(target: Target) -> str:
    return OURS if target.epsilon else REFERENCE


def _name(target: Target, line: int) -> str:
    place = f'x="{NAMES - 12}" y="{_y(line) + 4:.1f}"'
    return f'<text {place} text-anchor="end" fill="{_colour(target)}">{escape(target.name)}</text>'


def _panel(store: Store, attack: Attack, place: int) -> Iterator[str]:
    left, bottom = NAMES + place * (PANEL + GAP), TOP + LINE * len(TARGETS)
    yield f'<text x="{left}" y="{TOP - 12}" font-size="10" font-weight="bold">{escape(attack.name)}</text>'
    for tick in (0, 0.5, 1):
        x = left + PANEL * tick
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'
    for line, target in enumerate(TARGETS):
        if found := summary(store, target, attack):
            yield from _mark(found, left, _y(line), _colour(target))


def _mark(found: Summary, left: float, y: float, colour: str) -> Iterator[str]:
    low, risk, high = (left + PANEL * value for value in (found.low, found.risk, found.high))
    yield f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2"/>'
    yield f'<circle cx="{risk:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
