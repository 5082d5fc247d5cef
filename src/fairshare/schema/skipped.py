"""Columns that are never synthesised: keys and free text."""

from typing import Literal

from fairshare.schema.column import Column

__all__ = ["Key", "Text"]


class Key(Column):
    """A column that identifies: dropped from the synthetic table, but may say whose row it is."""

    kind: Literal["key"] = "key"


class Text(Column):
    """A column of free text or of anything else that stays out of the synthetic table."""

    kind: Literal["text"] = "text"
