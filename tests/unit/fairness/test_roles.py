import pickle
from dataclasses import FrozenInstanceError

import pytest

from fairshare.errors import UsageError
from fairshare.fairness import Fairness, Role, Roles, explain_roles
from fairshare.marginals import Domain

ADULT = Domain.from_sizes({"sex": 2, "race": 5, "age": 85, "occupation": 15, "income": 2, "constant": 1})
WISH = {"protected": ["sex", "race"], "admissible": ["occupation"], "outcome": ["income"]}


def test_roles_are_tuples_frozen_and_keyword_only() -> None:
    wish = Fairness(**WISH)
    assert wish.protected == wish.roles.protected == ("sex", "race")
    assert wish.policy == "strict"
    assert pickle.loads(pickle.dumps(wish)) == wish  # noqa: S301 - our own bytes
    with pytest.raises(FrozenInstanceError):
        wish.policy = "exact"
    with pytest.raises(TypeError):
        Roles(["sex"], ["occupation"], ["income"])


def test_role_of_and_saturation() -> None:
    assert [Roles(**WISH).role_of(a) for a in ADULT] == [
        *[Role.PROTECTED] * 2,
        Role.NEUTRAL,
        Role.ADMISSIBLE,
        Role.OUTCOME,
        Role.NEUTRAL,
    ]
    saturated = Roles(**WISH, saturate=True)
    assert saturated.role_of("age") is Role.PROTECTED
    assert saturated.neutral(ADULT) == ("age", "constant")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"protected": []}, r"protected \(\[\]\) must name at least one column"),
        ({"admissible": ()}, r"admissible \(\[\]\) must name at least one column"),
        ({"outcome": []}, r"outcome \(\[\]\) must name at least one column"),
        ({"protected": "sex"}, r"protected \('sex'\) must be a list of column names: write \['sex'\]"),
        ({"outcome": [3]}, r"outcome \(3\) must be a list of non-empty column names"),
        ({"outcome": ["income", "sex"]}, r"must be disjoint from protected.*'sex' is in both: remove it"),
        ({"outcome": ["income", "income"]}, r"without repeats, but 'income' is in both"),
        ({"policy": "lax"}, r"policy \('lax'\) must be one of \['strict', 'justifiable', 'exact'\]"),
    ],
)
def test_bad_wishes_name_the_field(change: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Fairness(**{**WISH, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"admissible": ["job"]}, r"admissible \('job'\) must be a column of the schema.*: correct the name"),
        ({"protected": ["constant"]}, r"protected \('constant'\) must have at least 2 values"),
        ({"outcome": ["constant"]}, r"outcome \('constant'\) must have at least 2 values"),
    ],
)
def test_check_against_a_domain(change: dict[str, object], message: str) -> None:
    Fairness(**WISH).check(ADULT)
    Fairness(**{**WISH, "admissible": ["constant"]}).check(ADULT)
    with pytest.raises(UsageError, match=message):
        Fairness(**{**WISH, **change}).check(ADULT)


def test_explain_roles_says_what_each_choice_forbids() -> None:
    notes = {n.attribute: n for n in explain_roles(ADULT, Fairness(**WISH))}
    assert list(notes) == list(ADULT)
    assert notes["income"].forbids[Role.OUTCOME] == ("sex", "race", "age", "constant")
    assert notes["income"].forbids[Role.NEUTRAL] is None  # no outcome would be left
    assert notes["age"].forbids == {
        Role.PROTECTED: ("income",),
        Role.ADMISSIBLE: (),
        Role.OUTCOME: ("sex", "race", "constant"),
        Role.NEUTRAL: ("income",),
    }
    assert "strict" in notes["age"].meaning
    loose = {n.attribute: n for n in explain_roles(ADULT, Fairness(**WISH, policy="justifiable"))}
    assert loose["age"].forbids[Role.NEUTRAL] == ()
    assert loose["age"].forbids[Role.OUTCOME] == ("sex", "race")
    saturated = {n.attribute: n for n in explain_roles(ADULT, Fairness(**WISH, policy="exact", saturate=True))}
    assert saturated["age"].role is Role.NEUTRAL
    assert saturated["age"].forbids[Role.NEUTRAL] == ("income",)
    assert "saturate" in saturated["age"].meaning
