"""Python run with -O drops assertions: no check of ours is one, and refusals stay refusals."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_check_is_an_assertion():
    """Nor hangs on ``__debug__``."""
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        found += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Assert) or (isinstance(node, ast.Name) and node.id == "__debug__")
        ]
    assert not found, "raise an error of fairshare.errors instead"


def test_refusals_survive_optimised_python():
    command = [sys.executable, "-O", "-m", "tests.audit.refusals"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "16 refused as they must be" in ran.stdout
