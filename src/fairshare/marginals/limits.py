"""Public limits on what may be asked of a curator: scores then stay far inside 64-bit integers."""

__all__ = ["CELL_CAP", "GRAIN", "WEIGHT_CAP"]

#: Largest public estimate of a marginal, in rows, and largest penalty.
CELL_CAP = 2**40
#: Errors are counted in eighths of a row. A model's estimates are fractions: rounded to whole rows, a large sparse
#: marginal, whose cells are mostly below one half, would look better or worse than it is by hundreds of rows.
GRAIN = 8
#: Largest weight of a candidate.
WEIGHT_CAP = 2**16
