"""Tables in and out: CSV, Parquet, Arrow files and data frames. Computes nothing.

A file whose structure is broken is refused with its place and the next step, never with a cell.
"""

from fairshare.io.batches import Batches, FileBatches, is_many, table_files
from fairshare.io.files import read_table, write_batches, write_table
from fairshare.io.frames import KINDS, frame_kind, to_frame
from fairshare.io.objects import ObjectBatches, is_stored

__all__ = [
    "KINDS",
    "Batches",
    "FileBatches",
    "ObjectBatches",
    "frame_kind",
    "is_many",
    "is_stored",
    "read_table",
    "table_files",
    "to_frame",
    "write_batches",
    "write_table",
]
