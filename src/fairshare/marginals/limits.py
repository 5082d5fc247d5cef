"""Public limits on what may be asked of a curator: scores then stay far inside 64-bit integers."""

__all__ = ["CELL_CAP", "WEIGHT_CAP"]

#: Largest public estimate of a marginal, in rows, and largest penalty.
CELL_CAP = 2**40
#: Largest weight of a candidate.
WEIGHT_CAP = 2**16
