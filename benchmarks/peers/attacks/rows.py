"""The three thirds of the table: attacked, control, and others."""

from dataclasses import replace

import numpy as np

from benchmarks.peers.table import Real
from fairshare.evaluation.tables import Codes, row_count, rows_of

__all__ = ["thirds"]


def thirds() -> tuple[Real, Codes]:
    """The built-in Adult in three equal parts, drawn at random once and for all.

    The control is as large as what is attacked: for a smaller one anonymeter corrects by a fitted model, which put the
    control's success in singling out by four columns several times too low.

    Returns:
        The table, its ``seen`` rows to be synthesised and attacked and its ``unseen`` rows the control; and others,
        which are neither.
    """
    real = Real.adult(held_out=2 / 3)
    order = np.random.default_rng(1).permutation(row_count(real.unseen))
    control, others = np.sort(order[: real.rows]), np.sort(order[real.rows :])
    return replace(real, unseen=rows_of(real.unseen, control)), rows_of(real.unseen, others)
