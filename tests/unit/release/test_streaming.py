import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fairshare.datasets import load_german_credit
from fairshare.errors import UsageError
from fairshare.io import read_table, write_batches
from fairshare.release import release as module
from fairshare.release import synthesize
from fairshare.release.streaming import ahead


@pytest.fixture(scope="module")
def made():
    german = load_german_credit()
    return synthesize(german.table, german.schema, epsilon=5, delta=1e-9, rows=10)


def test_a_stream_has_all_rows_and_repeats_by_its_seed(made, monkeypatch):
    monkeypatch.setattr(module, "_STREAMED", 700)
    tables = list(made.stream(3000, seed=4))
    assert [len(t) for t in tables] == [700, 700, 700, 700, 200]
    assert pa.concat_tables(tables).equals(pa.concat_tables(made.stream(3000, seed=4)))
    assert not tables[0].equals(tables[1])
    assert tables[0].schema == made.sample(1).schema


def test_each_table_of_a_stream_follows_the_model(made, monkeypatch):
    monkeypatch.setattr(module, "_STREAMED", 2000)
    domain = made.model.domain
    for table in made.stream(6000, seed=1):
        codes = made.schema.encode(table)
        for a in list(domain)[:6]:
            expected = made.marginal([a]) / made.model.total * 2000
            counts = np.bincount(codes[a], minlength=domain.size_of(a))
            # Rounding in groups: far inside the binomial spread of independent draws, which would be about 20 here.
            assert np.abs(counts - expected).max() < 12


def test_no_rows_are_one_empty_table(made):
    (table,) = made.stream(0)
    assert len(table) == 0
    with pytest.raises(UsageError, match="rows"):
        made.stream(-1)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "arrow"])
def test_batches_in_a_file_are_the_table(made, tmp_path, suffix):
    table = made.sample(50, seed=0)
    whole, parts = tmp_path / f"whole.{suffix}", tmp_path / f"parts.{suffix}"
    missing = made.schema.missing_spellings
    write_batches([table], whole, missing=missing)
    write_batches((table.slice(i, 20) for i in range(0, 50, 20)), parts, missing=missing)
    assert read_table(parts).equals(read_table(whole))
    if suffix == "parquet":
        assert pq.ParquetFile(parts).metadata.num_row_groups == 3


def test_a_failed_stream_leaves_no_file(made, tmp_path):
    def broken():
        yield made.sample(5, seed=0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_batches(broken(), tmp_path / "x.parquet")
    assert list(tmp_path.iterdir()) == []


def test_work_ahead_keeps_its_order_and_hands_on_errors():
    assert list(ahead(lambda x: x * x, range(20))) == [x * x for x in range(20)]
    assert list(ahead(lambda x: x, [])) == []
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda x: 1 // (5 - x), range(20)))
