"""One run against the ledger of a data set: reserve, bind, compute, reveal, deliver, done. The order is the promise."""

import hashlib
import json
import secrets
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from fairshare.counting import CountingEngine, InDatabase, is_address
from fairshare.errors import UsageError
from fairshare.io import is_stored, read_table, table_files
from fairshare.privacy import DurableLedger, Ledger
from fairshare.release.release import Release
from fairshare.schema import Schema

__all__ = ["Deliver", "fingerprint", "plan_of", "spend"]

#: What the caller does with a release that is on record, such as writing files.
Deliver = Callable[[Release], None]
#: What a run releases: a ``Release``, or figures that were bought.
Released = TypeVar("Released")


def spend(
    path: str | PathLike[str],
    *,
    run_id: str | None,
    plan: str,
    content: Callable[[], bytes],
    account: Ledger,
    compute: Callable[[], Released],
    pack: Callable[[Released], bytes],
    unpack: Callable[[bytes], Released],
    deliver: Callable[[Released], None] | None,
) -> Released:
    """Run ``compute`` if the ledger covers it, or return what an earlier run with this id stored.

    Args:
        path: the ledger file.
        run_id: see ``synthesize``.
        plan: hash of the public options.
        content: hash of the private input; the first to touch it, once the run is reserved.
        account: the run's own ledger; ``compute`` charges it.
        compute: makes the release; it may touch the data.
        pack: the release as the ledger keeps it.
        unpack: its inverse.
        deliver: called once the release is on record.

    Raises:
        BudgetError: the ledger does not cover the run, or the run id belongs to another; where the total or the plan
            says so, the data were not touched.
        IntegrityError: the ledger can't be trusted.
        UsageError: the ledger can't be written, or the delivery failed; the release is then kept in the ledger.
    """
    run = DurableLedger(path).reserve(account.budget, account.unit, plan=plan, run_id=run_id)
    try:
        stored = run.bind(content())
        if stored is not None:
            release = unpack(stored)
        else:
            release = compute()
            run.reveal(account, pack(release))
    except BaseException:
        run.abandon(account)
        raise
    try:
        if deliver is not None:
            deliver(release)
        run.done()
    except UsageError as error:
        raise UsageError(f"{error}. The release is on record: repeat the command with run id {run.id}") from error
    finally:
        run.leave()
    return release


def plan_of(**options: Any) -> str:
    """Hash of everything public that sets a run's course. Nothing secret, nothing of the clock."""
    text = json.dumps(options, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(table: Any, schema: Schema) -> bytes:
    """Hash of the private input: of its files' bytes, or of a frame's codes. It would confirm a guess: never show it.

    Rows that live in a database or an object store may change under an equal name, so their fingerprint is fresh each
    time: a run on them can't be resumed.

    Raises:
        DataError: no such file, or the frame does not fit the schema.
    """
    if isinstance(table, CountingEngine | InDatabase) or is_address(table) or is_stored(table):
        return secrets.token_bytes(32)
    digest = hashlib.sha256()
    if isinstance(table, str | PathLike):
        for path in table_files(table):
            with Path(path).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.digest()
    for name, column in schema.encode(schema.limit_rows(read_table(table, schema=schema))).items():
        digest.update(json.dumps([name, column.dtype.str, len(column)]).encode())
        digest.update(np.ascontiguousarray(column).data)
    return digest.digest()
