import re
from dataclasses import FrozenInstanceError
from hashlib import sha256
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fairshare.datasets import load_adult, load_german_credit, packaged
from fairshare.errors import IntegrityError

DATA = files("fairshare.datasets") / "data"
UCI_NAMES = [
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship",
    "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income",
]  # fmt: skip


def test_adult_is_the_published_table():
    table = load_adult().table
    assert table.column_names == UCI_NAMES
    assert table.num_rows == 48_842
    # adult.names gives the class probabilities of the training and test parts.
    rich = pc.equal(table["income"], ">50K")
    assert pc.mean(rich[:32_561]).as_py() == pytest.approx(0.2408, abs=5e-5)
    assert pc.mean(rich[32_561:]).as_py() == pytest.approx(0.2362, abs=5e-5)
    # ... and the number of rows without missing values.
    assert table.drop_null().num_rows == 45_222


def test_adult_has_plain_types_and_clean_labels():
    table = load_adult().table
    assert set(table.schema.types) == {pa.string(), pa.int64()}
    missing = {name: table[name].null_count for name in table.column_names if table[name].null_count}
    assert missing == {"workclass": 2_799, "occupation": 2_809, "native-country": 857}
    labels = {label for name in table.column_names if table[name].type == pa.string() for label in table[name].unique()}
    texts = {str(label) for label in labels if label.is_valid}
    assert all(text == text.strip() and text != "?" and not text.endswith(".") for text in texts)


def test_adult_roles_are_those_of_the_literature():
    roles = load_adult().schema.roles
    assert set(roles.protected) == {"sex", "race", "native-country"}
    assert roles.outcome == ("income",)
    assert set(roles.admissible) == {
        "workclass", "education", "occupation", "capital-gain", "capital-loss", "hours-per-week",
    }  # fmt: skip


def test_german_credit_is_decoded():
    table = load_german_credit().table
    assert (table.num_rows, table.num_columns) == (1_000, 21)
    assert pc.sum(pc.equal(table["credit_risk"], "good")).as_py() == 700
    first = table.slice(0, 1).to_pylist()[0]  # A11 6 A34 A43 1169 A65 A75 4 A93 ... A173 1 A192 A201 1
    assert (first["checking_account"], first["duration_months"], first["purpose"]) == (
        "below 0 DM", 6, "radio or television",
    )  # fmt: skip
    assert (first["personal_status_sex"], first["telephone"], first["credit_risk"]) == ("male, single", "yes", "good")


@pytest.mark.parametrize("load", [load_adult, load_german_credit])
def test_schema_is_reviewed_and_covers_every_cell(load):
    dataset = load()
    schema, table = dataset.schema, dataset.table
    assert schema.unreviewed == ()
    assert list(schema.sizes) == table.column_names
    for name, codes in schema.encode(table).items():
        column = schema.column(name)
        assert column.nullable == bool(table[name].null_count), name
        if column.nullable:
            assert np.array_equal(codes == column.missing_code, pc.is_null(table[name]).to_numpy()), name
        if column.kind == "integer":
            low, high = pc.min_max(table[name]).as_py().values()
            assert column.bounds[0] <= low, name
            assert high <= column.bounds[1], name


@pytest.mark.parametrize("load", [load_adult, load_german_credit])
def test_decoded_cells_have_the_table_s_types_and_codes(load):
    dataset = load()
    codes = dataset.schema.encode(dataset.table)
    decoded = dataset.schema.decode(codes, np.random.default_rng(1))
    assert decoded.schema.names == dataset.table.schema.names
    assert decoded.schema.types == dataset.table.schema.types
    again = dataset.schema.encode(decoded)
    assert all(np.array_equal(again[name], codes[name]) for name in codes)


def test_zero_and_the_top_code_of_gains_survive_a_round_trip():
    dataset = load_adult()
    gains = dataset.table["capital-gain"].combine_chunks()
    decoded = dataset.schema.decode(dataset.schema.encode(dataset.table), np.random.default_rng(1))["capital-gain"]
    for spike in (0, 99_999):
        assert pc.equal(gains, spike).equals(pc.equal(decoded.combine_chunks(), spike))


def test_domain_stays_as_small_as_the_literature_s():
    assert max(load_adult().schema.sizes.values()) <= 102


def test_dataset_is_frozen_loaded_once_and_says_its_terms():
    dataset = load_adult()
    assert load_adult() is dataset
    assert dataset.licence == "CC BY 4.0"
    assert "Becker" in dataset.citation
    with pytest.raises(FrozenInstanceError):
        dataset.name = "other"


def test_checksums_are_those_of_the_files():
    for line in (DATA / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert sha256((DATA / name).read_bytes()).hexdigest() == digest


def test_sources_name_every_packaged_table():
    text = (DATA / "SOURCES.md").read_text()
    assert {path.name for path in DATA.iterdir() if path.name.endswith(".parquet")} == set(
        re.findall(r"^## (\w+\.parquet)", text, re.MULTILINE)
    )
    assert "CC BY 4.0" in text


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    content = bytearray((DATA / "german_credit.parquet").read_bytes())
    content[100] ^= 1
    (tmp_path / "german_credit.parquet").write_bytes(content)
    (tmp_path / "SHA256SUMS").write_text((DATA / "SHA256SUMS").read_text())
    monkeypatch.setattr(packaged, "_DATA", tmp_path)
    with pytest.raises(IntegrityError, match="does not match its checksum; install fairshare again"):
        load_german_credit.__wrapped__()
