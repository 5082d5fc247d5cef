"""Parquet in an object store obeys the law, over S3's protocol and as local files."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from fairshare.counting import ScannedTable, open_table
from fairshare.errors import DataError, PeerError
from fairshare.schema import Integer, Schema
from tests.engines import law
from tests.engines.s3 import s3_server

PUBLIC = Schema(columns=(Integer(name="a", bounds=(0, 9)),))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="module")
def store(root):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with s3_server(root) as served:
            yield served


@pytest.fixture
def bucket(root, store):
    """Ten rows in three files of two folders, and a file of another kind."""
    folder = root / "clinic" / "visits"
    (folder / "2026").mkdir(parents=True, exist_ok=True)
    for name, values in {"a.parquet": [0, 1, 2, 3], "b.parquet": [3, 4, 5], "2026/c.parquet": [9, 9, None]}.items():
        pq.write_table(pa.table({"a": pa.array(values, pa.int64())}), folder / name)
    (folder / "readme.txt").write_text("not a table")
    return "s3://clinic/visits", store[0], folder


@given(law.schemas, law.tables())
@settings(max_examples=5)
def test_the_law(root, store, public, table):
    folder = root / "law" / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.slice(0, 5), folder / "0.parquet", row_group_size=2)
    pq.write_table(table.slice(5), folder / "1.parquet")
    engine = open_table(f"s3://law/rows/*.parquet{store[0]}", public)
    assert isinstance(engine, ScannedTable)
    law.holds(engine, public, table, most=1)
    law.holds(open_table(f"file://{folder}/*.parquet", public), public, table, most=1)


@pytest.mark.parametrize(
    ("path", "rows"), [("", 10), ("/", 10), ("/*.parquet", 7), ("/b*", 3), ("/2026", 3), ("/a.parquet", 4)]
)
def test_a_folder_a_pattern_a_file(bucket, path, rows):
    address, options, _ = bucket
    assert int(open_table(address + path + options, PUBLIC).count(())) == rows


def test_what_is_not_there_is_said(bucket):
    address, options, folder = bucket
    for path in ("/none", "/none/*.parquet", "/*.orc"):
        with pytest.raises(DataError, match="check"):
            open_table(address + path + options, PUBLIC)
    (folder / "broken.parquet").write_bytes(b"PAR1 nothing of the kind PAR1")
    with pytest.raises(DataError, match="not whole Parquet"):
        open_table(address + "/broken.parquet" + options, PUBLIC)
    (folder / "broken.parquet").unlink()
    pq.write_table(pa.table({"other": [1]}), folder / "other.parquet")
    with pytest.raises(DataError, match="file 3 of 3 has other columns"):
        open_table(address + "/*.parquet" + options, PUBLIC)
    (folder / "other.parquet").unlink()
    with pytest.raises(DataError, match="must look like s3://"):
        open_table("s3://me:hidden@clinic/visits?colour=blue", PUBLIC)


def test_a_store_out_of_reach_and_a_key_in_no_message(store):
    with pytest.raises(PeerError, match="can't be reached") as caught:
        open_table("s3://me:hidden@clinic/visits/a.parquet?endpoint_override=127.0.0.1:1&scheme=http", PUBLIC)
    assert "hidden" not in str(caught.value)


def test_a_file_that_changes_is_refused(bucket):
    address, options, folder = bucket
    engine = open_table(f"{address}/a.parquet{options}", PUBLIC)
    assert int(engine.count(())) == 4
    pq.write_table(pa.table({"a": pa.array([1] * 5000, pa.int64())}), folder / "a.parquet")
    with pytest.raises(DataError, match="changed while it was being counted"):
        engine.count(())


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_local_file_of_two_names_is_refused(bucket, link):
    folder = bucket[2]
    extra = folder / "latest.parquet"
    getattr(extra, link)(folder / "a.parquet")
    try:
        with pytest.raises(DataError, match="are one file, whose rows would count twice"):
            open_table(f"file://{folder}/*.parquet", PUBLIC)
    finally:
        extra.unlink()


def test_only_the_columns_that_are_asked_for_travel(root, store):
    wide = Schema(columns=tuple(Integer(name=f"c{i}", bounds=(0, 9)) for i in range(8)))
    (root / "wide").mkdir(exist_ok=True)
    noise = {f"c{i}": pa.array([(k * 2654435761 + i) % 2**40 for k in range(20_000)]) for i in range(8)}
    pq.write_table(pa.table(noise), root / "wide" / "t.parquet", compression="none", use_dictionary=False)
    engine = open_table(f"s3://wide/t.parquet{store[0]}", wide)
    store[1].clear()
    assert engine.count(("c3",)).sum() == 20_000
    sizes = [
        int(last) - int(first) + 1
        for _, asked in store[1]
        if "bytes=" in asked
        for first, last in [asked.split("bytes=")[1].split("-")]
    ]
    assert 160_000 <= sum(sizes) < 400_000  # one column of eight is 160 kB
