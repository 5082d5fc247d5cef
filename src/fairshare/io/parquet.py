"""Parquet in batches, from a file on this machine or an open one elsewhere."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

__all__ = ["BATCH_ROWS", "parquet_head", "scan_parquet"]

#: Rows of a batch: large enough that calls cost nothing, small enough that a few batches are some tens of MB.
BATCH_ROWS = 1 << 18


def parquet_head(source: Path | pa.NativeFile) -> tuple[pa.Schema, int]:
    """The columns and the number of rows, from the file's foot."""
    from pyarrow import parquet

    with parquet.ParquetFile(source) as file:
        return file.schema_arrow.remove_metadata(), file.metadata.num_rows


def scan_parquet(
    source: Path | pa.NativeFile, schema: pa.Schema, columns: Sequence[str], *, ahead: bool = False
) -> Iterator[pa.RecordBatch]:
    """All rows in order, these columns only, with memory for about one row group.

    Args:
        source: the file.
        schema: its columns, as ``parquet_head`` tells.
        columns: which ones to read.
        ahead: fetch a row group's columns in few large reads: where a read is a request over a network.
    """
    from pyarrow import parquet

    # Text as it is stored, a dictionary and positions, is encoded once a distinct value.
    text = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    with parquet.ParquetFile(source, read_dictionary=text, buffer_size=1 << 20, pre_buffer=ahead) as file:
        for groups in _bundles(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)):
            yield from file.iter_batches(BATCH_ROWS, row_groups=groups, columns=list(columns))


def _bundles(rows: Iterable[int]) -> Iterator[list[int]]:
    """Positions of row groups, those of about one batch together.

    An iteration of Arrow's keeps what it has read until it ends: one over a whole file would come to hold the file.
    """
    bundle: list[int] = []
    held = 0
    for position, count in enumerate(rows):
        bundle.append(position)
        held += count
        if held >= BATCH_ROWS:
            yield bundle
            bundle, held = [], 0
    if bundle:
        yield bundle
