"""One scan, many marginals: exact counts from coded tables. Only curators may call it."""

from fairshare.counting.memory import CodedTable

__all__ = ["CodedTable"]
