"""Planted faults: each is one edit of one file, and the tests that must turn red.

``python -m tests.audit.mutants`` runs them all; the suite runs those marked ``fast``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    old: str
    new: str
    tests: str
    fast: bool = False


_REPLAY = "tests/audit/test_record_and_replay.py"
_CURATOR = "tests/unit/curator"
_TRUSTED = "curator/trusted.py"

MUTANTS = [
    Mutant(
        "half the noise",
        _TRUSTED,
        "self._noise.gaussian(s, n)",
        "self._noise.gaussian(s / 2, n)",
        _REPLAY,
        fast=True,
    ),
    Mutant(
        "rho used as sigma",
        "mechanisms/mst.py",
        "curator.measure(ones, sigma)",
        "curator.measure(ones, third / 1e9)",
        _REPLAY,
        fast=True,
    ),
    Mutant(
        "rho used as sigma where noise is drawn",
        _TRUSTED,
        "self._noise.gaussian(s, n)",
        "self._noise.gaussian(1 / (2 * s * s), n)",
        _REPLAY,
    ),
    Mutant(
        "a measurement is not charged",
        _TRUSTED,
        "        self._charge(MeasureEvent(",
        "        str(MeasureEvent(",
        _REPLAY,
        fast=True,
    ),
    Mutant(
        "a selection is not charged",
        _TRUSTED,
        "        self._charge(SelectEvent(",
        "        str(SelectEvent(",
        _CURATOR,
    ),
    Mutant("scores are not charged", _TRUSTED, "        self._charge(ScoreEvent(", "        str(ScoreEvent(", _CURATOR),
    Mutant(
        "noise is skipped",
        _TRUSTED,
        "z.reshape(self._domain.sizes(c))",
        "0 * z.reshape(self._domain.sizes(c))",
        _CURATOR,
    ),
    Mutant("selection is twice as sharp", _TRUSTED, "Fraction(epsilon) / (2 *", "Fraction(epsilon) / (1 *", _REPLAY),
    Mutant("weights do not count as sensitivity", _TRUSTED, "unit.l1 * weight)", "unit.l1)", _CURATOR),
    Mutant(
        "replace-one priced as add-remove",
        "privacy/unit.py",
        '(1 if self.relation == "add-remove" else 2)',
        "1",
        _REPLAY,
    ),
    Mutant(
        "the mechanism peeks at the data",
        "mechanisms/mst.py",
        "refinements = compress(measured,",
        "curator._inner._count(ones[0]).sum() % 2 and measured.reverse(); refinements = compress(measured,",
        _REPLAY,
    ),
    Mutant(
        "a person's limit is forgotten", "privacy/unit.py", "return self.max_rows**2 *", "return", "tests/unit/privacy"
    ),
    Mutant(
        "costs round down",
        "privacy/events.py",
        "return -int(-event.rho * NANO // 1)",
        "return int(event.rho * NANO // 1)",
        "tests/unit/privacy",
    ),
    Mutant(
        "the ledger never refuses",
        "privacy/ledger.py",
        "self._spent + cost > self.budget.nano_rho",
        "False",
        "tests/unit/privacy",
    ),
    Mutant(
        "noise is 10% narrow",
        "privacy/gaussian.py",
        "variance = Fraction(sigma) ** 2",
        "variance = Fraction(sigma * 0.9) ** 2",
        "tests/unit/privacy",
    ),
    Mutant(
        "coins ignore the gap's high bits",
        "privacy/exponential.py",
        "        alive &= gap >> len(coins) == 0\n",
        "",
        "tests/unit/privacy",
    ),
]


def survives(mutant: Mutant) -> bool:
    """Whether the suite stays green with the fault planted (it must not)."""
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch)
        shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        shutil.copytree(ROOT / "tests", tree / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        target = tree / "src/fairshare" / mutant.file
        source = target.read_text()
        assert source.count(mutant.old) >= 1, f"mutant {mutant.name!r} no longer applies to {mutant.file}"
        target.write_text(source.replace(mutant.old, mutant.new))
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n0", mutant.tests],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode not in (0, 1):
            raise RuntimeError(f"mutant {mutant.name!r}: pytest ended with {run.returncode}\n{run.stdout[-2000:]}")
        return run.returncode == 0


def main() -> int:
    alive = []
    for mutant in MUTANTS:
        survived = survives(mutant)
        sys.stdout.write(f"{'SURVIVED' if survived else 'killed  '}  {mutant.name}\n")
        sys.stdout.flush()
        alive += [mutant.name] * survived
    sys.stdout.write(f"{len(MUTANTS) - len(alive)} of {len(MUTANTS)} mutants killed\n")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
