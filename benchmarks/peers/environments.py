"""An environment for each library, made by uv at the first use."""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.field import OURS, Library

__all__ = ["NotInstalledError", "interpreter", "versions"]


class NotInstalledError(Exception):
    """A library could not be installed here; the message says why."""


def interpreter(library: Library, folder: Path) -> Path:
    """The Python that has the library; installs it into ``folder`` when it is not there yet.

    Raises:
        NotInstalledError: uv is missing or failed.
    """
    if library.name == OURS:
        return Path(sys.executable)
    home = folder / library.name
    python, ready = home / "bin" / "python", home / "ready"
    wanted = "\n".join(library.requires)
    if ready.exists() and ready.read_text() == wanted:
        return python
    uv = shutil.which("uv")
    if uv is None:
        raise NotInstalledError("uv is not on the PATH: pip install uv")
    home.parent.mkdir(parents=True, exist_ok=True)
    _run([uv, "venv", "--quiet", "--clear", "--python", library.python, str(home)])
    arguments = [part for requirement in library.requires for part in requirement.split(" ", 1)]
    _run([uv, "pip", "install", "--quiet", "--python", str(python), *arguments])
    ready.write_text(wanted)
    return python


def versions(library: Library, python: Path) -> str:
    """The versions that the environment holds, such as "mbi 2.0.0, jax 0.10.2"."""
    code = f"import importlib.metadata as m; print(', '.join(f'{{n}} {{m.version(n)}}' for n in {library.versions!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NotInstalledError(f"{' '.join(command[:3])} failed: {last.strip()}")
