"""Fairness on the command line: wishes, verdicts, and exit codes that a script can rely on."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairshare.fairness import separation
from fairshare.fairness.certificate import fairness_of
from fairshare.marginals import Domain
from fairshare.release import Release

FAIRSHARE = [sys.executable, "-m", "fairshare"]
COLUMNS = ["sex", "born_in", "skill", "hours", "shoe_size", "hired"]
ROLES = ["--protected", "sex,born_in", "--admissible", "skill,hours", "--outcome", "hired"]
SCHEMA = "format = 1\n" + "\n".join(
    f'[[columns]]\nname = "{name}"\nkind = "categorical"\ncategories = ["a", "b", "c"]' for name in COLUMNS
)
MORE = (
    '\n[[columns]]\nname = "id"\nkind = "key"\n[[columns]]\nname = "planet"\nkind = "categorical"\ncategories = ["e"]'
)
DECLARED = '[roles]\nprotected = ["sex", "born_in"]\nadmissible = ["skill", "hours"]\noutcome = ["hired"]\n'


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Every column follows the same cause: without a wish the model ties protected columns to the outcome."""
    rng = np.random.default_rng(2)
    cause = rng.integers(0, 3, 2000)
    columns = [np.where(rng.random(2000) < 0.9, cause, rng.integers(0, 3, 2000)) for _ in COLUMNS]
    path = tmp_path / "jobs.csv"
    rows = [",".join("abc"[code] for code in row) for row in zip(*columns, strict=True)]
    path.write_text(",".join(COLUMNS) + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A schema without roles."""
    path = tmp_path / "bare.toml"
    path.write_text(SCHEMA, encoding="utf-8")
    return path


@pytest.fixture
def declared(tmp_path: Path) -> Path:
    """The same with roles."""
    path = tmp_path / "declared.toml"
    path.write_text(SCHEMA.replace("format = 1\n", "format = 1\n" + DECLARED), encoding="utf-8")
    return path


@pytest.fixture
def wished(run: Any, table: Path, bare: Path, tmp_path: Path) -> Callable[..., Any]:
    """``fairshare synth`` into jobs.release at epsilon 5 with further options."""
    out = tmp_path / "out.csv"
    return partial(run, "synth", table, "--schema", bare, "--epsilon", 5, "-o", out)


def shell(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*FAIRSHARE, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_synth_then_verify_as_a_script_would(table: Path, bare: Path, tmp_path: Path) -> None:
    out = tmp_path / "fair.csv"
    made = shell("synth", table, "--schema", bare, "--epsilon", 5, *ROLES, "--fairness", "strict", "-o", out)
    assert made.returncode == 0, made.stderr
    assert "justifiably fair (policy strict" in made.stdout
    assert "protected sex, born_in; admissible skill, hours; outcome hired" in made.stdout
    table.unlink()  # verify needs no data
    checked = shell("verify", tmp_path / "fair.release")
    assert checked.returncode == 0, checked.stderr
    assert "justifiably fair" in checked.stdout
    told = json.loads(shell("verify", tmp_path / "fair.release", "--json").stdout)
    assert told["fair"] is True
    assert told["fairness"]["policy"] == "strict"
    assert not separation(
        told["fairness"]["cliques"], fairness_of(told["fairness"], Domain.from_sizes(dict.fromkeys(COLUMNS, 3))).roles
    ).path


def test_roles_of_the_schema_alone_ask_for_nothing_and_synth_says_so(
    table: Path, bare: Path, declared: Path, tmp_path: Path
) -> None:
    for schema, said in ((declared, True), (bare, False)):
        command = ["synth", str(table), "--schema", str(schema), "--epsilon", "2", "-o", str(tmp_path / "out.csv")]
        ran = subprocess.run([*FAIRSHARE, *command], capture_output=True, text=True, check=True)
        assert ("add --fairness strict" in ran.stdout + ran.stderr) is said


def test_verify_finds_a_planted_clique(wished: Any, tmp_path: Path) -> None:
    from tests.unit.release.test_fair_release import with_clique
    from tests.unit.release.test_release import rehash

    assert wished(*ROLES, "-q").code == 0
    folder = tmp_path / "out.release"
    with_clique(Release.load(folder), folder, ("sex", "hired"))
    assert shell("verify", folder).returncode == 5  # the hash
    rehash(folder)
    planted = shell("verify", folder, "--json")
    assert planted.returncode == json.loads(planted.stdout)["exit_code"] == 3
    assert "the path sex - hired joins protected 'sex' to outcome 'hired'" in planted.stderr


@pytest.mark.parametrize("name", ["certificate.json", "ledger.json", "model.npz", "release.json"])
def test_verify_finds_a_changed_file(name: str, run: Any, wished: Any, tmp_path: Path) -> None:
    assert wished(*ROLES, "-q").code == 0
    path = tmp_path / "out.release" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert run("verify", tmp_path / "out.release").code == 5


def test_verify_of_a_release_that_claims_nothing(run: Any, wished: Any, tmp_path: Path) -> None:
    assert wished("-q").code == 0
    ran = run("verify", tmp_path / "out.release")
    assert ran.code == 2
    assert "claims nothing about fairness" in ran.err
    assert run("verify", tmp_path / "nowhere.release").code == 2


def test_verify_and_report_refuse_roles_that_name_no_column(run: Any, wished: Any, tmp_path: Path) -> None:
    from tests.unit.release.test_release import rehash

    assert wished(*ROLES, "-q").code == 0
    folder = tmp_path / "out.release"
    certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    certificate["fairness"]["outcome"] = ["h\u0456red"]  # a Ukrainian letter
    (folder / "certificate.json").write_text(json.dumps(certificate), encoding="utf-8")
    rehash(folder)
    for command in (["verify", folder], ["report", folder, "-o", tmp_path / "page.html"]):
        ran = run(*command)
        assert ran.code == 5
        assert "must be a column of the schema" in ran.err
    assert not (tmp_path / "page.html").exists()


def test_verify_tells_of_other_roles_than_the_schemas(run: Any, wished: Any, declared: Path, tmp_path: Path) -> None:
    assert wished("--schema", declared, "--protected", "sex", "-q").code == 0
    ran = run("verify", tmp_path / "out.release", "--json")
    assert ran.code == 0
    (told,) = ran.document["other_roles"]
    assert told.startswith("protected is sex in the certificate, but sex, born_in in the schema")


def test_roles_without_a_policy_mean_strict(wished: Any) -> None:
    told = wished(*ROLES, "--json").document
    assert told["fairness"]["policy"] == "strict"
    assert told["fairness"]["fair"] is True
    assert told["fairness"]["proxies"] == []


def test_without_a_wish_nothing_is_claimed_even_if_the_schema_has_roles(wished: Any, declared: Path) -> None:
    assert wished("--schema", declared, "--json").document["fairness"] is None


def test_the_schemas_roles_are_the_default_and_options_replace_them(wished: Any, declared: Path) -> None:
    told = wished("--schema", declared, "--fairness", "justifiable", "--json").document["fairness"]
    assert (told["protected"], told["admissible"]) == (["sex", "born_in"], ["skill", "hours"])
    told = wished("--schema", declared, "--protected", "sex", "--json").document["fairness"]
    assert (told["protected"], told["outcome"]) == (["sex"], ["hired"])


def test_an_option_may_be_repeated(wished: Any) -> None:
    options = ["--protected", "sex", "--protected", " born_in", *ROLES[2:]]
    assert wished(*options, "--json").document["fairness"]["protected"] == ["sex", "born_in"]


def test_a_column_whose_name_holds_a_comma(run: Any, tmp_path: Path, table: Path) -> None:
    schema, data = tmp_path / "comma.toml", tmp_path / "comma.csv"
    schema.write_text(SCHEMA.replace('"sex"', '"sex, gender"'), encoding="utf-8")
    data.write_text(table.read_text(encoding="utf-8").replace("sex,", '"sex, gender",', 1), encoding="utf-8")
    ran = run(
        "synth",
        data,
        "--schema",
        schema,
        "--epsilon",
        5,
        "--protected",
        "sex, gender",
        *ROLES[2:],
        "--json",
        "-o",
        tmp_path / "out.csv",
    )
    assert ran.document["fairness"]["protected"] == ["sex, gender"], ran.err


def test_a_proxy_is_warned_of_and_saturate_removes_it(wished: Any, table: Path) -> None:
    lines = table.read_text(encoding="utf-8").splitlines()
    rng = np.random.default_rng(3)
    rows = [line.split(",") for line in lines[1:]]
    for row in rows:  # the outcome follows a neutral column that nothing else follows
        row[4] = row[5] = rng.choice(["a", "b", "c"])
    table.write_text("\n".join([lines[0], *map(",".join, rows)]) + "\n", encoding="utf-8")
    ran = wished(*ROLES, "--fairness", "exact", "--epsilon", 20)
    assert ran.code == 0
    assert "1 proxy warning)" in ran.out
    assert "neutral 'shoe_size' shares a clique with outcome 'hired'" in ran.err
    ran = wished(*ROLES, "--fairness", "exact", "--saturate", "--epsilon", 20)
    assert "policy exact, saturated" in ran.out
    assert "no proxy beside an outcome" in ran.out


def test_exact_is_called_justifiable_where_no_tree_is_built(wished: Any, run: Any, tmp_path: Path) -> None:
    told = wished(*ROLES, "--fairness", "exact", "--mechanism", "mwem", "--json").document
    assert told["fairness"]["policy"] == "justifiable"
    assert any("'exact' was asked for" in warning for warning in told["warnings"])
    assert run("verify", tmp_path / "out.release").code == 0
    told = wished(*ROLES, "--fairness", "exact", "--json").document
    assert told["fairness"]["policy"] == "exact"
    assert not any("asked for" in warning for warning in told["warnings"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([*ROLES, "--outcome", "sex"], "outcome .* must be disjoint from protected, .* 'sex' is in both"),
        (["--protected", "sexx", *ROLES[2:]], "protected .'sexx'. must be a column of the schema"),
        (["--protected", "id", *ROLES[2:]], "protected .'id'. must be synthesised, but is a key column"),
        (["--protected", "planet", *ROLES[2:]], "protected .'planet'. must have at least 2 values"),
        (["--protected", "", *ROLES[2:]], "protected .* must be column names with commas between"),
        (["--protected", "sex,", *ROLES[2:]], "protected .* remove the empty one"),
        (["--protected", "sex"], "admissible .* must name at least one column: pass --admissible"),
        (["--fairness", "strict"], "protected .* must name at least one column: pass --protected"),
        ([*ROLES, "--fairness", "kind"], "policy .'kind'. must be one of"),
        (["--saturate"], "saturate .* must come with --fairness"),
    ],
)
def test_wrong_wishes_are_named_before_the_data_are_opened(
    options: list[str], message: str, run: Any, bare: Path, tmp_path: Path
) -> None:
    bare.write_text(SCHEMA + MORE, encoding="utf-8")
    ran = run("synth", tmp_path / "no.csv", "--schema", bare, "--epsilon", 1, *options, "--json")
    assert ran.code == 2
    assert ran.document["error"]["type"] == "UsageError"
    assert re.search(message, ran.document["error"]["message"]), ran.document["error"]["message"]


def test_a_dry_run_costs_the_same_and_says_so(run: Any, bare: Path, tmp_path: Path) -> None:
    plan = partial(run, "synth", tmp_path / "no.csv", "--schema", bare, "--epsilon", 1, "--dry-run")
    assert "strict: a filter on what may be measured, costs nothing" in plan(*ROLES).out
    assert plan(*ROLES, "--json").document["ledger"]["nano_rho_spent"] == pytest.approx(
        plan("--json").document["ledger"]["nano_rho_spent"], rel=1e-6
    )


def test_roles_suggest_explains_every_choice(run: Any, declared: Path) -> None:
    ran = run("roles", "suggest", declared)
    assert ran.code == 0, ran.err
    for words in ("kept apart from", "as admissible", "shoe_size", "Next: write what you decide under [roles]"):
        assert words in ran.out
    columns = {c["name"]: c for c in run("roles", "suggest", declared, "--json").document["columns"]}
    assert list(columns) == COLUMNS
    assert columns["sex"]["role"] == "protected"
    assert columns["sex"]["forbids"]["protected"] == ["hired"]
    assert columns["shoe_size"]["role"] == "neutral"
    assert columns["shoe_size"]["forbids"]["neutral"] == ["hired"]  # strict
    assert columns["shoe_size"]["forbids"]["admissible"] == []
    assert columns["hired"]["forbids"]["neutral"] is None  # no other outcome
    assert (columns["sex"]["often_protected"], columns["shoe_size"]["often_protected"]) == (True, False)


def test_roles_suggest_takes_other_roles_and_policies(run: Any, bare: Path) -> None:
    ran = run("roles", "suggest", bare, *ROLES, "--fairness", "justifiable")
    assert "may come to sit beside an outcome, as proxies: shoe_size" in ran.out
    ran = run("roles", "suggest", bare)
    assert ran.code == 2
    assert "(by their names, often protected: sex, born_in)" in ran.err


def test_demo_may_be_fair(tmp_path: Path) -> None:
    made = shell("demo", "--fairness", "strict", "-o", tmp_path / "tour", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["fairness"]["fair"] is True
    assert shell("verify", tmp_path / "tour/synthetic.release", "-q").returncode == 0
