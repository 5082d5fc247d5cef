"""The certificate beside a fair table: what was claimed, and how anyone can recompute it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fairshare.errors import IntegrityError, NotFairError, UsageError
from fairshare.fairness.graph import FairGraph
from fairshare.fairness.roles import Fairness
from fairshare.fairness.sampling import elimination_cliques
from fairshare.fairness.separation import separation
from fairshare.marginals import Clique, Domain

__all__ = ["Certificate", "ProxyWarning", "certify", "fairness_of", "proxies", "verify"]


@dataclass(frozen=True)
class ProxyWarning:
    """A neutral attribute that sits beside an outcome.

    Attributes:
        attribute: the neutral attribute.
        outcome: the outcome with which it shares a clique.
        message: what that means and what to do.
    """

    attribute: str
    outcome: str
    message: str


@dataclass(frozen=True)
class Certificate:
    """What the criterion says of a model, from public values only.

    Attributes:
        protected: roles, as declared.
        admissible: roles, as declared.
        outcome: roles, as declared.
        saturate: whether neutral attributes count as protected.
        policy: the policy that filtered the candidates.
        cliques: the model's cliques, measured and declared, sorted, without repeats.
        components: components of their graph without the admissible attributes, sorted.
        fair: the verdict: the criterion holds, and the policy's own rule too.
        reason: why.
        interventions: whether interventions on the sampler are fair too (:mod:`fairshare.fairness.sampling`);
            None if nothing is claimed.
        sampling_order: the order in which the attributes were drawn, on which that claim rests; or empty.
        proxies: neutral attributes beside an outcome.
    """

    protected: tuple[str, ...]
    admissible: tuple[str, ...]
    outcome: tuple[str, ...]
    saturate: bool
    policy: str
    cliques: tuple[Clique, ...]
    components: tuple[tuple[str, ...], ...]
    fair: bool
    reason: str
    interventions: bool | None
    sampling_order: tuple[str, ...]
    proxies: tuple[ProxyWarning, ...]

    def to_dict(self) -> dict[str, Any]:
        """The certificate as JSON values (lists, not tuples)."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def certify(
    cliques: Iterable[Clique], fairness: Fairness, *, sampling_order: Sequence[str] | None = None
) -> Certificate:
    """Judge a model's cliques; the answer may be that they are not fair.

    Args:
        cliques: every clique of the model, measured and declared (structural zeros, dependencies).
        fairness: roles and policy.
        sampling_order: the order in which the table's attributes were drawn (:attr:`SamplingOrder.order`), to
            judge interventions on the sampler too; None to claim nothing of them.

    Raises:
        UsageError: the order does not hold every attribute of the cliques once.
    """
    cliques = _sorted(cliques)
    found = separation(cliques, fairness.roles)
    fair, reason = bool(found.verdict), found.verdict.because
    if fair:
        fair, reason = _keeps_policy(cliques, fairness, reason)
    interventions = None
    if sampling_order is not None:
        drawn = elimination_cliques(cliques, sampling_order)
        interventions = fair and separation(drawn, fairness.roles).verdict.ok
    return Certificate(
        protected=fairness.protected,
        admissible=fairness.admissible,
        outcome=fairness.outcome,
        saturate=fairness.saturate,
        policy=fairness.policy,
        cliques=cliques,
        components=found.components,
        fair=fair,
        reason=reason,
        interventions=interventions,
        sampling_order=tuple(sampling_order or ()),
        proxies=proxies(cliques, fairness),
    )


def proxies(cliques: Iterable[Clique], fairness: Fairness) -> tuple[ProxyWarning, ...]:
    """Neutral attributes that share a clique with an outcome: allowed by the criterion, but worth a warning.

    The synthetic table is fair, yet a model trained on it may lean on the proxy, which in *real* rows depends on
    the protected attributes. There are none under ``strict`` or ``saturate``. (An admissible attribute may be a
    proxy too: declaring it admissible says that its influence is justified.)
    """
    pairs = {
        (neutral, outcome)
        for clique in cliques
        for neutral in (() if fairness.saturate else fairness.roles.neutral(clique))
        for outcome in fairness.outcome
        if outcome in clique
    }
    return tuple(ProxyWarning(neutral, outcome, _advice(neutral, outcome)) for neutral, outcome in sorted(pairs))


def fairness_of(certificate: Mapping[str, Any], domain: Domain) -> Fairness:
    """The wish that a certificate records, held against the table as a new wish would be.

    Args:
        certificate: as written by :meth:`Certificate.to_dict`.
        domain: the table's columns: of roles that name none of them, or one with a single value, the criterion would
            hold without saying anything.

    Raises:
        IntegrityError: a field is missing, the roles or the policy are not valid, or the roles do not fit the table.
    """
    try:
        wish = Fairness(
            protected=certificate["protected"],
            admissible=certificate["admissible"],
            outcome=certificate["outcome"],
            policy=certificate["policy"],
            saturate=certificate["saturate"],
        )
        wish.check(domain)
    except KeyError as missing:
        raise IntegrityError(f"certificate must hold the field {missing}: it was cut or changed") from None
    except UsageError as error:
        raise IntegrityError(f"the certificate's fairness does not fit the table: {error}") from None
    return wish


def verify(
    certificate: Mapping[str, Any],
    cliques: Iterable[Clique],
    domain: Domain,
    *,
    sampling_order: Sequence[str] | None = None,
) -> Certificate:
    """Recompute a certificate from the release's cliques, and hold its text against the result.

    Only roles and policy are read from the certificate; verdict, components and warnings never are.

    Args:
        certificate: as written by :meth:`Certificate.to_dict`.
        cliques: the release's cliques, measured (from its ledger) and declared (from its schema).
        domain: the release's columns, which the roles must fit.
        sampling_order: the release's order, if it claims something of interventions.

    Returns:
        The recomputed certificate.

    Raises:
        NotFairError: the cliques are not fair, whatever the certificate says.
        IntegrityError: they are, but the certificate says something else than they do; or its roles or policy are not
            valid, or the roles do not fit the columns.
    """
    found = certify(cliques, fairness_of(certificate, domain), sampling_order=sampling_order)
    if not found.fair:
        raise NotFairError(f"the release is not fair: {found.reason}; do not use it as a fair table")
    expected = found.to_dict()
    # A release may add fields of its own (its ledger's hash); it answers for them elsewhere.
    differing = [key for key, value in expected.items() if certificate.get(key) != value]
    if differing:
        raise IntegrityError(
            f"the certificate differs from what the release's cliques give, in {differing}: one of them was changed"
        )
    return found


def _keeps_policy(cliques: tuple[Clique, ...], fairness: Fairness, reason: str) -> tuple[bool, str]:
    """Whether each clique by itself keeps the policy's rule, which ``strict`` adds to the criterion."""
    graph = FairGraph(dict.fromkeys(a for c in cliques for a in c), fairness)
    refusals = (verdict for verdict in map(graph.allows, cliques) if not verdict)
    refusal = next(refusals, None)
    return (True, reason) if refusal is None else (False, refusal.because)


def _advice(neutral: str, outcome: str) -> str:
    return (
        f"neutral {neutral!r} shares a clique with outcome {outcome!r}: a model trained on this table may use it as "
        f"a proxy for protected attributes in real rows; set saturate=True or policy='strict' to keep it from the "
        f"outcome, or declare it admissible if its influence is justified"
    )


def _sorted(cliques: Iterable[Clique]) -> tuple[Clique, ...]:
    return tuple(sorted({tuple(sorted(clique)) for clique in cliques}))


def _plain(value: object) -> object:
    """Tuples as lists, all the way down, as JSON reads them back."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
