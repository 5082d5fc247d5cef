"""Tables in and out: CSV, Parquet, Arrow files and data frames. Computes nothing.

A file whose structure is broken is refused with its place and the next step, never with a cell.
"""

from fairshare.io.files import read_table, write_table
from fairshare.io.frames import KINDS, frame_kind, to_frame

__all__ = ["KINDS", "frame_kind", "read_table", "to_frame", "write_table"]
