"""Nothing but noisy answers may depend on a record: not the domain, types, log lines, errors or files' shapes.

And a canary value in the data never shows in logs, errors, arguments or temporary files.
"""

import logging
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

import fairshare
from fairshare.errors import FairshareError
from fairshare.schema import Schema

CANARY = "Kanarienvogel4711"
SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "age", "kind": "integer", "bounds": [18, 80], "bins": 4},
            {"name": "income", "kind": "real", "bounds": [0.0, 1000.0], "bins": {"private_quantiles": 4}},
            {
                "name": "city",
                "kind": "categorical",
                "categories": ["Ulm", "Bonn"],
                "other": "elsewhere",
                "nullable": True,
            },
        ]
    }
)
ODD = {
    "unseen category": {"age": "30", "income": "5", "city": CANARY},
    "new maximum": {"age": "99999999999999999999", "income": "1e300", "city": "Ulm"},
    "not a number": {"age": CANARY, "income": "nan", "city": "Ulm"},
    "infinite": {"age": "inf", "income": "-inf", "city": "Bonn"},
    "a long string": {"age": "30", "income": "5", "city": "x" * 100_000},
    "missing": {"age": "", "income": "", "city": ""},
    "a formula": {"age": "=1+1", "income": "@x", "city": "=cmd|' /C calc'!A0"},
}


def table(rows=40):
    rng = np.random.default_rng(5)
    return {
        "age": rng.integers(18, 80, rows).astype(str).tolist(),
        "income": rng.uniform(0, 1000, rows).round(2).astype(str).tolist(),
        "city": rng.choice(["Ulm", "Bonn"], rows).tolist(),
    }


def outcome(columns, caplog):
    """Everything that a reader sees of a run, but for the noisy answers."""
    steps = []
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        try:
            made = fairshare.synthesize(
                pa.table(columns),
                SCHEMA,
                epsilon=1,
                delta=1e-9,
                rows=50,
                seed=1,
                progress=lambda s: steps.append(s.phase),
            )
        except FairshareError as error:
            return type(error), str(error)
    ledger = [(e["call"], e["nano_rho"]) for e in made.ledger["entries"]]
    logs = [record.getMessage() for record in caplog.records]
    return (
        made.table.schema,
        made.table.num_rows,
        list(made.model.domain.shape),
        ledger,
        list(dict.fromkeys(steps)),
        logs,
    )


@pytest.mark.parametrize("odd", ODD)
def test_a_record_changes_nothing_but_noisy_answers(odd, caplog):
    base = table()
    more = {name: [*values, ODD[odd][name]] for name, values in base.items()}
    assert outcome(base, caplog) == outcome(more, caplog)


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_are_no_error(rows, caplog):
    assert outcome(table(rows), caplog)[1:] == outcome(table(), caplog)[1:]


def test_a_canary_never_shows(tmp_path, caplog):
    columns = table()
    columns["city"][3] = columns["age"][4] = CANARY
    lines = ["age,income,city", *(",".join(row) for row in zip(*columns.values(), strict=True))]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    SCHEMA.save(tmp_path / "s.toml")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    base = [sys.executable, "-m", "fairshare"]
    environment = {**os.environ, "TMPDIR": str(scratch)}

    def run(*arguments):
        ran = subprocess.run([*base, *arguments], capture_output=True, cwd=tmp_path, env=environment, check=False)
        assert CANARY.encode() not in ran.stdout + ran.stderr
        return ran.returncode

    assert run("ledger", "new", "a.ledger", "--epsilon", "2", "--delta", "1e-9") == 0
    synth = ("synth", "data.csv", "--schema", "s.toml", "--epsilon", "1", "--ledger", "a.ledger", "--debug")
    assert run(*synth, "-o", "out.csv") == 0
    (tmp_path / "data.csv").write_text("\n".join([*lines, f"1,2,3,{CANARY}"]) + "\n")
    assert run(*synth, "-o", "again.csv") == 2
    (tmp_path / "data.csv").unlink()
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes(), file.name
