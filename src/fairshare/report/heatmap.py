"""The lower triangle of a matrix as few SVG paths: one a shade, however many cells."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["CELL", "HeatMap", "draw"]

#: Distance of cells, in the picture's units.
CELL = 24
_LETTER = 8.0  # of the widest fonts that a page may get
_SHADES = 8
_LONGEST = 22


@dataclass(frozen=True)
class HeatMap:
    """A picture of ``width`` by ``height``.

    Each name stands once, on the diagonal: its row lies left of it, its column below it.

    Attributes:
        grid: path data of all cells.
        shades: for each shade its sign ("more" or "less"), strength in (0, 1], and path data.
        labels: position and text of each name.
    """

    width: float
    height: float
    grid: str
    shades: tuple[tuple[str, float, str], ...]
    labels: tuple[tuple[float, float, str], ...]


def draw(columns: Sequence[str], values: Sequence[Sequence[float]], *, full_scale: float = 1.0) -> HeatMap:
    """Shade the cells below the diagonal.

    Args:
        columns: names, shape (d,).
        values: symmetric, shape (d, d); signed where it is a difference.
        full_scale: the absolute value that is darkest.
    """
    shades: dict[tuple[str, int], list[str]] = {}
    grid: list[str] = []
    for i in range(len(columns)):
        for j in range(i):
            cell = f"M{j * CELL} {i * CELL}h{CELL - 2}v{CELL - 2}h-{CELL - 2}z"
            grid.append(cell)
            if shade := min(_SHADES, round(abs(values[i][j]) / full_scale * _SHADES)):
                shades.setdefault(("more" if values[i][j] > 0 else "less", shade), []).append(cell)
    labels = tuple((i * CELL + 4.0, i * CELL + CELL / 2 + 3.0, _short(name)) for i, name in enumerate(columns))
    return HeatMap(
        width=max(x + len(text) * _LETTER for x, _, text in labels) + 4,
        height=len(columns) * CELL,
        grid="".join(grid),
        shades=tuple((sign, shade / _SHADES, "".join(cells)) for (sign, shade), cells in sorted(shades.items())),
        labels=labels,
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
