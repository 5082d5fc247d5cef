"""Who is the same person: keys are compared by what they hold, never by how Arrow stores them."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from fairshare.errors import DataError

__all__ = ["check_person_type", "first_rows"]


def check_person_type(name: str, kind: pa.DataType) -> None:
    """Refuse a type whose keys can't be compared.

    Raises:
        DataError: names the column, the type and the next step.
    """
    if types.is_dictionary(kind):
        kind = kind.value_type
    odd = types.is_nested(kind) or types.is_dictionary(kind) or isinstance(kind, pa.BaseExtensionType)
    if odd or not _can_compare(kind):
        raise DataError(f"column {name!r} holds {kind}, which can't name persons: convert it to text or whole numbers")


def _can_compare(kind: pa.DataType) -> bool:
    """Whether Arrow tells keys of this type apart: it knows newer types, such as decimal32, that it can't."""
    try:
        _comparable(pa.nulls(0, kind)).dictionary_encode()
    except pa.ArrowNotImplementedError:
        return False
    return True


def first_rows(person: pa.Array | pa.ChunkedArray, most: int) -> npt.NDArray[np.bool_]:
    """Whether a row is among the first ``most`` rows of its person, shape (rows,).

    Text is compared byte for byte; rows whose key is null or NaN are one person's; 0.0 and -0.0 are one key.
    """
    codes = _identities(person)
    order = np.argsort(codes, kind="stable")
    ranked = codes[order]
    new = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1])) if len(ranked) else np.zeros(0, np.int64)
    rank = np.arange(len(ranked)) - np.repeat(new, np.diff(np.append(new, len(ranked))))
    keep = np.zeros(len(ranked), dtype=bool)
    keep[order] = rank < most
    return keep


def _identities(person: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """A number for each row, equal where keys are equal; -1 for nobody."""
    chunks = person.chunks if isinstance(person, pa.ChunkedArray) else [person]
    if not len(person):
        return np.zeros(0, dtype=np.int64)
    # Only what rows or dictionaries hold counts: a dictionary may list one key twice, or null as an entry.
    stored = [_comparable(chunk.dictionary if types.is_dictionary(chunk.type) else chunk) for chunk in chunks]
    encoded = pa.chunked_array(stored).dictionary_encode().unify_dictionaries()
    numbered = [np.zeros(0, dtype=np.int64), *(_filled(chunk.indices) for chunk in encoded.chunks)]
    parts = np.split(np.concatenate(numbered), np.cumsum([len(keys) for keys in stored])[:-1])
    # Where rows are positions in a dictionary, a null position is -1: the last entry, nobody.
    rows = [
        np.append(numbers, -1)[_filled(chunk.indices)] if types.is_dictionary(chunk.type) else numbers
        for chunk, numbers in zip(chunks, parts, strict=True)
    ]
    return np.concatenate(rows)


def _filled(indices: pa.Array) -> npt.NDArray[np.int64]:
    filled: npt.NDArray[np.int64] = pc.fill_null(indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return filled


def _comparable(keys: pa.Array) -> pa.Array:
    """The keys in a type where equal means the same bytes: 64-bit offsets, one NaN, one zero."""
    kind = keys.type
    if types.is_string_view(kind) or types.is_binary_view(kind):
        keys = keys.cast(pa.large_string() if types.is_string_view(kind) else pa.large_binary())
    if types.is_floating(kind):
        values = pc.fill_null(keys.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False) + 0.0
        return pa.array(values, mask=np.isnan(values))
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_binary(kind):
        return keys.cast(pa.large_binary())
    return keys
