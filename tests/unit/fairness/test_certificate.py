import json

import pytest

from fairshare.errors import IntegrityError, NotFairError, UsageError
from fairshare.fairness import Fairness, certify, fairness_of, proxies, verify
from fairshare.marginals import Domain

FAIR = [("o", "n"), ("a", "o"), ("p", "a"), ("n",), ("m", "p")]
ORDER = ["a", "o", "n", "p", "m"]
DOMAIN = Domain.from_sizes(dict.fromkeys("aomnp", 2))


def wish(policy: str = "justifiable", *, saturate: bool = False) -> Fairness:
    return Fairness(protected=["p"], admissible=["a"], outcome=["o"], policy=policy, saturate=saturate)


def test_certificate_is_json_and_does_not_depend_on_order() -> None:
    certificate = certify(FAIR, wish(), sampling_order=ORDER)
    text = json.loads(json.dumps(certificate.to_dict()))
    assert (
        text
        == certificate.to_dict()
        == certify([c[::-1] for c in reversed(FAIR)], wish(), sampling_order=ORDER).to_dict()
    )
    assert text["fair"] is True
    assert text["interventions"] is True
    assert text["components"] == [["m", "p"], ["n", "o"]]
    assert text["cliques"] == [["a", "o"], ["a", "p"], ["m", "p"], ["n"], ["n", "o"]]
    assert fairness_of(text, DOMAIN) == wish()
    assert verify({**text, "ledger": "ab12"}, FAIR, DOMAIN, sampling_order=ORDER) == certificate


def test_an_unfair_model_is_certified_as_such() -> None:
    certificate = certify([*FAIR, ("m", "n")], wish())
    assert not certificate.fair
    assert "p - m - n - o" in certificate.reason
    assert certificate.interventions is None


def test_strict_asks_for_its_own_rule_too() -> None:
    certificate = certify(FAIR, wish("strict"))
    assert not certificate.fair
    assert "neutral 'n'" in certificate.reason
    assert certify([c for c in FAIR if c != ("o", "n")], wish("strict")).fair


def test_interventions_are_judged_on_the_order() -> None:
    cycle = [("p", "a1"), ("a1", "o"), ("o", "a2"), ("a2", "p")]
    fairness = Fairness(protected=["p"], admissible=["a1", "a2"], outcome=["o"])
    assert certify(cycle, fairness, sampling_order=["a1", "a2", "p", "o"]).interventions is True
    unfair = certify(cycle, fairness, sampling_order=["a2", "p", "o", "a1"])
    assert unfair.fair
    assert unfair.interventions is False
    with pytest.raises(UsageError, match="must hold every attribute"):
        certify(cycle, fairness, sampling_order=["p", "o"])


def test_proxy_warnings_say_what_to_do() -> None:
    warned = proxies(FAIR, wish())
    assert [(w.attribute, w.outcome) for w in warned] == [("n", "o")]
    assert "saturate=True or policy='strict'" in warned[0].message
    assert "declare it admissible" in warned[0].message
    assert proxies([("a", "o"), ("m", "p")], wish("exact")) == ()
    assert proxies(FAIR, wish(saturate=True)) == ()


def test_verify_reads_the_cliques_and_not_the_text() -> None:
    honest = certify(FAIR, wish()).to_dict()
    unfair = [*FAIR, ("o", "p")]
    lying = {**certify(unfair, wish()).to_dict(), "fair": True, "reason": "trust me"}
    with pytest.raises(NotFairError, match="path p - o joins"):
        verify(lying, unfair, DOMAIN)
    with pytest.raises(NotFairError):
        verify(honest, unfair, DOMAIN)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fair", False),
        ("reason", ""),
        ("components", []),
        ("proxies", []),
        ("cliques", [["a", "o"]]),
        ("policy", "exact"),
    ],
)
def test_verify_finds_a_changed_field(field: str, value: object) -> None:
    text = {**certify(FAIR, wish()).to_dict(), field: value}
    if field == "policy":  # the text is then another wish's, and says so
        assert verify(text, FAIR, DOMAIN).policy == "exact"
        return
    with pytest.raises(IntegrityError, match=rf"in \['{field}'\]"):
        verify(text, FAIR, DOMAIN)


def test_verify_finds_a_missing_field_and_a_changed_clique() -> None:
    text = certify(FAIR, wish()).to_dict()
    with pytest.raises(IntegrityError, match="cliques"):
        verify(text, FAIR[:-1], DOMAIN)
    with pytest.raises(IntegrityError, match="must hold the field 'outcome'"):
        verify({k: v for k, v in text.items() if k != "outcome"}, FAIR, DOMAIN)


@pytest.mark.parametrize(
    ("changes", "sizes", "message"),
    [
        ({"outcome": ["\u043e"]}, {}, "outcome .* must be a column"),  # the Cyrillic letter
        ({"protected": ["nobody"]}, {}, "protected .* must be a column"),
        ({"admissible": ["nobody"]}, {}, "admissible .* must be a column"),
        ({}, {"o": 1}, "outcome .* at least 2 values"),
        ({}, {"p": 1}, "protected .* at least 2 values"),
        ({"policy": "kind"}, {}, "policy"),
        ({"outcome": ["p"]}, {}, "'p' is in both"),
    ],
)
def test_roles_of_which_the_criterion_says_nothing_are_refused(changes: dict, sizes: dict, message: str) -> None:
    """The model ties p to o, and any other outcome would make it fair."""
    text = {**certify([("p", "o"), ("a",)], wish()).to_dict(), **changes}
    domain = Domain.from_sizes({**dict.fromkeys("aomnp", 2), **sizes})
    for read in (lambda: fairness_of(text, domain), lambda: verify(text, [("p", "o"), ("a",)], domain)):
        with pytest.raises(IntegrityError, match=message):
            read()
