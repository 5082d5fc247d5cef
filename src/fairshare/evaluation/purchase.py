"""Quality figures of a release, bought from the rows that it was made from and fit to be published with it."""

import hashlib
import json
from collections.abc import Iterable
from functools import partial
from os import PathLike
from typing import Any

import numpy as np

from fairshare.curator.trusted import TrustedCurator
from fairshare.errors import IntegrityError, UsageError
from fairshare.evaluation.bought import BoughtQuality, private_scores
from fairshare.evaluation.tables import Codes, without_keys
from fairshare.io import read_table
from fairshare.marginals import Clique, Domain
from fairshare.mechanisms.base import silent
from fairshare.privacy import Budget, Ledger, Noise, PrivacyUnit, TableNoise
from fairshare.release import Release
from fairshare.release.spending import fingerprint, plan_of, spend
from fairshare.release.synthesis import check_promise, opened
from fairshare.schema import Schema

__all__ = ["buy_quality"]

#: A pair with more cells is refused before anything is spent: its distance would be all sampling error.
_MOST_CELLS = 1 << 22


def buy_quality(
    real: Any,
    release: Release,
    *,
    epsilon: float,
    delta: float,
    pairs: Iterable[Iterable[str]] = (),
    ledger: str | PathLike[str] | None = None,
    run_id: str | None = None,
    noise: Noise | None = None,
) -> BoughtQuality:
    """Buy the distances between a release's table and the private one: of all columns, and of some pairs of columns.

    Args:
        real: the private rows: anything that ``synthesize`` takes.
        release: what was made from them. Its schema, relation and unit are used, and its own rows are compared.
        epsilon: what these figures may cost, in addition to the release.
        delta: likewise.
        pairs: pairs of columns to compare as well; noise grows with the square root of the number of marginals.
        ledger: the data set's ledger, which pays, or refuses before the rows are touched.
        run_id: with a ledger, the name of the run; the same name, release and input again return the stored figures.
        noise: another vetted source of noise; predictable noise is refused, for these figures carry no certificate.

    Raises:
        UsageError: an argument is out of range, the release is empty, or noise is predictable, its or this one.
        SchemaError: the release's schema was not reviewed: figures about it would rest on values from the rows.
        DataError: the table's structure does not fit the schema.
        BudgetError: the budget is too small, or the ledger does not cover it.
        IntegrityError: the ledger can't be trusted.

    Privacy:
        (epsilon, delta)-DP for one unit, under the release's neighbour relation (add-remove or replace-one of a row, or
        of a person with at most m rows). ``measure`` of the number of rows has L2 sensitivity m (add-remove; sqrt(2) m
        under replace-one); ``score`` adds discrete Gaussian integers to L1 distances, each of which a unit moves by at
        most m (2 m). Both are zCDP by Canonne, Kamath, Steinke 2020, Theorem 4, and add up; the rho of the promise is
        the ledger's. The release is the public estimate that rows are compared with: to whoever sees both, the sum of
        both promises applies, by adaptive composition.
    """
    schema = release.schema
    budget = Budget(epsilon=epsilon, delta=delta)
    unit = PrivacyUnit(relation=release.certificate["privacy"]["relation"], max_rows=schema.max_rows_per_person or 1)
    noise = TableNoise() if noise is None else noise
    _check(release, budget, noise)
    cliques = _cliques(Domain.from_sizes(schema.sizes), pairs)
    account, synthetic = Ledger(budget, unit), _rows(release)
    compute = partial(_compute, real, schema, synthetic, cliques, account, noise)
    if ledger is None:
        if run_id is not None:
            raise UsageError(f"run_id ({run_id!r}) needs a ledger: it names one of a ledger's runs")
        return compute()
    plan = plan_of(
        asked="quality",
        promise=[float(epsilon), float(delta), unit.describe()],
        release=_digest(synthetic),
        schema=schema.digest,
        cliques=cliques,
        noise=noise.name,
    )
    return spend(
        ledger,
        run_id=run_id,
        plan=plan,
        content=partial(fingerprint, real, schema),
        account=account,
        compute=compute,
        pack=_pack,
        unpack=_unpack,
        deliver=None,
    )


def _check(release: Release, budget: Budget, noise: Noise) -> None:
    """Refuse, before anything is spent, what no figure can be promised about."""
    check_promise(release.schema, budget)
    if not release.rows:
        raise UsageError("the release must hold at least one row: there is nothing to compare")
    if not release.certificate["privacy"]["secure_noise"]:
        raise UsageError("the release was made with predictable noise: it protects nobody, and no figure about it does")
    if not noise.secure:
        raise UsageError(f"noise ({noise.name}) must be secure: predictable noise protects nobody")


def _cliques(domain: Domain, pairs: Iterable[Iterable[str]]) -> tuple[Clique, ...]:
    """Every column, then each pair once, in the domain's order."""
    chosen = [tuple(pair) for pair in pairs]
    for pair in chosen:
        if len(set(pair)) != 2 or any(name not in domain for name in pair):
            raise UsageError(f"pair {pair} must be two different synthesised columns: {list(domain)}")
        if domain.cells(domain.clique(pair)) > _MOST_CELLS:
            raise UsageError(f"pair {pair} must have at most {_MOST_CELLS:,} cells: leave it out")
    return tuple(dict.fromkeys([*((name,) for name in domain), *(domain.clique(pair) for pair in chosen)]))


def _digest(synthetic: Codes) -> str:
    """Hash of the rows that are compared: what a stored answer is about."""
    digest = hashlib.sha256()
    for name in sorted(synthetic):
        digest.update(f"{name}:{synthetic[name].dtype}:{len(synthetic[name])};".encode())
        digest.update(np.ascontiguousarray(synthetic[name]).tobytes())
    return digest.hexdigest()


def _rows(release: Release) -> Codes:
    """The codes of the release's own rows."""
    schema = without_keys(release.schema)
    return schema.encode(read_table(release.table, schema=schema))


def _compute(  # noqa: PLR0917  (bound once, by position)
    real: Any, schema: Schema, synthetic: Codes, cliques: tuple[Clique, ...], account: Ledger, noise: Noise
) -> BoughtQuality:
    with opened(real, schema, account, silent) as engine:
        return private_scores(TrustedCurator(engine, ledger=account, noise=noise), synthetic, cliques)


def _pack(bought: BoughtQuality) -> bytes:
    return json.dumps(bought.to_dict()).encode()


def _unpack(packed: bytes) -> BoughtQuality:
    try:
        return BoughtQuality.from_dict(json.loads(packed))
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError("what the ledger stored under this run id is not quality figures") from error
