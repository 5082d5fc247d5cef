"""ProPublica's COMPAS table, from a copy that the user has. The raw file names people, so none ships here."""

from csv import reader
from itertools import islice
from os import PathLike, fspath
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from fairshare.datasets.packaged import packaged_schema
from fairshare.datasets.table import Dataset
from fairshare.errors import DataError

__all__ = ["load_compas"]

# Columns that the published analysis filters on; dropped once it has.
_FILTER = {"days_b_screening_arrest": pa.int64(), "is_recid": pa.int64()}


def load_compas(path: str | PathLike[str]) -> Dataset:
    """ProPublica's ``compas-scores-two-years.csv``, without direct identifiers.

    The columns of the schema are the only ones that are read, besides two for the filter: names, dates of birth,
    case numbers, dates of arrest and charges in words never enter memory as columns. Age, race and counts remain
    and may still identify a person, so the result is as private as the file.

    Rows are filtered as in the published analysis: charged within 30 days of the screening, a known two-year
    outcome, no ordinary traffic offence, a score present. Of the published 7,214 rows 6,172 remain.

    Args:
        path: the file, from https://github.com/propublica/compas-analysis.

    Raises:
        DataError: the file can't be read, or its header is not that of ProPublica's file.
    """
    schema = packaged_schema("compas")
    kept = [column.name for column in schema.columns]
    table = _filtered(_read(path, kept)).select(kept).combine_chunks()
    schema.check(table.schema)
    return Dataset(
        name="compas",
        table=table,
        schema=schema,
        source="ProPublica, compas-analysis, compas-scores-two-years.csv (the user's copy)",
        licence="not stated by the source; see its repository",
        citation="Angwin, J., Larson, J., Mattu, S. and Kirchner, L. (2016). Machine Bias. ProPublica.",
    )


def _read(path: str | PathLike[str], kept: list[str]) -> pa.Table:
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            header = next(islice(reader(file), 1), [])
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"COMPAS file {fspath(path)!r} can't be read ({type(error).__name__}); check path") from None
    if missing := [name for name in (*kept, *_FILTER) if name not in header]:
        raise DataError(
            f"COMPAS file {fspath(path)!r} lacks columns {missing}; give ProPublica's compas-scores-two-years.csv"
        )
    # The source repeats two columns: the first of each keeps its name, the copy gets one that nobody asks for.
    names = [name if name not in header[:i] else f"{name} (column {i})" for i, name in enumerate(header)]
    try:
        return csv.read_csv(
            path,
            read_options=csv.ReadOptions(column_names=names, skip_rows=1),
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(include_columns=[*kept, *_FILTER], column_types=_FILTER),
        )
    except pa.ArrowInvalid:
        # Arrow's message may quote a row.
        raise DataError(f"COMPAS file {fspath(path)!r} is not well-formed CSV; download it again") from None


def _filtered(table: pa.Table) -> pa.Table:
    """The rows that ProPublica's analysis keeps."""
    days = table["days_b_screening_arrest"]
    keep = pc.and_(pc.less_equal(days, 30), pc.greater_equal(days, -30))
    keep = pc.and_(keep, pc.not_equal(table["is_recid"], -1))
    keep = pc.and_(keep, pc.not_equal(table["c_charge_degree"], "O"))
    return table.filter(pc.and_(keep, pc.not_equal(table["score_text"], "N/A")))
