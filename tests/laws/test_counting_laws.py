"""Every engine in the base install obeys the law; databases are held to it in ``tests/engines``."""

import itertools
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engines import law

from fairshare.counting import CodedTable, ScannedTable, open_table, opening, planner
from fairshare.counting.planner import plan
from fairshare.errors import DataError, UsageError
from fairshare.io import FileBatches, read_table, table_files, write_table
from fairshare.marginals import Domain


def written(table, folder, kind, files):
    """The table's rows over some files, a few rows a row group."""
    cuts = np.linspace(0, len(table), files + 1).astype(int)
    for i, (start, stop) in enumerate(itertools.pairwise(cuts)):
        part = table.slice(start, stop - start)
        if kind == "parquet":
            pq.write_table(part, folder / f"{i}.parquet", row_group_size=3)
        elif kind == "arrow":
            with pa.ipc.new_file(folder / f"{i}.arrow", part.schema) as file:
                file.write_table(part, max_chunksize=3)
        else:
            write_table(part, folder / f"{i}.csv", missing=dict.fromkeys(table.column_names, ""))
    return str(folder / f"*.{kind}")


@given(law.schemas, law.tables())
@settings(max_examples=25)
def test_in_memory(public, table):
    law.holds(law.in_memory(public, table), public, table)


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@given(law.schemas, law.tables(), st.integers(1, 3))
@settings(max_examples=25)
def test_out_of_core(kind, public, table, files):
    with tempfile.TemporaryDirectory() as folder:
        pattern = written(table, Path(folder), kind, files)
        law.holds(ScannedTable(public, FileBatches(table_files(pattern))), public, table)


@given(law.schemas, law.tables(), st.integers(1, 2))
@settings(max_examples=25)
def test_csv_out_of_core_equals_csv_in_memory(public, table, files):
    with tempfile.TemporaryDirectory() as folder:
        pattern = written(table, Path(folder), "csv", files)
        scanned = open_table(pattern, public)
        assert isinstance(scanned, ScannedTable)
        whole = pa.concat_tables([read_table(path, schema=public) for path in table_files(pattern)])
        law.holds(scanned, public, whole, most=2)


@given(st.data())
def test_the_plan_covers_each_wanted_marginal_once(data):
    sizes = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=7))
    domain = Domain.from_sizes({f"x{i}": n for i, n in enumerate(sizes)})
    subsets = st.lists(st.sampled_from(domain.attributes), max_size=4).map(domain.clique)
    wanted = data.draw(st.lists(subsets, max_size=30))
    cap = data.draw(st.integers(1, 5000))
    parts = plan(domain, wanted, cap)
    assert sorted(i for part in parts for i in part.wanted) == list(range(len(wanted)))
    for part in parts:
        assert part.clique == domain.clique(part.clique)
        assert all(set(wanted[i]) <= set(part.clique) for i in part.wanted)
        assert domain.cells(part.clique) <= max(cap, *(domain.cells(wanted[i]) for i in part.wanted))


def test_all_pairs_are_sums_of_fewer_counts():
    domain = Domain.from_sizes({f"x{i}": 8 for i in range(15)})
    parts = plan(domain, list(itertools.combinations(domain.attributes, 2)))
    assert len(parts) < 30  # 105 pairs; five columns of eight codes fit one part, and hold ten pairs


@pytest.fixture
def public():
    return law.schema(nullable=True, outside=False)


@pytest.fixture
def table():
    rng = np.random.default_rng(1)
    columns = {name: pa.nulls(40, kind) for name, kind in law._TYPES.items()}
    columns["age"] = pa.array(rng.integers(0, 9, 40), pa.int32())
    return pa.table(columns)


def test_several_passes_where_memory_is_short(monkeypatch, public, table):
    monkeypatch.setattr(planner.passes, "__defaults__", (100,))
    law.holds(law.in_memory(public, table), public, table)


def test_a_watch_sees_the_scan_and_can_end_it(tmp_path, public, table):
    seen = []
    source = FileBatches(table_files(written(table, tmp_path, "parquet", 2)))
    ScannedTable(public, source, watch=lambda done, parts: seen.append((done, parts))).count(("age",))
    assert seen[-1] == (40, 40)

    def stop(done, parts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ScannedTable(public, source, watch=stop).count(("age",))
    with pytest.raises(KeyboardInterrupt):
        CodedTable(Domain.from_sizes(public.sizes), public.encode(table), watch=stop).count(("age",))


def test_structure_is_refused_before_counting(tmp_path, public, table):
    pattern = written(table.drop_columns("age"), tmp_path, "parquet", 1)
    with pytest.raises(DataError, match="no column 'age'"):
        open_table(pattern, public).check()
    with pytest.raises(DataError, match="names no file"):
        open_table(str(tmp_path / "*.csv"), public)
    with pytest.raises(UsageError, match="--table"):
        open_table("postgresql://localhost/x", public)


def test_files_must_be_alike_and_stay_so(tmp_path, public, table):
    pattern = written(table, tmp_path, "parquet", 2)
    engine = open_table(pattern, public)
    engine.count(())
    pq.write_table(table, tmp_path / "1.parquet")
    with pytest.raises(DataError, match="changed while"):
        engine.count(())
    pq.write_table(table.drop_columns("age"), tmp_path / "1.parquet")
    with pytest.raises(DataError, match="other columns or types"):
        open_table(pattern, public)


def test_a_ragged_csv_is_refused_by_the_check(tmp_path, public, table):
    pattern = written(table, tmp_path, "csv", 1)
    with (tmp_path / "0.csv").open("a") as file:
        file.write("1,2\n")
    with pytest.raises(DataError, match=r"row 42 .* has 2 cells"):
        open_table(pattern, public).check()


def test_large_files_are_scanned_and_small_ones_read(tmp_path, monkeypatch, public, table):
    pattern = written(table, tmp_path, "parquet", 1)
    assert isinstance(open_table(pattern, public), ScannedTable)
    assert isinstance(open_table(tmp_path / "0.parquet", public), CodedTable)
    monkeypatch.setattr(opening, "IN_MEMORY_BYTES", 10)
    assert isinstance(open_table(tmp_path / "0.parquet", public), ScannedTable)
