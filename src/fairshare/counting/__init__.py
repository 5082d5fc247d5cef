"""One scan, many marginals: exact counts, where the rows live. Only curators may call it."""

from fairshare.counting.engine import CountingEngine, Watch
from fairshare.counting.memory import CodedTable
from fairshare.counting.opening import InDatabase, is_address, open_table
from fairshare.counting.scanned import ScannedTable

__all__ = [
    "CodedTable",
    "CountingEngine",
    "InDatabase",
    "ScannedTable",
    "Watch",
    "is_address",
    "open_table",
]
