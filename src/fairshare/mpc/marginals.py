"""Secret counts of marginals whose columns lie with different holders.

Holders share one-hot blocks, attribute-major: row = (attribute, code), column = record. All cross pairs of two holders
are one matrix product of their blocks; a third holder's columns are reached by multiplying two blocks record by record
first. Counts live in the smallest ring that holds the number of records, and each cell, not each record, is lifted to
the ring of scores. Horizontal parts, and blocks of mixed data, are simply added.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import UsageError
from fairshare.mpc.arithmetic import local_product
from fairshare.mpc.conversion import widen, widen_cost
from fairshare.mpc.cost import Cost
from fairshare.mpc.matrix import transposed_product
from fairshare.mpc.ring import Array, Ring
from fairshare.mpc.session import Session, reshare_cost
from fairshare.mpc.shares import Shares

__all__ = ["joined_rows", "joined_rows_cost", "one_hot", "pair_counts", "pair_counts_cost"]


def one_hot(codes: Sequence[NDArray[np.integer]], sizes: Sequence[int], ring: Ring) -> Array:
    """A holder's own columns as a block, shape (sum of sizes, records); clear data, made before sharing.

    Raises:
        UsageError: columns differ in length or a code is outside its size.
    """
    records = len(codes[0])
    block = np.zeros((sum(sizes), records), dtype=ring.dtype)
    start = 0
    for column, size in zip(codes, sizes, strict=True):
        if len(column) != records:
            raise UsageError("all columns must have the same number of records; align them first")
        if records and not 0 <= int(column.min()) <= int(column.max()) < size:
            raise UsageError(f"codes of a column must be between 0 and {size - 1}; encode it with the schema")
        block[start + column.astype(np.intp), np.arange(records)] = 1
        start += size
    return block


async def pair_counts(session: Session, left: Shares, right: Shares, ring: Ring) -> Shares:
    """Counts of every (left row, right row), shapes (a, records) and (b, records) to (a, b) of the ring.

    Cost: ``pair_counts_cost``: one round and one small word a cell, whatever the number of records; then ``widen``.
    Security: ``matrix.transposed_product`` and ``conversion.widen``; nothing is opened.
    """
    counts = await transposed_product(session, left, right)
    lifted = await widen(session, counts.reshape(-1), ring)
    return lifted.reshape(*counts.shape)


def pair_counts_cost(small: Ring, ring: Ring, left: int, right: int) -> Cost:
    """Cost of ``pair_counts``."""
    return reshare_cost(small, left * right) + widen_cost(small, ring, left * right)


async def joined_rows(session: Session, left: Shares, right: Shares) -> Shares:
    """One-hot rows of the joined codes of two holders' attributes: (a, records), (b, records) to (a b, records).

    Cost: ``joined_rows_cost``, the one place where traffic grows with the number of records. Security: as a product.
    """
    ring, records = left.ring, left.shape[1]
    rows = [local_product(left[i : i + 1], right) for i in range(len(left))]
    return await session.reshare(ring, np.concatenate(rows).reshape(-1, records))


def joined_rows_cost(ring: Ring, left: int, right: int, records: int) -> Cost:
    """Cost of ``joined_rows``."""
    return reshare_cost(ring, left * right * records)
