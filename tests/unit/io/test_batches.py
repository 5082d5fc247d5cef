"""Files in batches: all rows, in order, in bounded memory."""

import gc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairshare.io import FileBatches, parquet

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
