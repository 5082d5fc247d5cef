"""The verdict: from the cliques, never from what a certificate says."""

from types import SimpleNamespace

import pytest

from fairshare.fairness import Fairness, certify
from fairshare.report.graph import verdict
from fairshare.schema import Schema

FAIRNESS = Fairness(protected=("p",), admissible=("a",), outcome=("o",), policy="justifiable")
NAMES = ("p", "a", "o", "n", "m")
FAIR = [("p", "n"), ("a", "n"), ("a", "o"), ("m", "o")]
UNFAIR = [("p", "n"), ("n", "o"), ("a", "m")]


def _release(cliques, claimed=None, roles=True):
    schema = Schema.from_domain(dict.fromkeys(NAMES, 3)).to_dict()
    if roles:
        schema["roles"] = {"protected": ["p"], "admissible": ["a"], "outcome": ["o"]}
    fitted = SimpleNamespace(cliques=tuple(cliques), structure=(), zeros={})
    model = SimpleNamespace(fitted=fitted, order=None)
    return SimpleNamespace(model=model, schema=Schema.from_dict(schema), certificate={"fairness": claimed})


def test_a_fair_release() -> None:
    told = verdict(_release(FAIR, certify(FAIR, FAIRNESS).to_dict()))
    assert (told["state"], told["certificate_agrees"]) == ("fair", True)
    assert told["paths"] == [{"from": "p", "to": "o", "path": ["p", "n", "a", "o"], "stops": ["a"], "open": False}]
    assert told["graph"]["sides"] == {
        "p": "protected", "a": "admissible", "o": "outcome", "n": "protected", "m": "outcome"
    }  # fmt: skip
    assert [proxy["attribute"] for proxy in told["proxies"]] == ["m"]


def test_a_certificate_that_lies_is_not_believed() -> None:
    told = verdict(_release(UNFAIR, certify(FAIR, FAIRNESS).to_dict()))
    assert (told["state"], told["certificate_agrees"]) == ("not fair", False)
    assert told["paths"][0]["open"]
    assert told["paths"][0]["path"] == ["p", "n", "o"]


@pytest.mark.parametrize(("cliques", "separated"), [(FAIR, True), (UNFAIR, False)])
def test_not_asked_for(cliques, separated: bool) -> None:
    told = verdict(_release(cliques))
    assert (told["state"], told["separated"]) == ("not asked", separated)


def test_no_roles() -> None:
    told = verdict(_release(FAIR, roles=False))
    assert (told["state"], told["roles"], told["paths"]) == ("no roles", {}, [])
    assert told["graph"]["edges"] == [["p", "n"], ["a", "o"], ["a", "n"], ["o", "m"]]


def test_no_connection_at_all() -> None:
    told = verdict(_release([("p", "n")]))
    assert told["paths"] == [{"from": "p", "to": "o", "path": [], "stops": [], "open": False}]
