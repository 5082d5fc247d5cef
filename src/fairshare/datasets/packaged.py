"""The tables that ship inside the package, read when they are asked for and checked against their hash."""

import hashlib
from functools import cache
from importlib.resources import files

import pyarrow as pa
import pyarrow.parquet as pq

from fairshare.datasets.table import Dataset
from fairshare.errors import IntegrityError
from fairshare.schema import Schema

__all__ = ["load_adult", "load_german_credit", "packaged_schema"]

_DATA = files("fairshare.datasets") / "data"


@cache
def load_adult() -> Dataset:
    """UCI Adult: 48,842 rows (the training rows, then the test rows), 15 columns.

    Returns:
        The table with UCI's names, ``age`` ... ``native-country``, ``income``, and its reviewed schema.

    Raises:
        IntegrityError: the packaged file does not match its checksum.
    """
    return Dataset(
        name="adult",
        table=_read("adult"),
        schema=packaged_schema("adult"),
        source="UCI Machine Learning Repository, Adult, https://doi.org/10.24432/C5XW20",
        licence="CC BY 4.0",
        citation="Becker, B. and Kohavi, R. (1996). Adult. UCI Machine Learning Repository.",
    )


@cache
def load_german_credit() -> Dataset:
    """Statlog German credit: 1,000 rows, 20 attributes and the class, codes decoded to labels.

    Returns:
        The table, ``checking_account`` ... ``foreign_worker``, ``credit_risk``, and its reviewed schema.

    Raises:
        IntegrityError: the packaged file does not match its checksum.
    """
    return Dataset(
        name="german_credit",
        table=_read("german_credit"),
        schema=packaged_schema("german_credit"),
        source="UCI Machine Learning Repository, Statlog (German Credit Data), https://doi.org/10.24432/C5NC77",
        licence="CC BY 4.0",
        citation="Hofmann, H. (1994). Statlog (German Credit Data). UCI Machine Learning Repository.",
    )


def packaged_schema(name: str) -> Schema:
    """The reviewed schema of a table: ``adult``, ``german_credit`` or ``compas``."""
    return Schema.load(str(_DATA / f"{name}.toml"))


def _read(name: str) -> pa.Table:
    """A packaged table, checked before it is parsed.

    Raises:
        IntegrityError: the file does not match its checksum.
    """
    file = f"{name}.parquet"
    content = (_DATA / file).read_bytes()
    lines = (_DATA / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    expected = {path: digest for digest, path in map(str.split, lines)}
    if hashlib.sha256(content).hexdigest() != expected.get(file):
        raise IntegrityError(f"packaged file {file} does not match its checksum; install fairshare again")
    return pq.read_table(pa.BufferReader(content))
