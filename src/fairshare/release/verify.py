"""Is a release fair? Answered from its cliques, without the data, and never from what its certificate says."""

from pathlib import Path

from fairshare.errors import IntegrityError, UsageError
from fairshare.fairness import Certificate, verify
from fairshare.release.release import Release

__all__ = ["verify_release"]


def verify_release(directory: str | Path) -> Certificate:
    """Load a release, check its hashes and ledger, and judge the fairness of its model's cliques afresh.

    Returns:
        What the cliques give; equal to the certificate's words.

    Raises:
        UsageError: no release is there, or it claims nothing about fairness.
        NotFairError: the model's cliques are not fair, whatever the certificate says.
        IntegrityError: a file was changed, or the model holds a clique that the ledger did not pay for, or the
            certificate says something else than the cliques.
    """
    release = Release.load(directory)
    claimed = release.certificate.get("fairness")
    if claimed is None:
        raise UsageError(f"{directory} claims nothing about fairness: it was made without --fairness")
    model = release.model.fitted
    judged = verify(claimed, [*model.cliques, *model.structure, *model.zeros], sampling_order=release.model.order)
    paid = {tuple(c) for entry in release.ledger["entries"] for c in entry.get("cliques", ())}
    if unpaid := [c for c in model.cliques if c not in paid]:
        raise IntegrityError(f"the model holds cliques that the ledger never measured: {unpaid}")
    return judged
