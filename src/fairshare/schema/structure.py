"""What is known to be impossible: declared zero cells and functional dependencies. Public, like all of the schema."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from fairshare.errors import SchemaError
from fairshare.schema.spec import Label, Spec, nearest

__all__ = ["Dependency", "Zeros", "impossible"]

#: Most cells of a declared clique: it becomes a table of the model.
MAX_CELLS = 1 << 20

Clique = tuple[str, ...]


class Zeros(Spec):
    """Combinations of values that no row may hold.

    Attributes:
        columns: two or more synthesised columns.
        cells: for each impossible combination one label per column, as ``Schema.labels`` spells them.
    """

    columns: Annotated[tuple[Label, ...], Field(min_length=2)]
    cells: Annotated[tuple[tuple[Label, ...], ...], Field(min_length=1)]


class Dependency(Spec):
    """One column's value follows from another's.

    Attributes:
        column: the column that is determined.
        by: the column that determines it.
        values: pairs of labels, ``[value of by, value of column]``. A value of ``by`` may stand in several pairs
            (then any of their values may go with it); one that stands in none is not restricted.
    """

    column: Label
    by: Label
    values: Annotated[tuple[tuple[Label, Label], ...], Field(min_length=1)]


def impossible(
    zeros: Sequence[Zeros], dependencies: Sequence[Dependency], labels: Callable[[str], list[str]], order: Sequence[str]
) -> dict[Clique, npt.NDArray[np.bool_]]:
    """For each declared clique, columns in schema order, a mask of its impossible cells.

    Args:
        zeros: declared zero cells.
        dependencies: declared dependencies.
        labels: what each code of a column stands for.
        order: the synthesised columns, in order.

    Raises:
        SchemaError: a column or label is unknown, a clique is too large, or a dependency leaves nothing possible.
    """
    masks: dict[Clique, npt.NDArray[np.bool_]] = {}
    for zero in zeros:
        codes = _codes(zero.columns, labels, order)
        cells = [_cell(cell, zero.columns, codes) for cell in zero.cells]
        mask = np.zeros([len(codes[c]) for c in zero.columns], dtype=bool)
        mask[tuple(np.array(cells).T)] = True
        _join(masks, zero.columns, mask, order)
    for dependency in dependencies:
        pair = (dependency.by, dependency.column)
        codes = _codes(pair, labels, order)
        allowed = np.zeros([len(codes[c]) for c in pair], dtype=bool)
        allowed[tuple(np.array([_cell(cell, pair, codes) for cell in dependency.values]).T)] = True
        _join(masks, pair, ~allowed & allowed.any(axis=1, keepdims=True), order)
    for clique, mask in masks.items():
        if mask.all():
            raise SchemaError(f"zeros and dependencies of {list(clique)} leave no combination possible")
    return masks


def _codes(
    columns: Sequence[str], labels: Callable[[str], list[str]], order: Sequence[str]
) -> Mapping[str, Mapping[str, int]]:
    if len(set(columns)) != len(columns):
        raise SchemaError(f"zeros or dependency over {list(columns)} must name different columns")
    for column in columns:
        if column not in order:
            raise SchemaError(
                f"zeros or dependency names {column!r}, not a synthesised column: {nearest(column, tuple(order))}"
            )
    codes: dict[str, Mapping[str, int]] = {c: {label: i for i, label in enumerate(labels(c))} for c in columns}
    if prod(len(c) for c in codes.values()) > MAX_CELLS:
        raise SchemaError(f"zeros or dependency over {list(columns)} must have at most {MAX_CELLS} combinations")
    return codes


def _cell(cell: Sequence[str], columns: Sequence[str], codes: Mapping[str, Mapping[str, int]]) -> list[int]:
    if len(cell) != len(columns):
        raise SchemaError(f"a combination over {list(columns)} must have {len(columns)} labels, not {len(cell)}")
    for label, column in zip(cell, columns, strict=True):
        if label not in codes[column]:
            raise SchemaError(
                f"{label!r} is no label of column {column!r}: {nearest(label, tuple(codes[column])[:20])}"
            )
    return [codes[column][label] for label, column in zip(cell, columns, strict=True)]


def _join(
    masks: dict[Clique, npt.NDArray[np.bool_]],
    columns: Sequence[str],
    mask: npt.NDArray[np.bool_],
    order: Sequence[str],
) -> None:
    clique = tuple(sorted(columns, key=order.index))
    mask = np.transpose(mask, [tuple(columns).index(c) for c in clique])
    masks[clique] = masks[clique] | mask if clique in masks else mask
