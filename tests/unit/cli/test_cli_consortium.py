"""``fairshare consortium``: from nothing to a plan that six parties have approved."""

import os
from pathlib import Path
from typing import Any

import pytest

from fairshare.cli import main
from fairshare.mpc.plan_file import load_plan
from fairshare.mpc.wire.matching import read_secret
from fairshare.schema import Schema

PARTIES = ("s1", "s2", "s3", "alice", "bob", "uni")


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "s.toml"
    Schema.from_domain({"a": 2, "b": 3, "c": 4}).save(path)
    return path


def new(path: Path, schema: Path, *more: str) -> int:
    servers = [w for i in (1, 2, 3) for w in ("--server", f"s{i}=127.0.0.1:{7000 + i}")]
    return main(["consortium", "new", str(path), "--schema", str(schema), *servers, "--driver", "uni", *more])


def test_six_parties_agree_on_a_plan(tmp_path: Path, schema: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.toml"
    assert new(path, schema, "--holder", "alice=100", "--holder", "bob=50!", "--mechanism", "mst") == 0
    assert main(["consortium", "approve", str(path), "--name", "alice", "--keys", str(tmp_path)]) == 2
    assert "lacks the fingerprint of s1" in capsys.readouterr().err
    text = path.read_text()
    for name in PARTIES:
        assert main(["consortium", "keys", name, "--keys", str(tmp_path / name)]) == 0
        shown = capsys.readouterr().out
        line = next(line for line in shown.splitlines() if line.startswith("fingerprint"))
        text = text.replace(f'name = "{name}"\nrole', f'name = "{name}"\nrole', 1)
        head, _, tail = text.partition(f'name = "{name}"\n')
        text = head + f'name = "{name}"\n' + tail.replace('fingerprint = ""', line, 1)
    path.write_text(text)
    plan = load_plan(path)
    plan.ready()
    assert (plan.party("alice").row_cap, plan.party("bob").rows) == (100, 50)
    for name in PARTIES:
        assert main(["consortium", "approve", str(path), "--keys", str(tmp_path / name), "--yes"]) == 0
    shown = capsys.readouterr().out
    assert plan.digest in shown
    assert "two that put their shares together could read everything" in shown
    assert main(["consortium", "status", str(path)]) == 0
    assert "Everybody has approved this plan" in capsys.readouterr().out


def test_split_columns_make_a_vertical_plan(tmp_path: Path, schema: Path) -> None:
    path = tmp_path / "plan.toml"
    split = ["--holder", "alice=100!:a,b", "--holder", "bob=100!:c", "--record-key", "id"]
    assert new(path, schema, *split) == 2  # add-remove promises what servers see anyway
    assert new(path, schema, *split, "--relation", "replace-one") == 0
    assert load_plan(path).data.partition == "vertical"
    assert new(path, schema, *split, "--relation", "replace-one") == 2  # exists


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--holder", "alice"], "must be NAME=ROWS"),
        ([], "--holder NAME=ROWS[:COLUMNS] must be given"),
        (["--holder", "alice=5", "--mechanism", "magic"], "mechanism ('magic') must be one of"),
        (["--holder", "alice=5:a"], "by an option: nobody is here to be asked"),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: Path, schema: Path, more: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new(tmp_path / "plan.toml", schema, *more) == 2
    assert words in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "plan.toml").exists()


def test_an_unknown_knob_is_refused_before_anybody_approves(tmp_path: Path, capsys: Any) -> None:
    from fairshare.cli.loopback import Consortium

    schema = Schema.from_domain({"a": 2, "b": 3})
    from fairshare.mpc.plan import PROTOCOL
    from fairshare.version import __version__

    parties = [{"name": f"s{i}", "role": "server", "address": "h:1"} for i in (1, 2, 3)]
    parties += [{"name": "alice", "role": "holder", "row_cap": 5}, {"name": "driver", "role": "driver"}]
    tree = {
        "format": 1, "fairshare": __version__, "protocol": PROTOCOL, "privacy": {"epsilon": 1.0, "delta": 1e-9},
        "mechanism": {"name": "mst", "knobs": {"compres_below": 1.0}}, "data": {"partition": "horizontal"},
        "parties": parties, "schema": schema.to_dict(),
    }  # fmt: skip
    made = Consortium(tmp_path, tree, {})
    assert main(["consortium", "approve", str(made.path), "--name", "alice", "--keys", str(tmp_path / "alice")]) == 2
    assert "did you mean 'compress_below'?" in capsys.readouterr().err


def test_the_match_key_is_for_its_owner_only_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "shared.key"
    assert main(["consortium", "match-key", str(path)]) == 0
    assert len(read_secret(path)) == 32
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert main(["consortium", "match-key", str(path)]) == 2
