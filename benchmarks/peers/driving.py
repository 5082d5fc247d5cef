"""A library's driver run in its environment: what it is asked, what it cost, how it ended."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import NotInstalledError, interpreter, versions
from benchmarks.peers.field import Entry, Library
from benchmarks.peers.table import Real
from benchmarks.peers.trial import Trial, run
from fairshare.privacy import rho_of

__all__ = ["DELTA", "EPSILON", "MAX_CELLS", "asked", "drive"]

DRIVERS = Path(__file__).resolve().parent / "drivers"
EPSILON, DELTA, MAX_CELLS = 1.0, 1e-9, 10_000


def asked(entry: Entry, number: int, real: Real, data: Path, *, epsilon: float = EPSILON) -> dict[str, Any]:
    """The document that ``drivers/request.py`` reads."""
    roles = real.schema.roles
    fairness = {"protected": roles.protected, "admissible": roles.admissible, "outcome": roles.outcome}
    return {
        "data": os.fspath(data),
        "sizes": dict(real.schema.sizes),
        "ordered": real.ordered,
        "rows": real.rows,
        "epsilon": epsilon,
        "delta": DELTA,
        "rho": rho_of(epsilon, DELTA),
        "max_cells": MAX_CELLS,
        "run": number,
        "mechanism": entry.mechanism,
        "options": dict(entry.options),
        "fairness": fairness if entry.fair else None,
    }


def drive(
    library: Library, document: Mapping[str, Any], out: Path, *, environments: Path, limit: int, source: Path | None
) -> dict[str, Any]:
    """Run ``drivers/run_NAME.py`` on a document; it writes ``out``.

    Args:
        library: whose driver, in whose environment.
        document: what the driver reads.
        out: what the driver writes.
        environments: the folder of environments.
        limit: CPU seconds.
        source: a checkout, for a library that runs from one.

    Returns:
        The fields of a ``Trial``, the limit, the date and, where the library is installed, its versions.
    """
    record = {"limit_s": limit, "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    nothing = Trial(status="failed", cpu_s=0.0, wall_s=0.0, peak_mb=0.0)
    if library.checkout and source is None:
        return {**record, **asdict(nothing), "error": f"not run: no checkout given (--{library.name} PATH)"}
    try:
        python = interpreter(library, environments)
    except NotInstalledError as error:
        return {**record, **asdict(nothing), "error": str(error)}
    record["versions"] = versions(library, python)
    path = {}
    if library.checkout and source is not None:
        release = (source / library.name / "__init__.py").read_text().partition("__version__ = ")[2].split()[0]
        release = release.strip("'")
        record["versions"] = f"{library.name} {release}, {record['versions']}"
        path = {"PYTHONPATH": str(source.resolve())}
    with tempfile.TemporaryDirectory() as scratch:
        request = Path(scratch, "request.json")
        request.write_text(json.dumps(document))
        driver = DRIVERS / f"run_{library.name}.py"
        trial = run([str(python), str(driver), str(request), str(out)], limit, path)
    return {**record, **asdict(trial)}
