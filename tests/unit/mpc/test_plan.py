"""A plan: one canonical form, a hash that every field moves, and messages that name what is wrong."""

import copy
from pathlib import Path
from typing import Any

import pytest
from consortium_parties import consortium, fields

from fairshare.errors import FairshareError, IntegrityError, PeerError, SchemaError, UsageError
from fairshare.mpc.plan import Plan
from fairshare.mpc.plan_file import load_plan, save_plan
from fairshare.mpc.wire.approvals import approvals_folder, approve, certificates, missing_approvals
from fairshare.schema import Schema


def changed(path: str, value: Any, **changes: Any) -> dict[str, Any]:
    """A plan's tree with one place changed; parties go by their number."""
    tree = copy.deepcopy(fields(**changes))
    *way, last = path.split(".")
    place: Any = tree
    for key in way:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = value
    return tree


SPLIT = {
    "data": {"partition": "vertical", "record_key": "id"},
    "privacy": {"epsilon": 1, "delta": 1e-9, "relation": "replace-one"},
}


PERSONS = {
    **Schema.from_domain({"a": 2, "b": 3, "c": 4}).to_dict(),
    "person": "who",
    "max_rows_per_person": 2,
}
PERSONS["columns"] = [*PERSONS["columns"], {"name": "who", "kind": "key"}]


def split() -> dict[str, Any]:
    tree = copy.deepcopy(fields(**SPLIT))
    tree["parties"][3] |= {"columns": ["a"], "rows": 10}
    tree["parties"][4] |= {"columns": ["b", "c"], "rows": 10}
    del tree["parties"][3]["row_cap"], tree["parties"][4]["row_cap"]
    return tree


@pytest.mark.parametrize("tree", [fields(), split()], ids=["horizontal", "vertical"])
def test_the_file_reads_back_to_the_same_hash(tree: dict[str, Any], tmp_path: Path) -> None:
    plan = Plan(tree)
    save_plan(plan, tmp_path / "plan.toml")
    assert load_plan(tmp_path / "plan.toml").digest == plan.digest
    assert plan.terms.context == plan.digest


EVERY_FIELD = [
    ("title", "other", "title"),
    ("fairshare", "9.9", "fairshare"),
    ("protocol", 2, "protocol"),
    ("privacy.epsilon", 1.5, "privacy.epsilon"),
    ("privacy.delta", 1e-10, "privacy.delta"),
    ("privacy.relation", "replace-one", "privacy.relation"),
    ("privacy.noise", "distributed", "privacy.noise"),
    ("mechanism.name", "aim", "mechanism.name"),
    ("mechanism.knobs", {"compress_below": 3.0}, "mechanism.knobs.compress_below"),
    ("data.order", 3, "data.order"),
    ("data.max_cells", 99, "data.max_cells"),
    ("limits.start_seconds", 11.0, "limits.start_seconds"),
    ("limits.step_seconds", 6.0, "limits.step_seconds"),
    ("limits.driver_seconds", 21.0, "limits.driver_seconds"),
    ("limits.frame_mb", 65, "limits.frame_mb"),
    ("parties.0.address", "127.0.0.1:9001", "parties.s1.address"),
    ("parties.1.fingerprint", "ab" * 32, "parties.s2.fingerprint"),
    ("parties.3.name", "carol", "parties (order)"),
    ("parties.4.row_cap", 401, "parties.bob.row_cap"),
    ("schema.columns.0.bounds", [0, 2], "schema.columns.a.bounds"),
]


@pytest.mark.parametrize(("path", "value", "named"), EVERY_FIELD, ids=[p for p, _, _ in EVERY_FIELD])
def test_every_field_moves_the_hash_and_is_named(path: str, value: Any, named: str) -> None:
    plan, other = Plan(fields()), Plan(changed(path, value))
    assert plan.digest != other.digest
    assert any(words.startswith(f"{named} (") for words in plan.difference(other)), plan.difference(other)
    assert plan.difference(Plan(fields())) == []


def test_fairness_roles_move_the_hash_and_are_named() -> None:
    tree = fields(fairness={"protected": ["a"], "admissible": ["b"], "outcome": ["c"]})
    assert any(w.startswith("fairness.protected (nothing here") for w in Plan(fields()).difference(Plan(tree)))
    assert Plan(tree).wish is not None


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (changed("privcy", {}), "unknown key 'privcy' in the plan: did you mean 'privacy'?"),
        (changed("format", 2), r"format \(2\) of the plan must be 1"),
        (changed("privacy.epsilonn", 1), "privacy: unknown key 'epsilonn': did you mean 'epsilon'?"),
        (changed("privacy.epsilon", 99.0), r"epsilon \(99"),
        (changed("privacy.delta", 0.0), "delta"),
        (changed("privacy.relation", "swap"), r"privacy: relation \('swap'\) must be"),
        (changed("privacy.security", "active"), "privacy: security"),
        (changed("limits.step_seconds", 0), r"limits: step_seconds \(0\) must be"),
        (changed("data.partition", "vertical"), "record_key must name the column"),
        (changed("parties.0.address", "nowhere"), r"address \('nowhere'\) of s1 must be host:port"),
        (changed("parties.0.role", "holder"), "parties must hold 3 of role 'server', and hold 2"),
        (changed("parties.1.name", "s1"), "parties must have different names, but 's1' repeats"),
        (changed("parties.1.name", "S 1"), r"name \('S 1'\) must be 1 to 32"),
        (changed("parties.1.fingerprint", "xyz"), "fingerprint of s2 must be 64 hex digits"),
        (changed("parties.3.rows", 5), "holder alice must have either rows"),
        (changed("parties.3.row_cap", 0), r"party alice: row_cap \(0\) must be at least 1"),
        (changed("parties.3.columns", ["z"]), "columns of alice name 'z'"),
        (changed("parties.3.columns", ["a"]), "must be replace-one"),
        (changed("parties.5.address", "h:1"), "address of driver must be absent"),
        (changed("schema", []), "the plan must hold the public schema"),
        (
            {**split(), "data": {"partition": "mixed", "record_key": "id"}},
            r"data.partition \('mixed'\) must be 'vertical'",
        ),
        ({**split(), "data": {"partition": "vertical", "record_key": "a"}}, "must not be a synthesised column"),
        ({**split(), "schema": PERSONS}, r"schema.person \('who'\) must be left out where columns are split"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(tree: dict[str, Any], words: str) -> None:
    with pytest.raises((UsageError, SchemaError), match=words):
        Plan(tree)


def test_a_person_may_be_at_every_holder() -> None:
    """Each holder leaves two rows of a person, so one person moves a sum of holders by four."""
    plan = Plan(fields(schema=PERSONS))
    assert (plan.unit.max_rows, plan.terms.unit.max_rows) == (4, 4)
    assert Plan(fields()).unit.max_rows == 1


def test_an_unreviewed_schema_is_refused() -> None:
    tree = copy.deepcopy(fields())
    tree["schema"]["columns"][0] = {"name": "a", "kind": "integer", "unreviewed": {"bounds": [0, 1]}}
    with pytest.raises(SchemaError, match="nobody has reviewed"):
        Plan(tree)


def test_a_plan_that_is_no_file_or_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        load_plan(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(UsageError, match="is not TOML"):
        load_plan(tmp_path / "bad.toml")


# -- approvals


@pytest.fixture
def approved(tmp_path: Path) -> tuple[Plan, Path]:
    plan, identities, _ = consortium(tmp_path)
    path = tmp_path / "plan.toml"
    save_plan(plan, path)
    for identity in identities.values():
        approve(plan, path, identity)
    return plan, path


def test_everybody_approves_and_the_certificates_are_the_pinned_ones(approved: tuple[Plan, Path]) -> None:
    plan, path = approved
    assert missing_approvals(plan, path) == []
    assert set(certificates(plan, path)) == {p.name for p in plan.parties}


def test_a_plan_without_fingerprints_is_not_ready() -> None:
    with pytest.raises(UsageError, match="lacks the fingerprint of s1, s2, s3, alice, bob, driver"):
        Plan(fields()).ready()


def test_a_missing_approval_is_named(approved: tuple[Plan, Path]) -> None:
    plan, path = approved
    (approvals_folder(path) / "bob.json").unlink()
    with pytest.raises(PeerError, match="not approved by bob"):
        certificates(plan, path)


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [f for f in EVERY_FIELD if not f[0].startswith(("fairshare", "protocol", "parties.1", "parties.3"))],
    ids=lambda v: v if isinstance(v, str) and "." in v else "",
)
def test_a_plan_tampered_with_after_approval_is_refused_and_the_field_named(
    approved: tuple[Plan, Path], path: str, value: Any, named: str
) -> None:
    plan, place = approved
    tree: Any = copy.deepcopy(plan.to_dict())
    *way, last = path.split(".")
    inner = tree
    for key in way:
        inner = inner[int(key) if isinstance(inner, list) else key]
    inner[last] = value
    with pytest.raises(IntegrityError, match="approved another plan") as caught:
        certificates(Plan(tree), place)
    assert f"{named} (" in str(caught.value)


def test_a_forged_approval_is_refused(approved: tuple[Plan, Path]) -> None:
    plan, place = approved
    folder = approvals_folder(place)
    bob = (folder / "bob.json").read_text()
    (folder / "alice.json").write_text(bob)
    with pytest.raises(IntegrityError, match="must be the approval of alice"):
        certificates(plan, place)
    (folder / "alice.json").write_text(bob.replace('"party": "bob"', '"party": "alice"'))
    with pytest.raises(IntegrityError, match="another certificate than the plan names for alice"):
        certificates(plan, place)
    (folder / "alice.json").write_text("[]")
    with pytest.raises(FairshareError, match="not an approval"):
        certificates(plan, place)


def test_a_signature_of_something_else_is_refused(approved: tuple[Plan, Path]) -> None:
    plan, place = approved
    file = approvals_folder(place) / "bob.json"
    text = file.read_text()
    at = text.index('"signature": "') + len('"signature": "') + 20
    file.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
    with pytest.raises(IntegrityError, match="signature"):
        certificates(plan, place)


def test_only_a_party_of_the_plan_with_its_own_key_can_approve(tmp_path: Path) -> None:
    plan, identities, _ = consortium(tmp_path / "one")
    _, others, _ = consortium(tmp_path / "two")
    with pytest.raises(UsageError, match="names another certificate for bob"):
        approve(plan, tmp_path / "plan.toml", others["bob"])
    approve(plan, tmp_path / "plan.toml", identities["bob"])
