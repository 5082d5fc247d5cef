"""What a release holds: the one thing that is written to a folder and read back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairshare.release.model import ReleasedModel
from fairshare.schema import Schema

__all__ = ["MAX_ROWS", "ReleaseRecord"]

#: Rows of one synthetic table.
MAX_ROWS = 10**10


@dataclass(frozen=True, kw_only=True)
class ReleaseRecord:
    """A released model and the account of what it cost; ``Release`` draws rows from it.

    Attributes:
        schema: the public schema.
        model: the released model; ``model.cliques``, ``model.marginal(columns)``.
        rows: default number of rows (from a noisy count, or declared).
        seed: governs sampling of rows, never privacy noise.
        ledger: the account, JSON-able.
        certificate: the promise, JSON-able.
        frame: the frame type of tables handed out: "arrow", "pandas" or "polars".
    """

    schema: Schema
    model: ReleasedModel
    rows: int
    seed: int
    ledger: Mapping[str, Any]
    certificate: Mapping[str, Any]
    frame: str = "arrow"
