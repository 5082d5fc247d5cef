"""Strict CSV: a comma-separated UTF-8 file with a header, every cell as text.

A CSV has no types: guessing them from the cells would let one record change a whole column (and turn 00123 into
123), so cells stay text and the schema says what they are.
"""

import csv
import re
import secrets
from codecs import utf_8_decode
from collections.abc import Iterator, Mapping, Sequence
from io import RawIOBase
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from fairshare.errors import DataError
from fairshare.schema.parse import utf8
from fairshare.schema.spec import normalise

__all__ = ["csv_names", "read_csv", "scan_csv", "write_csv"]

#: A row must fit into one block, so this bounds the longest row that can be read, whole or in a scan.
_BLOCK = 64 * 2**20
#: What a spreadsheet would run, and what our own escape in front of it looks like.
_FORMULA = r"^'*[=+\-@\t\r]"
_ESCAPED = r"^'+[=+\-@\t\r]"
#: What is no text, and the sign that stands before its two hexadecimal digits: different bytes stay different.
_NO_TEXT = "[\0\x1a\udc80-\udcff]"
_SIGN = "\x1a"
_ITSELF = "\x1a1a"
_SPECIAL = r'[",\r\n]'
_NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"


class _Stream(RawIOBase):
    """The file's bytes, and after them a row that the parser must hand back: if it doesn't, a quote is open."""

    def __init__(self, file: BinaryIO, columns: int) -> None:
        self._file = file
        #: In no file: drawn anew for each reading.
        self.token = secrets.token_hex(16)
        # One cell too many, so that the parser reports the row instead of returning it.
        self._tail = b"," * columns + self.token.encode("ascii") + b"\n"
        self._last = b"\n"
        self._part = b""
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        # All that was asked for while there is more: the parser takes a short block for a row that is too long.
        while not self._ended and (size < 0 or len(self._ready) < size):
            self._ready += self._next(size if size < 0 else size - len(self._ready))
        if size < 0 or len(self._ready) <= size:
            data, self._ready = self._ready, b""
        else:
            data, self._ready = self._ready[:size], self._ready[size:]
        return data

    def _next(self, size: int) -> bytes:
        """The next block as text; behind the last one, the row of the token."""
        raw = self._file.read(size)
        self._ended = size < 0 or len(raw) < size
        data = self._as_text(self._part + raw)
        self._last = data[-1:] or self._last
        if not self._ended:
            return data
        return data + (self._tail if self._last in b"\r\n" else b"\n" + self._tail)

    def _as_text(self, data: bytes) -> bytes:
        """UTF-8 with a sign and a number for each byte that is none: the parser would print such bytes of a row."""
        self._part = b""
        if data.isascii() and b"\0" not in data and _SIGN.encode() not in data:
            return data
        text, used = utf_8_decode(data, "surrogateescape", self._ended)
        self._part = data[used:]  # the beginning of a character that the next block completes
        return re.sub(_NO_TEXT, lambda found: f"{_SIGN}{ord(found[0]) & 0xFF:02x}", text).encode()


def read_csv(path: Path, known: tuple[str, ...] = (), *, verbatim: str | None = None) -> pa.Table:
    """All cells of the file as text, shape (rows, columns); an apostrophe that `write_csv` put is taken off.

    Args:
        path: the file.
        known: column names of the schema, if there is one: they tell a wrong delimiter from an odd name.
        verbatim: a column of keys, whose cells are left as they are: different ones must stay different.

    Raises:
        DataError: the file is empty, its header not UTF-8 or not separated by commas or repeating a column, or it has
            a row with too many or too few cells, an open quote, or a row of more than 64 MB as text. Bytes in a cell
            that are not text become U+001A and their number, for an error would tell others of that cell, and one sign
            for all would make one person of several.
    """
    names = _header(path, known)
    table, bad = _parse(path, names, threads=True)
    if bad.ragged or not bad.closed:  # only the serial reader counts rows
        table, bad = _parse(path, names, threads=False)
    bad.refuse(path, len(names))
    columns = [
        pa.chunked_array([_cells_of(part, as_is=normalise(name) == verbatim) for part in column.chunks], pa.string())
        for name, column in zip(names, table.columns, strict=True)
    ]
    return pa.table(columns, names=names)


def csv_names(path: Path, known: tuple[str, ...] = ()) -> list[str]:
    """The column names.

    Raises:
        DataError: as `read_csv`, where the header shows it.
    """
    return _header(path, known)


def scan_csv(
    path: Path, columns: Sequence[str], known: tuple[str, ...] = (), *, verbatim: str | None = None
) -> Iterator[pa.RecordBatch]:
    """Some columns of what `read_csv` reads, batch by batch, with memory for a few batches.

    Raises:
        DataError: as `read_csv`; a row of another length, or an open quote, when the end is reached.
    """
    names = _header(path, known)
    bad = _BadRows()
    try:
        with path.open("rb") as file:
            stream = _Stream(file, len(names))
            bad.token = stream.token
            convert = arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
                include_columns=list(columns),
            )
            with arrow_csv.open_csv(
                pa.PythonFile(stream, mode="r"),
                read_options=arrow_csv.ReadOptions(use_threads=False, block_size=_block(path)),
                parse_options=_parsing(names, bad),
                convert_options=convert,
            ) as reader:
                for batch in reader:
                    cells = [
                        _cells_of(column, as_is=normalise(name) == verbatim)
                        for name, column in zip(batch.schema.names, batch.columns, strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays(cells, names=batch.schema.names)
    except pa.ArrowInvalid as error:
        raise _translated(path, str(error)) from None
    bad.refuse(path, len(names))


def _header(path: Path, known: tuple[str, ...]) -> list[str]:
    """The column names, checked."""
    with path.open("rb") as file:
        mark = file.read(4)
    if mark[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{str(path)!r} is UTF-16 text: save it as UTF-8")
    if mark == b"PAR1":
        raise DataError(f"{str(path)!r} is a Parquet file: rename it to end in .parquet")
    try:
        # What is read ahead may hold cells, and cells are never an error: only the names are checked.
        with path.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as text:
            names = next((row for row in csv.reader(text, strict=True) if row), None)
    except csv.Error:
        raise DataError(
            f"the header of {str(path)!r} can't be read: look for an open quote in the first line"
        ) from None
    if names is None:
        raise DataError(f"{str(path)!r} is empty: it needs a header of column names, even with no rows")
    if any("\0" in name for name in names):
        raise DataError(
            f"the header of {str(path)!r} holds a NUL byte: it is not text, or was cut short; "
            "export it again as UTF-8 CSV"
        )
    if any(not name.isascii() and re.search("[\ud800-\udfff]", name) for name in names):
        raise DataError(f"the header of {str(path)!r} is not UTF-8 text: save it as UTF-8")
    for delimiter, spoken in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and delimiter in names[0] and names[0] not in known:
            raise DataError(f"the header of {str(path)!r} is separated by {spoken}: save the file with commas")
    # Positions, not names: without a header line the names are the first record.
    if twice := [i + 1 for i, name in enumerate(names) if name in names[:i]]:
        raise DataError(f"the header of {str(path)!r} names column {twice[0]} as an earlier one: rename or remove it")
    return names


class _BadRows:
    """Rows of another length, as the parser meets them; the last must be the token that the stream put at its end."""

    def __init__(self) -> None:
        self.token = ""
        self.closed = False
        self.ragged: list[tuple[int | None, int]] = []

    def __call__(self, row: Any) -> str:
        if row.text.endswith(self.token):
            self.closed = True
        else:
            self.ragged.append((row.number, row.actual_columns))
        return "skip"

    def refuse(self, path: Path, columns: int) -> None:
        """Raise DataError if there was any, or the token did not come back."""
        if self.ragged:
            number, cells = self.ragged[0]
            more = f" (and {len(self.ragged) - 1} more rows)" if len(self.ragged) > 1 else ""
            raise DataError(
                f"row {number} of {str(path)!r} has {_cells(cells)}, but the header has {columns}{more}: mend the row, "
                "or put quotes around cells that hold commas (row 1 is the header; empty lines don't count)"
            )
        if not self.closed:
            raise DataError(f'{str(path)!r} ends inside a quoted cell: find the cell whose closing " is missing')


def _block(path: Path) -> int:
    """Bytes of a block: room for the whole of a small file, each of whose bytes may become three."""
    return min(_BLOCK, 3 * path.stat().st_size + 4096)


def _parsing(names: list[str], bad: _BadRows) -> arrow_csv.ParseOptions:
    # In a table of one column an empty line is an empty cell.
    return arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(names) > 1, invalid_row_handler=bad)


def _parse(path: Path, names: list[str], *, threads: bool) -> tuple[pa.Table, _BadRows]:
    """The table, and what the parser refused."""
    bad = _BadRows()
    with path.open("rb") as file:
        stream = _Stream(file, len(names))
        bad.token = stream.token
        try:
            table = arrow_csv.read_csv(
                pa.PythonFile(stream, mode="r"),
                read_options=arrow_csv.ReadOptions(use_threads=threads, block_size=_block(path)),
                parse_options=_parsing(names, bad),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid as error:
            raise _translated(path, str(error)) from None
    if table.column_names != names:
        raise DataError(f"the header of {str(path)!r} can't be read: put it on the first line, with no line before it")
    return table, bad


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _translated(path: Path, message: str) -> DataError:
    """Arrow's complaint in our words: its own may quote cells."""
    if "straddling" in message:
        return DataError(
            f"{str(path)!r} has a row of more than {_BLOCK // 2**20} MB, or an open quote: "
            "shorten the row or close the quote"
        )
    return DataError(f"{str(path)!r} can't be read as CSV: export it again as UTF-8 with commas and quotes")


def write_csv(table: pa.Table, file: BinaryIO, missing: Mapping[str, str], *, header: bool = True) -> None:
    """Write a header (or none, to go on) and rows; null becomes the column's spelling in ``missing``, or nothing.

    Text that a spreadsheet would run as a formula (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage
    return, and is not a plain number) gets an apostrophe in front; text that already begins with apostrophes
    before such a character gets one more. `read_csv` takes one off, so text survives the way out and in.
    """
    names = [
        name if not re.search(_SPECIAL, name) else '"' + name.replace('"', '""') + '"' for name in table.column_names
    ]
    # A lone empty name would be an empty line, which readers skip.
    if header:
        file.write((",".join(names) if names != [""] else '""').encode("utf-8") + b"\n")
    columns = [
        _spelled(_escaped(column), missing.get(name, "" if len(names) == 1 else None))
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    # Arrow quotes all text or none. In a table of one column an empty cell needs quotes, or its line is empty.
    plain = len(columns) > 1 and not any(map(_has_special, columns))
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="none" if plain else "needed")
    arrow_csv.write_csv(pa.table(columns, names=[str(i) for i in range(len(columns))]), file, options)


def _has_special(column: pa.ChunkedArray) -> bool:
    """Whether the column is text of which some cell can't stand in a CSV without quotes."""
    if not pa.types.is_string(column.type):
        return False
    return bool(pc.any(pc.match_substring_regex(column, _SPECIAL)).as_py())


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """The column as plain text, or None if it isn't text."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    return column if pa.types.is_string(column.type) else None


def _escaped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = _text(column)
    if text is None:
        return column
    formula = pc.match_substring_regex(text, _FORMULA)
    if not pc.any(formula).as_py():
        return text
    formula = pc.and_(formula, pc.invert(pc.match_substring_regex(text, _NUMBER)))
    return pc.if_else(formula, pc.binary_join_element_wise("'", text, ""), text)


def _cells_of(column: pa.Array, *, as_is: bool) -> pa.Array:
    """Cells as they were before `write_csv`; or as the file has them, which tells apart what that would merge."""
    column = utf8(column)
    if as_is:
        return column
    if pc.any(pc.match_substring(column, _SIGN)).as_py():
        column = pc.replace_substring(column, _ITSELF, _SIGN)
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pc.if_else(pc.match_substring_regex(column, _ESCAPED), pc.utf8_slice_codeunits(column, 1), column)


def _spelled(column: pa.ChunkedArray, missing: str | None) -> pa.ChunkedArray:
    if missing is None or column.null_count == 0:
        return column
    return pc.fill_null(column.cast(pa.string()), missing)
