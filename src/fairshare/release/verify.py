"""Is a release fair? Answered from its cliques, without the data, and never from what its certificate says."""

from pathlib import Path

from fairshare.errors import IntegrityError, UsageError
from fairshare.fairness import Certificate, verify
from fairshare.release.release import Release

__all__ = ["other_roles", "verify_loaded", "verify_release"]


def verify_release(directory: str | Path) -> Certificate:
    """Load a release, check its hashes and ledger, and judge the fairness of its model's cliques afresh.

    Returns:
        What the cliques give; equal to the certificate's words.

    Raises:
        UsageError: no release is there, or it claims nothing about fairness.
        NotFairError: the model's cliques are not fair, whatever the certificate says.
        IntegrityError: a file was changed, the roles do not fit the columns, the model holds a clique that the ledger
            did not pay for, or the certificate says something else than the cliques.
    """
    return verify_loaded(Release.load(directory), directory)


def verify_loaded(release: Release, directory: str | Path) -> Certificate:
    """The same for a release that was loaded from ``directory``, and so checked, already.

    Raises:
        UsageError, NotFairError, IntegrityError: as ``verify_release``, but for what loading finds.
    """
    claimed = release.certificate.get("fairness")
    if claimed is None:
        raise UsageError(
            f"{directory} is unchanged (hashes and ledger fit), but claims nothing about fairness: it was made without "
            "--fairness"
        )
    model = release.model.fitted
    cliques = [*model.cliques, *model.structure, *model.zeros]
    judged = verify(claimed, cliques, release.model.domain, sampling_order=release.model.order)
    paid = {tuple(c) for entry in release.ledger["entries"] for c in entry.get("cliques", ())}
    if unpaid := [c for c in model.cliques if c not in paid]:
        raise IntegrityError(f"the model holds cliques that the ledger never measured: {unpaid}")
    return judged


def other_roles(release: Release) -> tuple[str, ...]:
    """Where the roles that a release was judged by are not those that its schema declares: one sentence a role.

    Whoever makes a table may choose other roles than the schema's, so this is no fault, but a reader must know it. A
    schema that declares no such role, and a release that claims nothing, give none.
    """
    claimed, declared = release.certificate["fairness"] or {}, release.schema.roles
    return tuple(
        f"{role} is {', '.join(claimed[role])} in the certificate, but {', '.join(names)} in the schema: the verdict "
        "is about the former"
        for role in ("protected", "admissible", "outcome")
        if (names := getattr(declared, role)) and claimed and set(names) != set(claimed[role])
    )
