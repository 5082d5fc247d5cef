"""Who approved which plan: signed files beside the plan, which also carry the certificates that the plan pins.

``PLAN.approvals/NAME.json`` holds the plan as NAME approved it, so that a change can be named, and NAME's signature
over its hash. Parties exchange these files as they exchanged the plan; nothing in them is secret.
"""

import json
from pathlib import Path
from typing import Any

from fairshare.errors import FairshareError, IntegrityError, PeerError, UsageError
from fairshare.mpc.plan import Plan
from fairshare.mpc.plan_file import MAX_BYTES
from fairshare.mpc.wire.certificates import Identity, fingerprint, sign, verify

__all__ = ["approvals_folder", "approve", "certificates", "check_approval", "missing_approvals"]

_PURPOSE = b"fairshare-approval-1\0"


def approvals_folder(plan: Path) -> Path:
    """Where the approvals of a plan file lie."""
    return plan.with_name(f"{plan.name}.approvals")


def approve(plan: Plan, path: Path, identity: Identity) -> Path:
    """Sign the plan for one of its parties.

    Raises:
        UsageError: the plan is not ready, the party is not in it, or with another certificate.
    """
    plan.ready()
    party = plan.party(identity.name)
    if party.fingerprint != identity.fingerprint:
        raise UsageError(
            f"the plan names another certificate for {party.name} ({party.fingerprint[:16]}...) than"
            f" {identity.certificate} ({identity.fingerprint[:16]}...): put the right fingerprint into the plan"
        )
    content = {
        "party": party.name,
        "digest": plan.digest,
        "signature": sign(identity, _PURPOSE + bytes.fromhex(plan.digest)),
        "certificate": identity.pem,
        "plan": plan.to_dict(),
    }
    folder = approvals_folder(path)
    target = folder / f"{party.name}.json"
    try:
        folder.mkdir(exist_ok=True)
        target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{str(target)!r} can't be written: {error.strerror}") from None
    return target


def missing_approvals(plan: Plan, path: Path) -> list[str]:
    """Parties of which no approval lies beside the plan."""
    return [p.name for p in plan.parties if not (approvals_folder(path) / f"{p.name}.json").is_file()]


def certificates(plan: Plan, path: Path) -> dict[str, str]:
    """Every party's certificate, once everybody has approved exactly this plan.

    Returns:
        For each party its certificate, PEM; its SHA-256 is the plan's.

    Raises:
        UsageError: the plan is not ready.
        PeerError: somebody has not approved yet.
        IntegrityError: somebody approved another plan (the message names the fields that differ), a signature does
            not verify, or a certificate is not the one in the plan.
    """
    plan.ready()
    if missing := missing_approvals(plan, path):
        raise PeerError(
            f"the plan is not approved by {', '.join(missing)}: each runs 'fairshare consortium approve' and sends its "
            f"file for {approvals_folder(path)}/"
        )
    return {p.name: check_approval(plan, path, p.name) for p in plan.parties}


def check_approval(plan: Plan, plan_path: Path, name: str) -> str:
    """One party's certificate, if it has approved exactly this plan.

    Raises:
        IntegrityError: it approved another plan, or its file was changed.
    """
    path = approvals_folder(plan_path) / f"{name}.json"
    found = _read(path)
    if found.get("party") != name:
        raise IntegrityError(f"{path} must be the approval of {name}; it says {found.get('party')!r}")
    if found.get("digest") != plan.digest:
        raise IntegrityError(
            f"{name} approved another plan: {_changes(plan, found.get('plan'))}; agree on one and approve again"
        )
    pem, signature = found.get("certificate"), found.get("signature")
    if not isinstance(pem, str) or not isinstance(signature, str):
        raise IntegrityError(f"{path} must hold a certificate and a signature; ask {name} to approve again")
    if fingerprint(pem) != plan.party(name).fingerprint:
        raise IntegrityError(f"{path} holds another certificate than the plan names for {name}")
    if not verify(pem, _PURPOSE + bytes.fromhex(plan.digest), signature):
        raise IntegrityError(f"the signature in {path} is not {name}'s; ask {name} to approve again")
    return pem


def _changes(plan: Plan, other: Any) -> str:
    try:
        changed = plan.difference(Plan(other))
    except FairshareError as error:
        return f"theirs is not readable here ({error})"
    shown = "; ".join(changed[:5]) + ("; ..." if len(changed) > 5 else "")
    return shown or "its file was changed afterwards"


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > 2 * MAX_BYTES:
            raise IntegrityError(f"{path} is larger than {2 * MAX_BYTES} bytes; it is not an approval")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise IntegrityError(f"{path} can't be read as an approval ({type(error).__name__})") from None
    if not isinstance(found, dict):
        raise IntegrityError(f"{path} is not an approval")
    return found
