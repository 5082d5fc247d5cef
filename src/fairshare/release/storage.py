"""A release as a folder of JSON and npz: data, never code; hashed, so that a change shows."""

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from fairshare.errors import FairshareError, IntegrityError, UsageError
from fairshare.fairness import fairness_of
from fairshare.io import KINDS
from fairshare.marginals import Domain
from fairshare.model import MOST_CELLS, Model, Refinement
from fairshare.privacy import replay_head
from fairshare.release.model import ReleasedModel
from fairshare.release.npz import read_npz
from fairshare.release.record import MAX_ROWS, ReleaseRecord
from fairshare.release.statement import statement
from fairshare.release.wellformed import check_certificate, check_ledger
from fairshare.schema import Schema

__all__ = ["contents", "load", "save"]

_FORMAT = 1
_MAX_JSON = 64 * 2**20
_MAX_MODEL = 4 * 2**30
_PARTS = ("model.npz", "certificate.json", "ledger.json", "statement.yaml")


def save(release: ReleaseRecord, directory: Path) -> Path:
    """Write into a temporary sibling, then rename; see ``Release.save``."""
    if directory.exists() and not (directory / "release.json").is_file():
        raise UsageError(f"{directory} exists and is not a release; name a new folder")
    directory.parent.mkdir(parents=True, exist_ok=True)
    parts = contents(release)
    scratch = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        scratch.chmod(0o755)
        for name, content in parts.items():
            with (scratch / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if directory.exists():
            # Moved aside first: an interrupted removal must not leave half a release under the name.
            directory.rename(scratch / ".replaced")
        scratch.rename(directory)
        shutil.rmtree(directory / ".replaced", ignore_errors=True)
    except BaseException:
        if not directory.exists() and (scratch / ".replaced").exists():
            (scratch / ".replaced").rename(directory)
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return directory


def contents(release: ReleaseRecord) -> dict[str, bytes]:
    """The files of a release by name, made in memory: nothing reaches a disk before its run is on record."""
    arrays: dict[str, Any] = {f"model/{k}": v for k, v in release.model.fitted.to_arrays().items()}
    for attribute, refinement in release.model.refinements.items():
        axis = release.model.domain.axis(attribute)
        arrays[f"refinement/{axis}/codes"] = refinement.codes
        arrays[f"refinement/{axis}/shares"] = refinement.shares
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    parts = {
        "model.npz": packed.getvalue(),
        "certificate.json": _dumped(release.certificate),
        "ledger.json": _dumped(release.ledger),
        "statement.yaml": statement(release.certificate, release.ledger).encode(),
    }
    manifest = {
        "format": _FORMAT,
        "rows": release.rows,
        "seed": release.seed,
        "frame": release.frame,
        "order": release.model.order,
        "schema": release.schema.to_dict(),
        "sha256": {name: hashlib.sha256(parts[name]).hexdigest() for name in _PARTS},
    }
    return parts | {"release.json": _dumped(manifest)}


def _dumped(content: Any) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load(directory: Path) -> ReleaseRecord:
    """Read, check hashes and the ledger's chain; see ``Release.load``."""
    if not (directory / "release.json").is_file():
        raise UsageError(f"{directory} holds no release.json; give the folder that synth wrote (OUT.release)")
    manifest = _read(directory / "release.json")
    try:
        if manifest["format"] != _FORMAT:
            raise IntegrityError(f"{directory} has format {manifest['format']!r}; this version reads {_FORMAT}")
        _check_hashes(directory, manifest["sha256"])
        ledger, certificate = _read(directory / "ledger.json"), _read(directory / "certificate.json")
        check_certificate(certificate)
        check_ledger(ledger)
        schema = Schema.from_dict(manifest["schema"])
        _check_agreement(schema, ledger, certificate)
        rows, seed, frame = manifest["rows"], manifest["seed"], manifest["frame"]
        if frame not in KINDS:
            raise IntegrityError(f"release.json: frame must be one of {', '.join(KINDS)}")
        if not (isinstance(rows, int) and 0 <= rows <= MAX_ROWS and isinstance(seed, int) and seed >= 0):
            raise IntegrityError("release.json: rows and seed must be non-negative integers")
        return ReleaseRecord(
            schema=schema,
            model=_model(directory / "model.npz", schema, manifest["order"]),
            rows=rows,
            seed=seed,
            ledger=ledger,
            certificate=certificate,
            frame=frame,
        )
    except FairshareError as error:
        if isinstance(error, IntegrityError):
            raise
        raise IntegrityError(f"{directory} is not a release that this version can read: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, OSError, zipfile.BadZipFile) as error:
        raise IntegrityError(f"{directory} is damaged ({type(error).__name__}); restore it from a copy") from error


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > _MAX_JSON:
            raise IntegrityError(f"{path.name} is larger than {_MAX_JSON} bytes; it is not ours")
        content = json.loads(path.read_text(encoding="utf-8"))
        # Python reads more than we write: numbers that are infinite or none, and halves of characters.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (OSError, ValueError, RecursionError) as error:
        raise IntegrityError(f"{path.name} can't be read as JSON ({type(error).__name__})") from error
    return content


def _check_hashes(directory: Path, expected: dict[str, str]) -> None:
    for name in _PARTS:
        path = directory / name
        if not path.is_file() or _digest(path) != expected.get(name):
            raise IntegrityError(f"{name} does not match the hash in release.json; restore it from a copy")


def _check_agreement(schema: Schema, ledger: dict[str, Any], certificate: dict[str, Any]) -> None:
    if certificate["schema"]["digest"] != schema.digest:
        raise IntegrityError("the certificate is of another schema")
    if not replay_head(ledger) == ledger["head"] == certificate["privacy"]["ledger_head"]:
        raise IntegrityError("the ledger's chain does not lead to the head in the certificate")
    privacy, promise = certificate["privacy"], ledger["promise"]
    if any(privacy[name] != promise[name] for name in ("epsilon", "delta", "relation", "max_rows")):
        raise IntegrityError("the certificate promises something else than its ledger")
    spent = sum(entry["nano_rho"] for entry in ledger["entries"])
    books = (spent, ledger["nano_rho_total"] - spent)
    if any((account["nano_rho_spent"], account["nano_rho_unspent"]) != books for account in (ledger, privacy)):
        raise IntegrityError("the ledger's entries do not add up to what it or the certificate says was spent")
    if certificate["fairness"] is not None:
        fairness_of(certificate["fairness"], Domain.from_sizes(schema.sizes))


def _model(path: Path, schema: Schema, order: list[str] | None) -> ReleasedModel:
    if path.stat().st_size > _MAX_MODEL:
        raise IntegrityError("model.npz is larger than 4 GiB; it is not ours")
    arrays = read_npz(path, limit=_MAX_MODEL)
    columns = list(schema.sizes)
    refinements: dict[str, Refinement] = {}
    for name, codes in arrays.items():
        if name.startswith("refinement/") and name.endswith("/codes"):
            axis = int(name.split("/")[1])
            refinements[columns[axis]] = Refinement(codes=codes, shares=arrays[f"refinement/{axis}/shares"])
    model = Model.from_arrays({k.removeprefix("model/"): v for k, v in arrays.items() if k.startswith("model/")})
    for column, size in schema.sizes.items():
        kept = refinements[column].coarse_size if column in refinements else size
        if model.domain.size_of(column) != kept or (column in refinements and len(refinements[column].codes) != size):
            raise IntegrityError(f"the model's size of {column!r} is not the schema's")
    if order is not None and sorted(order) != sorted(columns):
        raise IntegrityError("release.json: order must hold every column once")
    for tree in (model.junction_tree, model.sampling_tree(order)):
        tree.check_size(MOST_CELLS)  # else a few kilobytes could ask for any amount of memory
    return ReleasedModel(model, refinements, schema, order)
