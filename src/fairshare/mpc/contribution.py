"""What a data holder sends each server, once: shares of its counts, and of its rows where columns are split."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairshare.counting import CodedTable, CountingEngine
from fairshare.errors import DataError, PeerError, UsageError
from fairshare.mpc.alignment import HASH_BYTES, Hashes
from fairshare.mpc.channel import PARTIES
from fairshare.mpc.encoding import decode, encode
from fairshare.mpc.holding import Parcel, deal
from fairshare.mpc.keys import KEY_BYTES
from fairshare.mpc.marginals import one_hot
from fairshare.mpc.ring import Array, Ring
from fairshare.mpc.terms import Owner, Terms

__all__ = ["Contribution", "contribute", "contribution_limit"]

Codes = Mapping[str, NDArray[np.unsignedinteger]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Contribution:
    """One holder's parcels for one server.

    Attributes:
        owner: the holder's name.
        terms: digest of the terms that it was made for.
        counts: the owner's own marginals, ``terms.shared(owner)``, one after the other.
        rows: its one-hot rows, shape (codes of all its columns, records), where it has some columns only.
        hashes: of its record keys, then.
    """

    owner: str
    terms: str
    counts: Parcel
    rows: Parcel | None = None
    hashes: Hashes | None = None

    @property
    def party(self) -> int:
        """Which server it is for."""
        return self.counts.party

    @property
    def size(self) -> int:
        """Bytes on the wire, without framing."""
        rows = 0 if self.rows is None else self.rows.size
        return self.counts.size + rows + (0 if self.hashes is None else self.hashes.nbytes)

    @property
    def digests(self) -> tuple[bytes, bytes]:
        """SHA-256 of each of the two summands in it, seeds and words; another server has each of them too."""
        first, second = hashlib.sha256(), hashlib.sha256()
        for parcel in (self.counts, *([self.rows] if self.rows is not None else [])):
            for digest, octets in zip((first, second), _arrays(parcel), strict=True):
                digest.update(octets.tobytes())
        return first.digest(), second.digest()

    def to_bytes(self) -> bytes:
        """The contribution's one encoding."""
        arrays = _arrays(self.counts)
        if self.rows is not None and self.hashes is not None:
            arrays += [*_arrays(self.rows), self.hashes]
        records = None if self.rows is None else self.rows.shape[1]
        return encode({"owner": self.owner, "party": self.party, "records": records, "terms": self.terms}, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, terms: Terms, party: int) -> "Contribution":
        """Decode what a holder sent to server ``party``.

        Raises:
            PeerError: it is malformed, for another server or for other terms.
            UsageError: it names no owner.
            DataError: it has more rows than its owner may have.
        """
        body, arrays = decode(data, limit=contribution_limit(terms))
        if set(body) != {"owner", "party", "records", "terms"} or body["terms"] != terms.digest:
            raise PeerError("contribution was made for another plan; approve the same plan and send again")
        if body["party"] != party or not isinstance(body["owner"], str):
            raise PeerError(f"contribution is for server {body['party']}, and this is server {party}")
        owner, records = terms.owner(body["owner"]), body["records"]
        whole = terms.is_whole(owner)
        if (records is None) != whole or not (whole or type(records) is int) or len(arrays) != (2 if whole else 5):
            raise PeerError(f"contribution of {owner.name} is malformed; are all versions the same?")
        cells = sum(terms.domain.cells(c) for c in terms.shared(owner))
        counts = _parcel(party, terms.ring, (cells,), arrays[:2])
        if whole:
            return cls(owner=owner.name, terms=terms.digest, counts=counts)
        if not 0 <= records <= owner.most_rows:
            raise DataError(f"{owner.name} sent more rows than the {owner.most_rows} that it may have")
        rows = _parcel(party, terms.row_ring, (sum(terms.domain.sizes(owner.attributes)), records), arrays[2:4])
        hashes = arrays[4]
        if hashes.dtype != np.uint8 or hashes.shape != (records, HASH_BYTES):
            raise PeerError(f"contribution of {owner.name} is malformed; are all versions the same?")
        return cls(owner=owner.name, terms=terms.digest, counts=counts, rows=rows, hashes=hashes)


def contribution_limit(terms: Terms) -> int:
    """Most bytes of any contribution under these terms."""

    def size(owner: Owner) -> int:
        cells = sum(terms.domain.cells(c) for c in terms.shared(owner)) * terms.ring.size
        if terms.is_whole(owner):
            return cells
        block = sum(terms.domain.sizes(owner.attributes)) * terms.row_ring.size
        return cells + owner.most_rows * (block + HASH_BYTES)

    return max(map(size, terms.owners)) + (1 << 16)


def contribute(
    terms: Terms, name: str, table: Codes | CountingEngine, hashes: Hashes | None = None
) -> tuple[Contribution, Contribution, Contribution]:
    """A holder's table as one contribution for each server; made by the holder, who can leave afterwards.

    Args:
        terms: the agreed facts.
        name: the owner's.
        table: one array of codes for each of its columns; or, where it has all columns, an engine that counts the rows
            where they are.
        hashes: of its record keys, from ``alignment.record_hashes``, where it has some columns only.

    Raises:
        UsageError: there is no such owner, or hashes are missing or uncalled for.
        DataError: too many rows, a column is missing, or a code is outside its column.
    """
    owner = terms.owner(name)
    if (hashes is None) != terms.is_whole(owner):
        raise UsageError(f"hashes of record keys must be given where columns are split, and only there ({name})")
    if isinstance(table, CountingEngine):
        if hashes is not None:
            raise UsageError(f"codes of the rows must be given where columns are split, and no engine ({name})")
        cells, _ = _counted(terms, owner, table)
    else:
        codes = {a: table[a] for a in owner.attributes if a in table}
        cells, records = _counted(terms, owner, CodedTable(terms.domain.project(owner.attributes), codes))
    parts = deal(terms.ring, terms.ring.encode(cells))
    if hashes is None:
        return _three([Contribution(owner=name, terms=terms.digest, counts=part) for part in parts])
    if hashes.shape != (records, HASH_BYTES):
        raise DataError(f"{name} has {records} rows and {len(hashes)} record keys; give one for each row")
    sizes = terms.domain.sizes(owner.attributes)
    blocks = deal(terms.row_ring, one_hot([codes[a] for a in owner.attributes], sizes, terms.row_ring))
    return _three(
        [
            Contribution(owner=name, terms=terms.digest, counts=part, rows=block, hashes=hashes)
            for part, block in zip(parts, blocks, strict=True)
        ]
    )


def _counted(terms: Terms, owner: Owner, engine: CountingEngine) -> tuple[NDArray[np.int64], int]:
    """The cells of the owner's marginals, one after the other, and its number of rows."""
    if engine.domain != terms.domain.project(owner.attributes):
        raise UsageError(f"the engine of {owner.name} must have the plan's columns: build it with the plan's schema")
    total, *tables = engine.counts([(), *terms.shared(owner)])
    if total > owner.most_rows:
        raise DataError(f"{owner.name} has {total} rows, and may have {owner.most_rows} at most; agree on another plan")
    return np.concatenate([counts.reshape(-1) for counts in tables]), int(total)


def _three(parts: Iterable[Contribution]) -> tuple[Contribution, Contribution, Contribution]:
    first, second, third = parts
    return first, second, third


def _arrays(parcel: Parcel) -> list[Array]:
    """Seeds and words of a parcel, each of its two summands in one array of bytes."""
    return [
        np.frombuffer(seed + words.tobytes(), dtype=np.uint8)
        for seed, words in zip(parcel.seeds, parcel.sent, strict=True)
    ]


def _parcel(party: int, ring: Ring, shape: tuple[int, ...], arrays: list[Array]) -> Parcel:
    size = int(np.prod(shape, dtype=np.int64))
    seeds, sent = [], []
    for position, array in enumerate(arrays):
        summand = (party + position) % PARTIES
        words = size * (summand + 1) // PARTIES - size * summand // PARTIES
        if array.dtype != np.uint8 or array.shape != (KEY_BYTES + words * ring.size,):
            raise PeerError("contribution is malformed: a share has the wrong size; are all versions the same?")
        octets = array.tobytes()
        seeds.append(octets[:KEY_BYTES])
        sent.append(np.frombuffer(octets[KEY_BYTES:], dtype=ring.dtype))
    return Parcel(party, ring, shape, (seeds[0], seeds[1]), (sent[0], sent[1]))
