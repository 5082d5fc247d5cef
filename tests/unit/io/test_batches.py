"""Files in batches: all rows, in order, in bounded memory."""

import gc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairshare.errors import DataError
from fairshare.io import FileBatches, parquet, table_files

ROWS, GROUP, COLUMNS = 100_000, 1_000, [f"c{i}" for i in range(20)]


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    noise = {name: rng.integers(0, 2**62, ROWS) for name in COLUMNS}  # 16 MB that nothing makes smaller
    pq.write_table(pa.table(noise), tmp_path / "t.parquet", row_group_size=GROUP, compression="none")
    return tmp_path / "t.parquet"


def test_a_scan_forgets_what_it_has_read(path, monkeypatch):
    monkeypatch.setattr(parquet, "BATCH_ROWS", 3 * GROUP)
    source = FileBatches([path])
    gc.collect()
    before, rows, most = pa.total_allocated_bytes(), 0, 0
    for batch in source.scan(COLUMNS):
        rows += batch.num_rows
        assert batch.num_rows <= 3 * GROUP
        most = max(most, pa.total_allocated_bytes() - before)
    assert rows == ROWS
    assert most < 8e6  # a scan that keeps its pages holds more than 16 MB


@pytest.mark.parametrize("batch_rows", [1, GROUP - 1, GROUP, 5 * GROUP + 1, 2 * ROWS])
def test_every_row_once_in_order(path, monkeypatch, batch_rows):
    monkeypatch.setattr(parquet, "BATCH_ROWS", max(batch_rows, 100))
    found = pa.Table.from_batches(FileBatches([path]).scan(["c3"]))
    assert found.equals(pq.read_table(path, columns=["c3"]))


def test_a_file_that_a_pattern_matches_twice_is_read_once(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("two.csv", "a/b/one.csv"):
        (tmp_path / name).write_text("x\n1\n")
    for pattern in ("**/*.csv", "**/**/*.csv", "**/**/**/*.csv"):
        assert table_files(f"{tmp_path}/{pattern}") == [tmp_path / "a/b/one.csv", tmp_path / "two.csv"]


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_file_of_two_names_is_refused(tmp_path, link):
    (tmp_path / "rows.csv").write_text("x\n1\n")
    getattr(tmp_path / "latest.csv", link)(tmp_path / "rows.csv")
    for source in (tmp_path, f"{tmp_path}/*.csv"):
        with pytest.raises(DataError, match="are one file, whose rows would count twice"):
            table_files(source)
    assert table_files(tmp_path / "latest.csv") == [tmp_path / "latest.csv"]
