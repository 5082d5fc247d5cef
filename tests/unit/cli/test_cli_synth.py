"""``fairshare synth``: files, figures and silence."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from fairshare import Release
from fairshare.cli.mechanisms import MECHANISMS, mechanism_named

RELEASE = {"release.json", "model.npz", "certificate.json", "ledger.json", "statement.yaml"}


def _columns(table: pa.Table) -> list[str]:
    return list(table.column_names)


@pytest.mark.parametrize(
    ("suffix", "read"), [(".csv", pa_csv.read_csv), (".parquet", pq.read_table), (".arrow", feather.read_table)]
)
def test_a_table_and_a_release_beside_it(suffix: str, read: Any, synth: Any, tmp_path: Path) -> None:
    out = tmp_path / f"new/folder/out{suffix}"
    ran = synth("--delta", 1e-9, "--mechanism", "mst", "-o", out)
    assert ran.code == 0, ran.err
    table = read(out)
    assert _columns(table) == ["age", "sex", "city"]
    assert {path.name for path in (tmp_path / "new/folder/out.release").iterdir()} == RELEASE
    assert {path.name for path in (tmp_path / "new/folder").iterdir()} == {out.name, "out.release"}
    loaded = Release.load(tmp_path / "new/folder/out.release")
    assert loaded.rows == table.num_rows
    assert loaded.certificate["privacy"]["epsilon"] == 1


def test_the_summary_says_what_a_person_wants(synth: Any, tmp_path: Path) -> None:
    ran = synth("--rows", 500, "-o", tmp_path / "out.csv")
    for words in ("500 rows of 3 columns", "epsilon 1, delta 1e-09", "one row added or removed", "of the budget"):
        assert words in ran.out
    assert "mst: 3 1-way, 2 2-way marginals" in ran.out
    assert f"fairshare sample {tmp_path / 'out.release'} --rows 5000 -o more.csv" in ran.out
    assert "converged" in ran.out


def test_progress_is_a_few_plain_lines_where_there_is_no_terminal(synth: Any, tmp_path: Path) -> None:
    ran = synth("-o", tmp_path / "out.csv")
    lines = ran.err.splitlines()
    assert lines[0] == "read (budget spent 0%)"
    assert "measure pairs (budget spent 100%)" in lines
    assert lines[-2] == "sample and write (budget spent 100%)"
    assert lines[-1].startswith("took ")  # on stderr only: the result must not tell what depends on the data
    assert "took" not in ran.out
    assert len(lines) <= 9
    assert "\x1b" not in ran.out + ran.err


def test_quiet_is_silent(synth: Any, tmp_path: Path) -> None:
    ran = synth("-o", tmp_path / "out.csv", "--quiet")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_json_is_the_only_thing_on_stdout(synth: Any, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    ran = synth("--rows", 50, "--json", "-o", out)
    told = ran.document
    assert told["table"] == str(out)
    assert told["release"] == str(tmp_path / "out.release")
    assert told["rows"] == 50
    assert told["columns"] == ["age", "sex", "city"]
    assert told["mechanism"] == "mst"
    assert told["privacy"]["relation"] == "add-remove"
    assert told["warnings"] == []
    assert "Synthetic table" in ran.err


def test_without_a_target_a_dated_folder(synth: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    told = synth("--json").document
    (folder,) = (tmp_path / "here").iterdir()
    assert folder.name.startswith("fairshare-20")
    assert {path.name for path in folder.iterdir()} == {"synthetic.csv", "synthetic.release"}
    assert told["table"] == f"{folder.name}/synthetic.csv"


def test_the_same_seed_gives_a_different_release_but_the_relation_and_seed_are_kept(synth: Any, tmp_path: Path) -> None:
    arguments = ("--epsilon", 2, "--seed", 3, "--relation", "replace-one", "-q")
    assert synth(*arguments, "-o", tmp_path / "a.csv").code == 0
    assert synth(*arguments, "-o", tmp_path / "b.csv").code == 0
    first, second = Release.load(tmp_path / "a.release"), Release.load(tmp_path / "b.release")
    assert first.seed == second.seed == 3
    assert first.certificate["privacy"]["relation"] == "replace-one"
    # No seed reaches the privacy noise.
    assert (first.marginal(["city"]) != second.marginal(["city"])).any()


def test_an_earlier_release_is_replaced(synth: Any, tmp_path: Path) -> None:
    for rows in (10, 20):
        assert synth("--rows", rows, "-o", tmp_path / "o.csv").code == 0
    assert Release.load(tmp_path / "o.release").rows == 20
    assert pa_csv.read_csv(tmp_path / "o.csv").num_rows == 20


def test_an_unreviewed_schema_is_accepted_only_by_name(synth: Any, schema: Path, tmp_path: Path) -> None:
    schema.write_text(schema.read_text().replace("bounds =", "unreviewed.bounds =", 1))
    arguments = ("-o", tmp_path / "o.csv")
    refused = synth(*arguments)
    assert refused.code == 2
    assert "nobody has reviewed (age.bounds)" in refused.err
    assert not (tmp_path / "o.release").exists()
    accepted = synth(*arguments, "--accept-inferred-schema")
    assert accepted.code == 0
    assert "warning: the schema was inferred from the private table and not reviewed: age.bounds" in accepted.err
    assert Release.load(tmp_path / "o.release").certificate["schema"]["unreviewed"] == ["age.bounds"]


class TestDryRun:
    def test_data_are_not_opened_and_nothing_is_written(self, run: Any, schema: Path, tmp_path: Path) -> None:
        before = set(tmp_path.iterdir())
        ran = run("synth", tmp_path / "nowhere.csv", "--schema", schema, "--epsilon", 1, "--dry-run")
        assert (ran.code, ran.err) == (0, "")
        assert set(tmp_path.iterdir()) == before
        assert "no data were opened, nothing was spent" in ran.out
        assert "3 1-way marginals" in ran.out
        assert "2 of 3 candidates, one at a time" in ran.out

    def test_its_account_is_that_of_the_run(self, synth: Any, tmp_path: Path) -> None:
        planned = synth("--relation", "replace-one", "--dry-run", "--json").document
        assert synth("--relation", "replace-one", "-o", tmp_path / "o.csv", "-q").code == 0
        spent = Release.load(tmp_path / "o.release").ledger
        costs = [(entry["call"], entry["nano_rho"]) for entry in spent["entries"]]
        assert [(entry["call"], entry["nano_rho"]) for entry in planned["ledger"]["entries"]] == costs
        assert sum(step["share"] for step in planned["steps"]) == pytest.approx(1, abs=1e-6)
        assert planned["ledger"]["unit"] == spent["unit"] == "one row replaced"

    def test_says_what_the_run_would_refuse(self, run: Any, schema: Path) -> None:
        schema.write_text(schema.read_text().replace("bounds =", "unreviewed.bounds =", 1))
        ran = run("synth", "x.csv", "--schema", schema, "--epsilon", 1, "--dry-run", "--json")
        assert ran.code == 0
        assert ran.document["refused"] == ["age.bounds"]
        assert "synth will refuse this schema until it is reviewed: age.bounds" in ran.err

    def test_private_bins_are_on_the_bill(self, run: Any, schema: Path) -> None:
        schema.write_text(schema.read_text().replace("bins = 4", "bins = { private_quantiles = 4 }"))
        steps = run("synth", "x.csv", "--schema", schema, "--epsilon", 1, "--dry-run", "--json").document["steps"]
        assert steps[0]["asks"] == "1 1-way marginal"
        assert steps[0]["share"] == pytest.approx(0.1, abs=1e-6)


class TestRefusedBeforeAnythingIsSpent:
    @pytest.fixture(autouse=True)
    def _no_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def spend(*args: object, **options: object) -> None:
            raise AssertionError("spent")

        monkeypatch.setattr("fairshare.release.synthesize", spend)

    @pytest.mark.parametrize(
        ("output", "message"),
        [
            ("credit.csv", "must not be an input; choose another name"),
            ("sub/../credit.csv", "must not be an input; choose another name"),
            ("out.xlsx", "must end in one of .csv, .parquet, .arrow, .feather"),
            ("out", "must end in one of .csv, .parquet, .arrow, .feather"),
            ("folder", "must be a file, and is a folder; try -o"),
            ("foreign.csv", "foreign.release' exists and is not a release; choose another -o, or move it away"),
            ("credit.toml/out.csv", "must lie in a folder that you may write to"),
        ],
    )
    def test_targets(self, output: str, message: str, synth: Any, tmp_path: Path) -> None:
        for folder in ("sub", "folder", "foreign.release"):
            (tmp_path / folder).mkdir()
        before = (tmp_path / "credit.csv").read_bytes()
        ran = synth("-o", tmp_path / output)
        assert (ran.code, ran.out) == (2, "")
        assert message in ran.err
        assert (tmp_path / "credit.csv").read_bytes() == before

    def test_an_unknown_mechanism_lists_the_known(self, synth: Any) -> None:
        ran = synth("--mechanism", "mts")
        assert ran.code == 2
        assert ran.err == f"error: mechanism ('mts') must be one of {', '.join(MECHANISMS)}\n"


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_registered_mechanism_is_one(name: str) -> None:
    made = mechanism_named(name.upper())
    assert made.name == made.describe()["name"] == name


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_registered_mechanism_runs(name: str, synth: Any, tmp_path: Path) -> None:
    told = synth("--mechanism", name, "-o", tmp_path / "o.csv", "--json").document
    assert told["mechanism"] == name
    privacy = told["privacy"]
    assert 0 <= privacy["nano_rho_unspent"] < 0.01 * privacy["nano_rho_spent"]
    assert synth("--mechanism", name, "--dry-run", "--json").document["mechanism"]["name"] == name


@pytest.mark.parametrize("broken", ["save", "write_table"])
def test_a_full_disk_is_told_as_such(broken: str, synth: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        {"save": "fairshare.release.Release.save", "write_table": "fairshare.io.write_table"}[broken], full
    )
    ran = synth("-o", tmp_path / "new/o.csv")
    assert ran.code == 2
    assert "can't be written: No space left on device" in ran.err
    assert not (tmp_path / "new/o.csv").exists()
    # What was paid for is kept: the release comes first, and its rows can be drawn again.
    assert (tmp_path / "new").exists() == (broken == "write_table")


def test_the_program_itself(data: Path, schema: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fairshare", "synth", data, "--schema", schema, "--epsilon", "1", "--json"]
    ran = subprocess.run([*command, "-o", "o.parquet"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout)["table"] == "o.parquet"
    assert pq.read_table(tmp_path / "o.parquet").num_rows == json.loads(ran.stdout)["rows"]
    again = subprocess.run(
        [sys.executable, "-m", "fairshare", "sample", "o.release", "--rows", "70", "--seed", "1", "-o", "more.csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert pa_csv.read_csv(tmp_path / "more.csv").num_rows == 70
    assert "no privacy was spent" in again.stdout


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
@pytest.mark.parametrize("colour", [True, False])
def test_on_a_terminal(colour: bool, data: Path, schema: Path, tmp_path: Path) -> None:
    import pty

    primary, secondary = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "90"} | ({} if colour else {"NO_COLOR": "1"})
    command = [sys.executable, "-m", "fairshare", "synth", data, "--schema", schema, "--epsilon", "1", "-o", "o.csv"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=secondary, stderr=secondary) as process:
        os.close(secondary)
        seen = _drain(primary)
    assert process.returncode == 0
    assert "╭─" in seen
    assert "Synthetic table" in seen
    assert "budget spent" in seen
    assert ("\x1b[32m" in seen) == colour


def _drain(descriptor: int) -> str:
    chunks = []
    try:
        while chunk := os.read(descriptor, 65536):
            chunks.append(chunk)
    except OSError:  # Linux: the other side has closed
        pass
    os.close(descriptor)
    return b"".join(chunks).decode("utf-8", "replace")
