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
_DURABLE = "privacy/durable.py"
_LEDGER = "tests/unit/privacy/test_durable.py"

MUTANTS = [
    Mutant(
        "a caller's map is not copied",
        _TRUSTED,
        "owned = own_maps(self._domain, maps)",
        "owned = dict(maps)",
        _CURATOR,
    ),
    Mutant(
        "a scale keeps the caller's type",
        "privacy/events.py",
        "    return number\n",
        "    return value\n",
        _CURATOR,
    ),
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
        "        self._charge(event)\n        noise = [",
        "        noise = [",
        _REPLAY,
        fast=True,
    ),
    Mutant(
        "a selection is not charged",
        _TRUSTED,
        "        self._charge(event)\n        scores",
        "        scores",
        _CURATOR,
    ),
    Mutant(
        "scores are not charged",
        _TRUSTED,
        "        self._charge(event)\n        noise = self",
        "        noise = self",
        _CURATOR,
    ),
    Mutant(
        "a selection's rate forgets that scores are in eighths",
        _TRUSTED,
        "(2 * GRAIN * self._ledger.unit.l1 * weight)",
        "(2 * self._ledger.unit.l1 * weight)",
        _REPLAY,
    ),
    Mutant(
        "the noise of scores forgets that they are in eighths",
        _TRUSTED,
        "gaussian(GRAIN * event.sigma",
        "gaussian(event.sigma",
        _REPLAY,
    ),
    Mutant(
        "noise is skipped",
        _TRUSTED,
        "z.reshape(self._domain.sizes(c))",
        "0 * z.reshape(self._domain.sizes(c))",
        _CURATOR,
    ),
    Mutant(
        "selection is twice as sharp",
        _TRUSTED,
        "Fraction(event.epsilon) / (2 *",
        "Fraction(event.epsilon) / (1 *",
        _REPLAY,
    ),
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
        "refinements = compress(mergeable,",
        "curator._inner._counts([ones[0]])[0].sum() % 2 and mergeable.clear(); refinements = compress(mergeable,",
        _REPLAY,
    ),
    Mutant(
        "the fairness filter peeks at the data",
        "mechanisms/mst.py",
        "& gate.allowed(cliques))",
        "& gate.allowed(cliques) & (np.arange(len(cliques)) >= curator._inner._counts([cliques[0]])[0].flat[0] % 2))",
        "tests/audit/test_fair_record_and_replay.py",
    ),
    Mutant(
        "the fairness filter lets everything pass",
        "mechanisms/gate.py",
        "return self._graph.allowed(self._graph.candidates(cliques))",
        "return np.ones(len(cliques), dtype=bool)",
        "tests/audit/test_fair_record_and_replay.py",
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
    Mutant("a spend is not added up", "privacy/ledger.py", "self._spent += cost", "pass", "tests/unit/privacy"),
    Mutant(
        "the samplers' distance is not added up",
        "privacy/ledger.py",
        "self._distance += ",
        "_ = ",
        "tests/unit/privacy",
    ),
    Mutant("a charge is skipped", _TRUSTED, "        self._ledger.charge(event)", "        str(event)", _REPLAY),
    Mutant(
        "data are counted before the charge",
        _TRUSTED,
        "        self._charge(event)\n        noise",
        "        self._counts(wanted); self._charge(event)\n        noise",
        _CURATOR,
    ),
    Mutant(
        "separation looks at admissible paths only",
        "fairness/separation.py",
        "    return Separation(Verdict(not path, because), components, path)",
        "    return Separation(Verdict(True, because), components, path)",
        "tests/unit/fairness",
    ),
    Mutant(
        "the gate lets every clique through",
        "mechanisms/gate.py",
        "    def allowed(self, cliques: Sequence[Clique]) -> NDArray[np.bool_]:\n",
        "    def allowed(self, cliques: Sequence[Clique]) -> NDArray[np.bool_]:\n"
        "        return np.ones(len(cliques), dtype=np.bool_)\n\n"
        "    def unused(self, cliques: Sequence[Clique]) -> NDArray[np.bool_]:\n",
        "tests/unit/release/test_fair_release.py",
    ),
    Mutant(
        "a run is not reserved in the data set's ledger",
        _DURABLE,
        'view.append(name, "reserve", body | {"commitment": self._side.commitment(nonce, content)})',
        "str(body)",
        _LEDGER,
    ),
    Mutant(
        "a release is not revealed first",
        _DURABLE,
        'view.append(self.id, "reveal", body | {"release": hashlib.sha256(release).hexdigest()})',
        "str(body)",
        _LEDGER,
    ),
    Mutant(
        "the release leaves before it is on record",
        "release/spending.py",
        "            run.reveal(account, pack(release))\n",
        "            run.reveal(account, pack(release)) if deliver is None else deliver(release)\n",
        "tests/unit/release/test_ledger_runs.py",
    ),
    Mutant(
        "the data are touched before the run is reserved",
        "release/spending.py",
        "    run = DurableLedger(path)",
        "    compute()\n    run = DurableLedger(path)",
        "tests/unit/release/test_ledger_runs.py",
    ),
    Mutant(
        "a run that failed after its first charge is given back",
        _DURABLE,
        '"burnt" if len(account) else "returned"',
        '"returned"',
        _LEDGER,
    ),
    Mutant(
        "the data set's ledger never refuses",
        _DURABLE,
        "    if budget.nano_rho > history.remaining:",
        "    if False:",
        _LEDGER,
    ),
    Mutant(
        "another delta is taken", _DURABLE, "    if budget.delta != history.budget.delta:", "    if False:", _LEDGER
    ),
    Mutant("another unit is taken", _DURABLE, "    if unit != history.unit:", "    if False:", _LEDGER),
    Mutant(
        "transactions do not exclude each other",
        "privacy/durable_store.py",
        '"BEGIN IMMEDIATE")\n            try',
        '"BEGIN")\n            try',
        "tests/faults/test_faults.py::test_eight_racing_get_exactly_what_the_budget_holds",
    ),
    Mutant(
        "a burnt run's rho comes back",
        "privacy/durable_history.py",
        'if run.state != "returned")',
        'if run.state not in {"returned", "burnt"})',
        _LEDGER,
    ),
    Mutant(
        "the chain is not checked",
        "privacy/durable_history.py",
        "or chained(self.head, line.run, line.state, line.body) != line:",
        "or False:",
        _LEDGER,
    ),
    Mutant(
        "the commitment needs no key",
        "privacy/durable_side.py",
        "hmac.new(self._key(),",
        'hmac.new(b"",',
        _LEDGER,
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
    """All mutants, or those whose names hold the first argument."""
    alive = []
    chosen = [mutant for mutant in MUTANTS if len(sys.argv) < 2 or sys.argv[1] in mutant.name]
    for mutant in chosen:
        survived = survives(mutant)
        sys.stdout.write(f"{'SURVIVED' if survived else 'killed  '}  {mutant.name}\n")
        sys.stdout.flush()
        alive += [mutant.name] * survived
    sys.stdout.write(f"{len(chosen) - len(alive)} of {len(chosen)} mutants killed\n")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
