"""Run the tests in environments of their own, in .venvs: one for each interpreter found, one at the lowest versions.

    python tools/environments.py 3.11 3.12 3.13 lowest -- -x -q

A version installs what uv.lock says; ``lowest`` installs, on the oldest interpreter, the lowest version that
pyproject.toml admits of everything it names. An interpreter that is not there is skipped, and that is said; what
follows ``--`` goes to pytest. Needs uv beside the interpreter that runs this file.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).parent / "uv"
OLDEST = "3.11"


def interpreter(version: str) -> str | None:
    """Where it is, if it is there and runs; pyenv's own folders are looked into, whatever its shims say."""
    named = [f"python{version}", *sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))]
    probe = f"import sys; print(sys.base_prefix) if '%d.%d' % sys.version_info[:2] == '{version}' else sys.exit(1)"
    for candidate in named:
        try:
            ran = subprocess.run([candidate, "-c", probe], capture_output=True, text=True, check=False)
        except OSError:
            continue
        if ran.returncode == 0:
            return f"{ran.stdout.strip()}/bin/python{version}"
    return None


def install(name: str, python: str) -> Path:
    """The environment's folder, with everything that the tests need."""
    folder = ROOT / ".venvs" / name
    if name == "lowest":
        subprocess.run([UV, "venv", "--quiet", "--allow-existing", "--python", python, folder], check=True)
        wanted = ("--resolution", "lowest-direct", "--group", "dev", "--editable", ROOT)
        subprocess.run(
            [UV, "pip", "install", "--quiet", "--python", folder / "bin/python", *wanted], check=True, cwd=ROOT
        )
    else:
        environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)}
        subprocess.run(
            [UV, "sync", "--quiet", "--locked", "--group", "dev", "--python", python],
            check=True,
            cwd=ROOT,
            env=environment,
        )
    return folder


def outcome(name: str, options: list[str]) -> tuple[str, bool]:
    """What to say of one environment, and whether it is well."""
    version = OLDEST if name == "lowest" else name
    python = interpreter(version)
    if python is None:
        return f"skipped: no Python {version} here", True
    started = time.monotonic()
    try:
        folder = install(name, python)
    except subprocess.CalledProcessError as error:
        return f"FAILED to install ({error.returncode})", False
    ran = subprocess.run([folder / "bin/python", "-m", "pytest", "-q", *options], cwd=ROOT, check=False)
    verdict = "passed" if ran.returncode == 0 else f"FAILED ({ran.returncode})"
    return f"{verdict} in {time.monotonic() - started:.0f} s on {python}", ran.returncode == 0


def main() -> int:
    arguments = sys.argv[1:]
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    names, options = arguments[:cut] or ["3.11", "3.12", "3.13", "lowest"], arguments[cut + 1 :]
    found = {name: outcome(name, options) for name in names}
    for name, (said, _) in found.items():
        print(f"{name:8} {said}")
    return 0 if all(well for _, well in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
