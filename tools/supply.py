"""What fairshare is built from: the lock is current, nothing in it has a known fault, and a bill of materials.

    python tools/supply.py --folder build

Writes FOLDER/requirements.txt (the locked versions of the package and its extras, with hashes) and
FOLDER/fairshare.cdx.json (CycloneDX). Ends with 1 if the lock is stale or a dependency has a known vulnerability. Where
the vulnerability service can't be reached, or does not know a package, that is said and nothing is claimed; with
--require-audit that is a failure, too.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: Tools of the environment that runs this file.
BIN = Path(sys.executable).parent


class SupplyError(Exception):
    """A step failed; the message says which."""


def run(*command: object) -> str:
    ran = subprocess.run([str(c) for c in command], cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SupplyError(
            f"{Path(str(command[0])).name} {command[1]} failed:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
        )
    return ran.stdout


def lock() -> None:
    """uv.lock is what pyproject.toml leads to."""
    run(BIN / "uv", "lock", "--check")
    print("uv.lock is current")


def requirements(folder: Path) -> Path:
    path = folder / "requirements.txt"
    wanted = ("--frozen", "--no-default-groups", "--all-extras", "--no-emit-project", "--no-header")
    run(BIN / "uv", "export", *wanted, "--output-file", path)
    print(f"{path}: {path.read_text().count('==')} locked packages")
    return path


def bill(folder: Path, locked: Path) -> None:
    path = folder / "fairshare.cdx.json"
    chosen = ("--output-format", "JSON", "--output-reproducible", "--mc-type", "library", "--output-file", path)
    run(BIN / "cyclonedx-py", "requirements", locked, "--pyproject", ROOT / "pyproject.toml", *chosen)
    print(f"{path}: bill of materials, {len(json.loads(path.read_text())['components'])} components")


def audited(locked: Path) -> bool:
    """Whether every locked package was looked up.

    Raises:
        SupplyError: one has a known vulnerability.
    """
    command = [BIN / "pip-audit", "--requirement", locked, "--disable-pip", "--require-hashes", "--format", "json"]
    ran = subprocess.run([str(c) for c in command], cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        found = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"NOT AUDITED: pip-audit could not run: {ran.stderr.strip().splitlines()[-1:]}")
        return False
    faulty = [f"{d['name']} {d['version']}: {', '.join(v['id'] for v in d['vulns'])}" for d in found if d.get("vulns")]
    if faulty:
        raise SupplyError("known vulnerabilities:\n" + "\n".join(faulty))
    skipped = [d["name"] for d in found if "skip_reason" in d]
    clean = len(found) - len(skipped)
    if skipped:
        print(f"NOT AUDITED: {len(skipped)} of {len(found)} packages; the service can't be reached or lacks them")
    if clean:
        print(f"{clean} packages have no known vulnerability")
    return not skipped and bool(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "build")
    parser.add_argument("--require-audit", action="store_true", help="fail where the service can't be reached")
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock()
        locked = requirements(folder)
        bill(folder, locked)
        looked_up = audited(locked)
    except SupplyError as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if looked_up or not options.require_audit else 1


if __name__ == "__main__":
    sys.exit(main())
