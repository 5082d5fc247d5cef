"""Files of all formats, frames of all kinds, and writes that are whole or not at all."""

import subprocess
import sys
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from fairshare.errors import DataError, MissingExtraError, UsageError
from fairshare.io import frame_kind, read_table, to_frame, write_table
from fairshare.schema import Boolean, Categorical, Date, Integer, Real, Schema

TABLE = pa.table(
    {
        "age": pa.array([1, None, 3]),
        "pay": [0.5, 1.5, None],
        "city": ["a", None, "b"],
        "fit": [True, False, None],
        "born": [date(2020, 1, 1), None, date(1970, 1, 1)],
    }
)
SCHEMA = Schema(
    columns=(
        Integer(name="age", bounds=(0, 9), nullable=True),
        Real(name="pay", bounds=(0, 2), bins=4, nullable=True),
        Categorical(name="city", categories=("a", "b"), nullable=True),
        Boolean(name="fit", nullable=True),
        Date(name="born", bounds=(date(1970, 1, 1), date(2020, 1, 1)), nullable=True),
    )
)


def same_codes(table):
    for name, codes in SCHEMA.encode(table).items():
        np.testing.assert_array_equal(codes, SCHEMA.encode(TABLE)[name])


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".feather"])
def test_typed_files_survive(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    write_table(TABLE, path)
    assert read_table(str(path), schema=SCHEMA).equals(TABLE)


def test_csv_keeps_codes(tmp_path):
    write_table(TABLE, tmp_path / "TABLE.CSV")
    same_codes(read_table(tmp_path / "TABLE.CSV", schema=SCHEMA))


def test_arrow_streams_are_read(tmp_path):
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as file, pa.ipc.new_stream(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    assert read_table(tmp_path / "t.arrow").equals(TABLE)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("t.parquet", "'{}' is not a whole .parquet file: export it again"),
        ("t.arrow", "'{}' is not a whole .arrow file: export it again"),
        ("t.xlsx", "'{}' must end in one of .csv, .parquet, .arrow, .feather"),
        ("none.csv", "'{}' can't be read: No such file or directory"),
        ("none.arrow", "'{}' can't be read: No such file or directory"),
        ("none.parquet", "'{}' can't be read: No such file or directory"),
    ],
)
def test_broken_files(tmp_path, name, message):
    if not name.startswith("none"):
        (tmp_path / name).write_bytes(b"canary-4711")
    with pytest.raises(DataError) as error:
        read_table(tmp_path / name)
    assert str(error.value) == message.format(tmp_path / name)


def test_cut_files_are_refused(tmp_path):
    for suffix in (".parquet", ".arrow"):
        path = tmp_path / f"table{suffix}"
        write_table(TABLE, path)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(DataError, match="is not a whole"):
            read_table(path)


def test_writes_are_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail(*_):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr("fairshare.io.files.write_csv", fail)
    with pytest.raises(RuntimeError, match="disk on fire"):
        write_table(TABLE, path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]
    monkeypatch.undo()
    write_table(TABLE, path)
    assert path.read_text().startswith("age,pay,city,fit,born\n")
    assert path.stat().st_mode & 0o400


def test_unwritable_targets(tmp_path):
    with pytest.raises(UsageError, match="must end in one of"):
        write_table(TABLE, tmp_path / "t.txt")
    with pytest.raises(UsageError, match="can't be written: No such file or directory"):
        write_table(TABLE, tmp_path / "none" / "t.csv")


def test_pandas_in_and_out():
    import pandas as pd

    frame = pd.DataFrame(TABLE.to_pydict(), index=[7, 8, 9])
    assert frame_kind(frame) == "pandas"
    table = read_table(frame, schema=SCHEMA)
    assert table.schema.metadata is None
    same_codes(table)
    same_codes(read_table(frame.astype({"city": "category"})))
    out = to_frame(TABLE, "pandas")
    assert isinstance(out, pd.DataFrame)
    assert list(out.columns) == TABLE.column_names


def test_pandas_objects_of_mixed_types_become_text():
    import pandas as pd

    frame = pd.DataFrame({"age": [1, "x", None, 2**70, Decimal("3"), float("nan")]}, dtype=object)
    table = read_table(frame)
    assert table["age"].to_pylist()[:2] == ["1", "x"]
    schema = Schema(columns=(SCHEMA.column("age"),))
    assert schema.encode(table)["age"].tolist() == [1, 10, 10, 9, 3, 10]


def test_repeated_pandas_columns_are_refused():
    import pandas as pd

    with pytest.raises(DataError, match="the frame repeats column 'a': rename or remove one"):
        read_table(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_polars_in_and_out():
    import polars as pl

    frame = pl.DataFrame(TABLE.to_pydict())
    for given in (frame, frame.lazy(), frame.with_columns(pl.col("city").cast(pl.Categorical))):
        assert frame_kind(given) == "polars"
        same_codes(read_table(given, schema=SCHEMA))
    assert isinstance(to_frame(TABLE, "polars"), pl.DataFrame)
    assert to_frame(TABLE, "polars").equals(frame)


def test_arrow_in_and_out():
    assert frame_kind(TABLE) == frame_kind("table.csv") == "arrow"
    assert to_frame(TABLE, "arrow") is TABLE
    assert read_table(TABLE.to_batches()[0]).equals(TABLE)
    assert read_table(TABLE.to_reader()).equals(TABLE)


def test_what_is_no_table():
    with pytest.raises(DataError, match="a int is no table: give a path"):
        read_table(3)
    with pytest.raises(UsageError, match=r"frame kind \('excel'\) must be one of 'arrow', 'pandas', 'polars'"):
        to_frame(TABLE, "excel")


def test_an_absent_library_fails_with_its_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match="polars is not installed: pip install polars"):
        to_frame(TABLE, "polars")


def run(code):
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_brings_no_frame_library():
    code = "import sys, fairshare.schema, fairshare.io; print({'pandas', 'polars', 'narwhals'} & set(sys.modules))"
    assert run(code) == "set()"


def test_the_base_install_needs_no_frame_library(tmp_path):
    # (pyarrow imports pandas by itself where it is installed, so absence is what can be tested.)
    path = tmp_path / "table.csv"
    write_table(TABLE, path)
    code = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("pandas", "polars"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import numpy as np
from fairshare.io import frame_kind, read_table, to_frame, write_table
from fairshare.schema import draft
table = read_table({str(path)!r})
schema = draft(table)
out = schema.decode(schema.encode(table), np.random.default_rng(0))
write_table(to_frame(out, frame_kind(table)), {str(path)!r})
print(read_table({str(path)!r}).num_rows)
"""
    assert run(code) == "3"
