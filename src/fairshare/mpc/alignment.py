"""Matching records whose columns lie with different holders, by keyed hashes of record keys.

Holders share a secret key that no server knows and send HMAC-SHA-256 of their record keys; the servers match equal
hashes. Without the key a hash says nothing about the record key (HMAC is a pseudorandom function), so a server cannot
look anybody up.

Privacy:
    Leaked to the servers, exactly and not differentially private: how many records each holder has, and which records
    of different holders are the same one (not whose). The promise therefore holds for neighbours with the same record
    keys: one record's values replaced. A server run by someone who knows the key, or a key used for a second run,
    would turn hashes into names: draw a fresh key for each run.
"""

import hmac
import os
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairshare.errors import DataError, UsageError
from fairshare.privacy import OsEntropy

__all__ = ["HASH_BYTES", "Alignment", "align", "fresh_run_key", "in_random_order", "record_hashes"]

HASH_BYTES = 32
_KEY_BYTES = 32

#: Hashes of a holder's records, shape (records, 32), uint8.
Hashes = NDArray[np.uint8]


def fresh_run_key() -> bytes:
    """A key for one run, to be agreed between holders and kept from servers."""
    return os.urandom(_KEY_BYTES)


def record_hashes(keys: Iterable[object], run_key: bytes) -> Hashes:
    """HMAC-SHA-256 of the NFC text of each record key, shape (records, 32).

    Raises:
        UsageError: the run key is shorter than 32 bytes.
        DataError: a record has no key, or two records share one.
    """
    if len(run_key) < _KEY_BYTES:
        raise UsageError(f"run key ({len(run_key)} bytes) must have at least {_KEY_BYTES} bytes; see fresh_run_key()")
    texts = [_text(key) for key in keys]
    if len(set(texts)) != len(texts):
        raise DataError(
            f"record keys must differ, but {len(texts) - len(set(texts))} repeat; a record must have one row"
        )
    octets = b"".join(hmac.digest(run_key, text, "sha256") for text in texts)
    return np.frombuffer(octets, dtype=np.uint8).reshape(-1, HASH_BYTES)


def _text(key: object) -> bytes:
    if key is None or isinstance(key, float):
        raise DataError("record keys must be text or whole numbers, and none may be missing; mend the key column")
    text = unicodedata.normalize("NFC", str(key))
    if not text:
        raise DataError("record keys must not be empty; mend the key column")
    return text.encode()


@dataclass(frozen=True)
class Alignment:
    """Where the records lie.

    Attributes:
        records: how many there are.
        places: for each owner, the place of each record in its rows, or -1 where it lacks it; shape (records,).
    """

    records: int
    places: Mapping[str, NDArray[np.int64]]

    def common(self, owners: Iterable[str]) -> list[NDArray[np.int64]]:
        """For each of these owners, its rows of the records that all of them have, in the same order."""
        places = np.stack([self.places[name] for name in owners])
        return list(places[:, (places >= 0).all(axis=0)])


def align(hashes: Mapping[str, Hashes], columns: Mapping[str, tuple[str, ...]]) -> Alignment:
    """Match records.

    Args:
        hashes: of each owner of some columns.
        columns: the columns that each of them has.

    Raises:
        DataError: an owner sent a hash twice, a record lacks a column, or two owners have the same column of a record.
            There is one message for all of it, since it reaches the driver and the holders. The error's note says
            what and how often, names no record, and stays with the servers, which see it anyway.
    """
    names = list(hashes)
    rows = [np.ascontiguousarray(hashes[name]).view(f"V{HASH_BYTES}").reshape(-1) for name in names]
    for name, mine in zip(names, rows, strict=True):
        if (repeated := len(mine) - len(np.unique(mine))) > 0:
            raise _mismatch(f"{name} sent {repeated} of {len(mine)} record keys twice")
    known, inverse = np.unique(np.concatenate(rows), return_inverse=True)
    starts = np.cumsum([0, *map(len, rows)])
    places = {}
    for name, start, stop in zip(names, starts, starts[1:], strict=False):
        places[name] = np.full(len(known), -1, dtype=np.int64)
        places[name][inverse.reshape(-1)[start:stop]] = np.arange(stop - start)
    _check_cover({name: places[name] >= 0 for name in names}, columns)
    return Alignment(len(known), places)


def _check_cover(held: Mapping[str, NDArray[np.bool_]], columns: Mapping[str, tuple[str, ...]]) -> None:
    for column in dict.fromkeys(c for own in columns.values() for c in own):
        owners = [name for name in held if column in columns[name]]
        times = np.sum([held[name] for name in owners], axis=0)
        if (missing := int(np.sum(times == 0))) > 0:
            raise _mismatch(
                f"{missing} of {len(times)} records have no {column!r}; {', '.join(owners)} did not send them"
            )
        if (twice := int(np.sum(times > 1))) > 0:
            raise _mismatch(f"{twice} of {len(times)} records have {column!r} at two of {', '.join(owners)}")


def _mismatch(details: str) -> DataError:
    """One message for all that may be wrong: it reaches driver and holders, who could ask for a record by its key."""
    error = DataError(
        "the holders' records do not fit together: every record must have each column at exactly one holder. Do all "
        "use the same match key and the same spelling of record keys? The servers' operators see what is wrong"
    )
    error.add_note(details)
    return error


def in_random_order(
    codes: Mapping[str, NDArray[np.unsignedinteger]], keys: Sequence[object]
) -> tuple[dict[str, NDArray[np.unsignedinteger]], list[object]]:
    """Rows and their keys in an order that nobody knows, from the operating system's entropy.

    Privacy:
        Servers learn which records of two holders are the same one, and so the place of each in what was sent. In the
        order of a file that is sorted by some column, that place would tell the column's value; in this order it
        tells nothing.
    """
    order = np.argsort(OsEntropy().words(len(keys)), kind="stable")
    return {name: column[order] for name, column in codes.items()}, [keys[i] for i in order]
