"""Data frames to Arrow and back, through narwhals: no frame library is imported unless it is given or asked for."""

from importlib import import_module
from typing import Any

import pyarrow as pa

from fairshare.errors import DataError, MissingExtraError, UsageError
from fairshare.io.cells import as_text

__all__ = ["KINDS", "frame_kind", "from_frame", "to_frame"]

#: Frame types that a synthetic table can be returned in.
KINDS = ("arrow", "pandas", "polars")


def frame_kind(source: object) -> str:
    """What to return to a user who gave this: ``arrow`` (also for paths), ``pandas`` or ``polars``."""
    import narwhals.dependencies as known

    if known.is_pandas_dataframe(source):
        return "pandas"
    if known.is_polars_dataframe(source) or known.is_polars_lazyframe(source):
        return "polars"
    return "arrow"


def to_frame(table: pa.Table, kind: str) -> Any:
    """The table as this kind of frame.

    Raises:
        UsageError: the kind is unknown.
        MissingExtraError: its library is not installed.
    """
    if kind not in KINDS:
        raise UsageError(f"frame kind ({kind!r}) must be one of {', '.join(map(repr, KINDS))}")
    if kind == "arrow":
        return table
    try:
        import_module(kind)
    except ImportError:
        raise MissingExtraError(f"{kind} is not installed: pip install {kind}") from None
    import narwhals as nw

    return nw.from_arrow(table, backend="pandas" if kind == "pandas" else "polars").to_native()


def from_frame(source: Any) -> pa.Table:
    """An Arrow table of the frame's columns; a pandas index is left out.

    Raises:
        DataError: the source is no table, or repeats a column name.
    """
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pa.RecordBatch):
        return pa.Table.from_batches([source])
    kind = frame_kind(source)
    if kind == "pandas":
        return _from_pandas(source)
    if kind == "polars":
        return _from_polars(source.collect() if hasattr(source, "collect") else source)
    if hasattr(source, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(source).read_all()
    return _through_narwhals(source)


def _through_narwhals(source: Any) -> pa.Table:
    import narwhals as nw

    try:
        frame = nw.from_native(source)
    except TypeError:
        raise DataError(
            f"a {type(source).__name__} is no table: give a path (.csv, .parquet, .arrow), a pyarrow table, "
            "or a pandas or polars frame"
        ) from None
    eager = frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame
    return _from_pandas(eager.to_pandas()) if eager.implementation.is_pandas_like() else eager.to_arrow()


def _from_pandas(frame: Any) -> pa.Table:
    names = [str(name) for name in frame.columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"the frame repeats column {', '.join(map(repr, twice))}: rename or remove one")
    columns = [_from_series(frame.iloc[:, i]) for i in range(len(names))]
    return pa.table(columns, names=names)


def _from_series(series: Any) -> pa.Array | pa.ChunkedArray:
    """One pandas column. What a type doesn't fix is text, cell by cell: inferring it would let one cell recode all."""
    if hasattr(series, "cat"):
        categories = _from_series(series.cat.categories.to_series())
        if isinstance(categories, pa.ChunkedArray):
            categories = categories.combine_chunks()
        codes = series.cat.codes.to_numpy()
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int64(), mask=codes < 0), categories)
    return pa.Array.from_pandas(series) if _is_typed(series) else as_text(series)


def _is_typed(series: Any) -> bool:
    """Whether the column's type, not its cells, says what Arrow makes of it."""
    import pandas as pd

    if series.dtype == object or isinstance(series.dtype, pd.StringDtype | pd.IntervalDtype | pd.PeriodDtype):
        return False
    try:
        pa.Array.from_pandas(series.iloc[:0])
    except (pa.ArrowException, TypeError, ValueError):
        return False
    return True


def _from_polars(frame: Any) -> pa.Table:
    import polars as pl

    objects = [name for name, kind in frame.schema.items() if kind == pl.Object]
    columns = {name: as_text(frame[name]) if name in objects else frame[name].to_arrow() for name in frame.columns}
    return pa.table(columns) if objects else frame.to_arrow()
