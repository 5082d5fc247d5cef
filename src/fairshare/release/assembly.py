"""From a curator to a release: the same steps on one table and on many."""

import os

from fairshare.curator import Curator
from fairshare.fairness import Fairness
from fairshare.mechanisms import Mechanism, Progress
from fairshare.release.account import NoiseSource, certificate
from fairshare.release.binning import buy_bins, chain
from fairshare.release.fair import judge
from fairshare.release.model import ReleasedModel
from fairshare.release.release import Release
from fairshare.schema import Schema
from fairshare.version import __version__

__all__ = ["assemble"]


def assemble(
    curator: Curator,
    schema: Schema,
    mechanism: Mechanism,
    *,
    fairness: Fairness | None,
    notes: tuple[str, ...],
    noise: NoiseSource,
    rows: int | None,
    seed: int | None,
    frame: str,
    progress: Progress,
) -> Release:
    """Buy bins, run the mechanism, judge its model, and write the certificate.

    Args:
        curator: the only way to the data.
        schema: the public schema.
        mechanism: what is asked.
        fairness: the wish as the mechanism can grant it.
        notes: what is to be said about that.
        noise: named in the certificate.
        rows: number of synthetic rows, or None for the model's noisy estimate.
        seed: of the sampling of rows, or None for a fresh one.
        frame: the frame type of tables handed out.
        progress: called as the run goes on.

    Raises:
        BudgetError: the budget is too small for the mechanism.
        NotFairError: the model did not come out fair.
    """
    bins, start = buy_bins(curator, schema)
    outcome = mechanism.run(
        curator.coarsen({name: r.codes for name, r in bins.items()}),
        start=start,
        fairness=fairness,
        zeros=schema.impossible,
        progress=progress,
    )
    judged, order = (None, None) if fairness is None else judge(outcome.fit.model, fairness)
    model = ReleasedModel(outcome.fit.model, chain(bins, outcome.refinements), schema, order)
    return Release(
        schema=schema,
        model=model,
        rows=round(model.total) if rows is None else rows,
        seed=int.from_bytes(os.urandom(6)) if seed is None else seed,
        ledger=curator.ledger.to_dict(),
        certificate=certificate(
            schema=schema,
            mechanism=mechanism,
            outcome=outcome,
            ledger=curator.ledger,
            noise=noise,
            version=__version__,
            fairness=judged,
            notes=notes,
        ),
        frame=frame,
    )
