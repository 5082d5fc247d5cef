"""Planted faults: each is one edit of one file, and a named test that must turn red.

``python -m tests.audit.mutants`` runs them all, two at a time; the suite runs those marked ``fast``. Four lists:
``planted`` (one holder), ``planted_consortium`` (many), ``planted_guards`` (what is refused), and ``charges``, made
from the source: every line that charges a ledger, deleted. First all named tests run on the sound tree, for a test
that is red anyway kills nothing. Outcomes are kept in build/mutants.jsonl under a hash of the tree, so a run that was
stopped goes on where it was.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "mutants.jsonl"


@dataclass(frozen=True)
class Mutant:
    """One edit.

    Attributes:
        about: noise, sensitivity, budget, filter, separation, shares, openings or order.
        name: what is wrong.
        file: below src/fairshare.
        old: what is there, once or more.
        new: what stands there instead.
        tests: the tests of which one notices, in pytest's words, blanks between.
        fast: run in the suite, too.
    """

    about: str
    name: str
    file: str
    old: str
    new: str
    tests: str
    fast: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: the tests that turned red, in how many seconds; none if it survived."""

    name: str
    killers: tuple[str, ...]
    seconds: float


def all_mutants() -> list[Mutant]:
    from tests.audit.charges import CHARGES
    from tests.audit.planted import PLANTED
    from tests.audit.planted_consortium import PLANTED_CONSORTIUM
    from tests.audit.planted_guards import PLANTED_GUARDS

    return [*PLANTED, *PLANTED_CONSORTIUM, *PLANTED_GUARDS, *CHARGES]


@contextmanager
def copied() -> Iterator[Path]:
    """The tree in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="fairshare-mutant-") as scratch:
        tree = Path(scratch)
        for part in ("src", "tests"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        for part in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / part, tree)
        yield tree


def red(tree: Path, *tests: str) -> list[str]:
    """Tests that fail in a tree, up to the first.

    Raises:
        RuntimeError: pytest could not run them.
    """
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n0", *tests],
        cwd=tree,
        env={
            **os.environ,
            "PYTHONPATH": f"{tree / 'src'}{os.pathsep}{tree}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "FAIRSHARE_MUTANT": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode not in (0, 1):
        raise RuntimeError(f"pytest {' '.join(tests)} ended with {run.returncode}\n{run.stdout[-3000:]}")
    found = re.findall(r"^(?:FAILED|ERROR) (\S+)", run.stdout, re.MULTILINE)
    return found or ["?"] * run.returncode


def killers(mutant: Mutant) -> list[str]:
    """Tests that turn red with the fault planted."""
    with copied() as tree:
        target = tree / "src/fairshare" / mutant.file
        source = target.read_text()
        if mutant.old not in source:
            raise RuntimeError(f"mutant {mutant.name!r} no longer applies to {mutant.file}")
        target.write_text(source.replace(mutant.old, mutant.new))
        return red(tree, *mutant.tests.split())


def survives(mutant: Mutant) -> bool:
    """Whether the suite stays green with the fault planted (it must not)."""
    return not killers(mutant)


def tried(mutant: Mutant) -> Outcome:
    started = time.monotonic()
    return Outcome(mutant.name, tuple(killers(mutant)), round(time.monotonic() - started, 1))


def tree_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(p for part in ("src", "tests") for p in (ROOT / part).rglob("*.py")):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def kept(tree: str) -> dict[str, Outcome]:
    """Outcomes of an earlier run on the same tree."""
    lines = [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []
    return {e["name"]: Outcome(e["name"], tuple(e["killers"]), e["seconds"]) for e in lines if e["tree"] == tree}


def run_all(chosen: list[Mutant], jobs: int) -> dict[str, Outcome]:
    """Every mutant's outcome; each is told, and kept, as it comes."""
    tree = tree_digest()
    done = {name: o for name, o in kept(tree).items() if name in {m.name for m in chosen}}
    missing = [m for m in chosen if m.name not in done]
    say(f"{len(chosen)} mutants; {len(done)} are known from an earlier run on this very tree\n")
    if missing:
        with copied() as sound:
            say("all named tests on the sound tree, first ...\n")
            if failing := red(sound, *sorted({test for m in missing for test in m.tests.split()})):
                raise RuntimeError(f"{', '.join(failing)} fails without any fault: mend it first")
    with ThreadPoolExecutor(jobs) as pool:
        for future in as_completed(pool.submit(tried, mutant) for mutant in missing):
            outcome = future.result()
            done[outcome.name] = outcome
            KEPT.parent.mkdir(exist_ok=True)
            with KEPT.open("a") as file:
                file.write(json.dumps({"tree": tree, **outcome.__dict__}) + "\n")
            verdict = f"killed by {outcome.killers[0]}" if outcome.killers else "SURVIVED"
            say(f"{outcome.seconds:6.1f} s  {outcome.name}: {verdict}\n")
    return done


def summary(chosen: list[Mutant], outcomes: dict[str, Outcome]) -> int:
    """The suite's power: what kinds of faults it was shown, and how many it noticed."""
    planted, noticed = Counter(m.about for m in chosen), Counter(m.about for m in chosen if outcomes[m.name].killers)
    tests = defaultdict(set)
    for mutant in chosen:
        tests[mutant.about] |= {killer.split("[")[0] for killer in outcomes[mutant.name].killers}
    say("\nPower: planted faults that turned a named test red\n")
    for about, count in sorted(planted.items()):
        say(f"  {about:12} {noticed[about]:3} of {count:3}, by {len(tests[about])} tests\n")
    say(f"{sum(noticed.values())} of {len(chosen)} mutants killed\n")
    for mutant in chosen:
        if not outcomes[mutant.name].killers:
            say(f"SURVIVED: {mutant.name} ({mutant.file})\n")
    return 1 if noticed != planted else 0


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("words", nargs="*", help="only mutants whose kind or name holds one of these")
    options = parser.parse_args()
    chosen = [m for m in all_mutants() if not options.words or any(w in f"{m.about}: {m.name}" for w in options.words)]
    return summary(chosen, run_all(chosen, options.jobs))


if __name__ == "__main__":
    raise SystemExit(main())
