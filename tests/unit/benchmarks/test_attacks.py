"""The attacks on our tables: what is asked, what is believed, what the page says. Nothing here needs anonymeter."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from benchmarks.peers.attacks.campaign import Campaign, question
from benchmarks.peers.attacks.chart import chart
from benchmarks.peers.attacks.field import ATTACKS, OTHERS, REAL_ROWS, TARGETS, made, on
from benchmarks.peers.attacks.page import page
from benchmarks.peers.attacks.power import doubts
from benchmarks.peers.attacks.rows import thirds
from benchmarks.peers.attacks.summary import allowed, broken, summary
from benchmarks.peers.driving import asked
from benchmarks.peers.store import Store

LINKABILITY = next(attack for attack in ATTACKS if attack.kind == "linkability")
OURS = next(target for target in TARGETS if target.epsilon == 1)


def found(risk, margin=0.05, control=0.2, **more):
    """What the driver writes, for a risk and a control's success."""
    main = control + risk * (1 - control)
    rates = {"main": main, "control": control, "naive": 0.1}
    shares = {name: {"right": 1000 * rate, "rate": rate, "error": 0.01} for name, rate in rates.items()}
    ends = {"low": max(risk - margin, 0.0), "high": min(risk + margin, 1.0)}
    return {"guesses": 1000, **shares, "risk": risk, **ends, "remarks": [], **more}


def record(entry, run=0, status="ok", **more):
    costs = {"cpu_s": 10.0, "wall_s": 20.0, "peak_mb": 300.0, "limit_s": 900, "error": "", "date": "2026-11-22"}
    return {"entry": entry, "run": run, "status": status, **costs, **more}


@pytest.fixture
def store(tmp_path):
    """Every attack finds the real rows, and nothing in the others."""
    store = Store.open(tmp_path / "t.jsonl")
    for attack in ATTACKS:
        store.add(record(on(REAL_ROWS, attack), found=found(0.9)))
        store.add(record(on(OTHERS, attack), found=found(0.0)))
    return store


@pytest.fixture(scope="module")
def rows():
    return thirds()


def page_of(store):
    return page(SimpleNamespace(title="a table", rows=4), store, attacks=1000)


def section(text, title):
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_thirds_are_equally_large_and_share_no_row(rows):
    real, others = rows
    parts = [len(next(iter(part.values()))) for part in (real.seen, real.unseen, others)]
    assert sum(parts) == 48_842
    assert max(parts) - min(parts) <= 2
    counted = sum(np.bincount(part["age"], minlength=74) for part in (real.seen, real.unseen, others))
    whole = type(real).adult()
    assert (
        counted.tolist() == sum(np.bincount(part["age"], minlength=74) for part in (whole.seen, whole.unseen)).tolist()
    )


def test_the_halves_of_a_row_and_the_secrets_are_columns_of_the_table(rows):
    one, other = LINKABILITY.options["halves"]
    assert sorted([*one, *other]) == sorted(rows[0].schema.sizes)
    assert {a.options["secret"] for a in ATTACKS if a.kind == "inference"} < set(rows[0].schema.sizes)


def test_the_question_names_the_files_and_the_setting(rows, tmp_path):
    document = question(LINKABILITY, tmp_path / "made.csv", tmp_path, rows[0], attacks=7, run=2)
    assert (document["made"], document["unseen"]) == (str(tmp_path / "made.csv"), str(tmp_path / "unseen.csv"))
    assert (document["kind"], document["attacks"], document["run"]) == ("linkability", 7, 2)
    assert document["options"]["neighbours"] == 10


def test_a_table_is_asked_for_at_its_own_epsilon_and_fair_where_that_is_wanted(rows, tmp_path):
    large = next(target for target in TARGETS if target.epsilon == 64)
    fair = next(target for target in TARGETS if target.entry and target.entry.fair)
    plain = asked(large.entry, 0, rows[0], tmp_path, epsilon=large.epsilon)
    assert (plain["epsilon"], plain["fairness"]) == (64, None)
    assert plain["rho"] > asked(fair.entry, 0, rows[0], tmp_path)["rho"]
    assert asked(fair.entry, 0, rows[0], tmp_path)["fairness"]["outcome"] == ("income",)


def test_what_is_on_record_is_not_attacked_again(rows, tmp_path, monkeypatch):
    ran = []

    def drive(library, document, out, **_):
        ran.append((library.name, document.get("kind")))
        return {"status": "failed", "error": "no such luck", "cpu_s": 0.0}

    monkeypatch.setattr("benchmarks.peers.attacks.campaign.drive", drive)
    store = Store.open(tmp_path / "t.jsonl")
    store.add(record(on(REAL_ROWS, LINKABILITY), found=found(0.9)))
    campaign = Campaign(
        real=rows[0],
        others=rows[1],
        store=store,
        folder=tmp_path,
        environments=tmp_path,
        attacks=5,
        limit=9,
        retry=False,
    )
    campaign.run([REAL_ROWS, "strictly fair"], runs=1)
    kinds = [attack.kind for attack in ATTACKS if attack.kind != "linkability"]
    assert ran == [*(("anonymeter", kind) for kind in kinds), ("fairshare", None)]  # a table not made is not attacked
    assert (tmp_path / "the-real-rows-0.csv").read_text() == (tmp_path / "seen.csv").read_text()
    campaign.run([REAL_ROWS, "strictly fair"], runs=1)
    assert len(ran) == len(kinds) + 1


def test_attacks_that_find_the_real_rows_and_no_others_are_believed(store):
    assert doubts(store) == {}


def test_an_attack_that_hardly_finds_the_real_rows_is_not_believed(store):
    store.add(record(on(REAL_ROWS, LINKABILITY), found=found(0.42)))
    assert list(doubts(store)) == ["linkability"]
    assert "as low as 0.37" in doubts(store)["linkability"]
    assert "Not to be trusted: linkability" in page_of(store)


def test_an_attack_that_finds_rows_where_they_are_not_is_not_believed(store):
    store.add(record(on(OTHERS, LINKABILITY), found=found(0.2)))
    assert "at least 0.15" in doubts(store)["linkability"]


def test_an_attack_that_did_not_run_on_the_references_is_not_believed(store, tmp_path):
    store.add(record(on(REAL_ROWS, LINKABILITY), status="failed", error="no such luck"))
    assert list(doubts(store)) == ["linkability"]
    assert list(doubts(Store.open(tmp_path / "empty.jsonl"))) == [attack.name for attack in ATTACKS]


def test_epsilon_bounds_a_guess_from_both_sides():
    assert allowed(1.0, 0.01) == pytest.approx(math.e * 0.01)
    assert 1 - allowed(1.0, 0.8) == pytest.approx(0.2 / math.e)
    assert allowed(0.0, 0.3) == pytest.approx(0.3)
    assert allowed(64.0, 0.5) == pytest.approx(1.0)


def test_an_attack_that_does_better_than_the_promise_allows_is_told(store):
    store.add(record(on(OURS.name, LINKABILITY), found=found(0.3, control=0.1)))  # 0.37 - 0.01 > e * 0.11
    assert len(broken(store)) == 1
    assert "More than the promise allows" in page_of(store)
    store.add(record(on(OURS.name, LINKABILITY), found=found(0.05, control=0.1)))
    assert broken(store) == []


def test_several_tables_are_summed_up_by_means_and_the_widest_interval(store):
    store.add(record(on(OURS.name, LINKABILITY), found=found(0.1)))
    store.add(record(on(OURS.name, LINKABILITY), run=1, found=found(0.0)))
    whole = summary(store, OURS, LINKABILITY)
    assert (whole.tables, whole.guesses) == (2, 2000)
    assert (whole.risk, whole.low, whole.high) == pytest.approx((0.05, 0.0, 0.15))
    assert whole.main == pytest.approx(0.24)


def test_the_page_states_risks_and_what_failed(store):
    store.add(record(on(OURS.name, LINKABILITY), found=found(0.0, control=0.05, remarks=["too few queries"])))
    store.add(record(on(OURS.name, ATTACKS[0]), status="failed", error="no guess"))
    store.add(record(made(TARGETS[-1].name), status="limit", error=""))
    text = page_of(store)
    assert f"| {REAL_ROWS} | 0.90 (0.85 to 0.95) |" in text
    line = next(x for x in section(text, "Linkability").splitlines() if x.startswith(f"| {OURS.name} "))
    assert line == f"| {OURS.name} | 1 | 1,000 | 0.050 † | 0.050 | 0.100 | 0.163 | 0.000 (0.000 to 0.050) |"
    failed = section(text, "Where anonymeter failed, or had to be helped")
    assert f"**{OURS.name}: {ATTACKS[0].name}**, table 1: fails: `no guess`" in failed
    assert "anonymeter warns: too few queries" in failed
    assert "not done after 900 CPU seconds" in failed
    assert "smoke test, not a guarantee" in text


def test_the_page_names_the_tables_on_which_an_attack_found_something(store):
    store.add(record(on(OURS.name, LINKABILITY), found=found(0.1)))
    assert "above 0: 1 of 1, " in page_of(store)
    assert f"- {OURS.name}: linkability, table 1: 0.100, at least 0.050" in page_of(store)


def test_the_chart_has_a_point_for_each_attack_that_ran(store):
    store.add(record(on(OURS.name, LINKABILITY), status="failed", error="no guess"))
    assert chart(store).count("<circle") == 2 * len(ATTACKS)


def test_every_table_and_attack_has_a_name_of_its_own():
    assert len({target.name for target in TARGETS}) == len(TARGETS)
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
