"""``fairshare evaluate``: a slice of German credit from files to findings, and the exit codes."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import fairshare
from fairshare.datasets import load_german_credit

COLUMNS = ["checking_account", "duration_months", "personal_status_sex", "foreign_worker", "credit_risk"]
KEYS = ["tvd_1", "tvd_2", "tvd_3", "acd", "accuracy", "auc", "f1", "dp", "tprb", "tnrb", "cdp", "ctprb", "ctnrb"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """real.parquet, holdout.parquet, synthetic.release, synthetic.parquet and schema.toml."""
    made = tmp_path_factory.mktemp("credit")
    whole = load_german_credit()
    tree = whole.schema.to_dict()
    tree["columns"] = [c for c in tree["columns"] if c["name"] in COLUMNS]
    tree["roles"] = {
        "protected": ["personal_status_sex"],
        "admissible": ["checking_account"],
        "outcome": ["credit_risk"],
    }
    schema = fairshare.Schema.from_dict(tree)
    schema.save(made / "schema.toml")
    table = whole.table.select(COLUMNS)
    pq.write_table(table.slice(0, 700), made / "real.parquet")
    pq.write_table(table.slice(700), made / "holdout.parquet")
    release = fairshare.synthesize(table.slice(0, 700), schema, epsilon=5, delta=1e-9, seed=1)
    release.save(made / "synthetic.release")
    pq.write_table(release.table, made / "synthetic.parquet")
    return made


def arguments(folder: Path, synthetic: str = "synthetic.parquet") -> list[object]:
    fast = ["--classifiers", "logistic_regression"]
    return ["evaluate", folder / "real.parquet", folder / synthetic, "--schema", folder / "schema.toml", *fast]


def test_json(run: Any, folder: Path) -> None:
    ran = run(*arguments(folder), "--holdout", folder / "holdout.parquet", "--json")
    assert ran.code == 0
    document = ran.document
    assert set(KEYS) <= set(document)
    assert document["private"] is True
    assert document["notice"].startswith("NOT DIFFERENTIALLY PRIVATE")
    assert document["held_out"] == "never seen by the synthesis"
    assert 0 < document["tvd_1"] < 0.2
    assert 0.4 < document["accuracy"]["logistic_regression"] < 0.9
    assert set(document["dp"]["logistic_regression"]) == {"personal_status_sex"}
    assert "privacy smoke tests" in ran.err


def test_for_people(run: Any, folder: Path) -> None:
    ran = run(*arguments(folder, "synthetic.release"))
    assert ran.code == 0
    assert "NOT DIFFERENTIALLY PRIVATE" in ran.out
    assert "seen by the synthesis" in ran.out
    assert "TVD, 2-way" in ran.out
    assert "needs real rows that the synthesis never saw" in ran.err


def test_quiet_and_json(run: Any, folder: Path) -> None:
    ran = run(*arguments(folder)[:-1], "none", "--quiet", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["accuracy"] == {}


def test_roles_from_options(run: Any, folder: Path) -> None:
    ran = run(*arguments(folder), "--protected", "foreign_worker,personal_status_sex", "--json", "-q")
    assert set(ran.document["dp"]["logistic_regression"]) == {"foreign_worker", "personal_status_sex"}


def test_report(run: Any, folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "private.html"
    ran = run(*arguments(folder, "synthetic.release"), "--report", page, "-q")
    assert ran.code == 0, ran.err
    text = page.read_text(encoding="utf-8")
    assert text.lstrip().lower().startswith("<!doctype html")
    assert "NOT DIFFERENTIALLY PRIVATE" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--classifiers", "xgboost"], "classifiers (['xgboost']) must be among"),
        (["--outcome", "height"], "outcome (['height']) must name synthesised columns"),
        (["--positive", "best"], "positive ('best') must be one of the labels of 'credit_risk'"),
        (["--report", "page.txt"], "report ('page.txt') must be a file that ends in .html"),
        (["--seed", "-4"], "seed (-4) must be an integer of at least 0"),
    ],
)
def test_refused(options: list[str], message: str, run: Any, folder: Path) -> None:
    ran = run(*arguments(folder), *options)
    assert ran.code == 2
    assert message in ran.err


def test_absent_files(run: Any, folder: Path) -> None:
    assert run("evaluate", folder / "real.parquet", folder / "absent.csv", "--schema", folder / "schema.toml").code == 2
    assert run("evaluate", folder / "real.parquet", folder / "real.parquet", "--schema", folder / "no.toml").code == 2


def test_a_changed_release_is_refused(run: Any, folder: Path, tmp_path: Path) -> None:
    from fairshare.release import Release

    damaged = Release.load(folder / "synthetic.release").save(tmp_path / "damaged.release")
    (damaged / "ledger.json").write_text("{}", encoding="utf-8")
    assert run("evaluate", folder / "real.parquet", damaged, "--schema", folder / "schema.toml").code == 5


def bought(run: Any, folder: Path, *more: object, synthetic: str = "synthetic.release") -> Any:
    paths = [folder / "real.parquet", folder / synthetic, "--schema", folder / "schema.toml"]
    return run("evaluate", *paths, "--private", *more)


def test_bought_figures_are_stamped_and_priced(run: Any, folder: Path, tmp_path: Path) -> None:
    assert run("ledger", "new", tmp_path / "a.ledger", "--epsilon", 2, "--delta", 1e-9).code == 0
    options = ["--epsilon", 1, "--ledger", tmp_path / "a.ledger", "--pair", "duration_months,credit_risk"]
    ran = bought(run, folder, *options)
    assert ran.code == 0, ran.err
    for words in ("DIFFERENTIALLY PRIVATE: bought", "These figures cost (1, 1e-09)", "duration_months x credit_risk"):
        assert words in ran.out
    assert "NOT DIFFERENTIALLY PRIVATE" not in ran.out + ran.err
    again = bought(run, folder, *options, "--json", "--run-id", "q").document
    assert again["private"] is False
    assert again["data_set_ledger"]["run"] == "q"
    assert [told["columns"] for told in again["tvd"]][-1] == ["duration_months", "credit_risk"]
    spent = run("ledger", "show", tmp_path / "a.ledger", "--json").document
    assert [r["state"] for r in spent["runs"]] == ["done", "done"]
    broke = bought(run, folder, "--epsilon", 1.9, "--ledger", tmp_path / "a.ledger")
    assert broke.code == 4
    assert broke.out == ""


def test_all_pairs(run: Any, folder: Path) -> None:
    told = bought(run, folder, "--epsilon", 1, "--pair", "all", "--json").document
    assert len(told["tvd"]) == len(COLUMNS) + len(COLUMNS) * (len(COLUMNS) - 1) // 2
    assert "data_set_ledger" not in told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--private needs --epsilon"),
        (["--epsilon", 1, "--holdout", "x.csv", "--classifiers", "none"], "--holdout, --classifiers can't be bought"),
        (["--epsilon", 1, "--pair", "credit_risk"], "--pair ('credit_risk') must be two synthesised columns"),
        (["--epsilon", 1, "--run-id", "q"], "needs a ledger"),
        (["--epsilon", 1, "--delta", 0.5], "must be below 1/expected_rows"),
    ],
)
def test_a_purchase_that_makes_no_sense(options: list[object], message: str, run: Any, folder: Path) -> None:
    ran = bought(run, folder, *options)
    assert ran.code == 2
    assert message in ran.err


def test_a_bare_table_or_another_schema_is_refused(run: Any, folder: Path, tmp_path: Path) -> None:
    assert "must be the folder of a release" in bought(run, folder, "--epsilon", 1, synthetic="synthetic.parquet").err
    text = (folder / "schema.toml").read_text()
    (tmp_path / "s.toml").write_text(text.replace("expected_rows = 1000", "expected_rows = 1001"))
    paths = [folder / "real.parquet", folder / "synthetic.release", "--schema", tmp_path / "s.toml"]
    ran = run("evaluate", *paths, "--private", "--epsilon", 1)
    assert "--schema must be the one" in ran.err


@pytest.mark.parametrize("option", ["--epsilon", "--delta"])
def test_a_price_without_a_purchase(option: str, run: Any, folder: Path) -> None:
    ran = run(*arguments(folder), option, 1)
    assert ran.code == 2
    assert f"{option} is for figures that are bought" in ran.err
