"""The papers that fairshare builds on, run again: PreFair (VLDB 2023) and CaPS (ICML 2024).

    python benchmarks/reproduce.py                  # all; half an hour on two cores
    python benchmarks/reproduce.py --quick          # a few minutes: epsilon 1, few samples; pages go to --cache
    python benchmarks/reproduce.py prefair          # one of them

Tables, pictures and sentences go to docs/results: prefair.md, fair_quality.md (the validated targets) and caps.md. A
run that is stopped goes on where it was: each finished cell is a line in CACHE, known by its settings and the version.
The tables are downloaded into CACHE/data, or taken from there if they are there; each is checked by its SHA-256.

Needs fairshare[eval]. The exit code is 1 if a validated target is missed, a tree that was to be fair is not, or a cell
is left to do.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two processes share the cores; threads would only wait
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import caps.page
import caps.plan
import caps.work
import prefair.page
import prefair.plan
import prefair.verdict
import prefair.work
from cells import Store, fill

from fairshare import __version__

_ROOT = Path(__file__).parent.parent
_PAPERS = ("prefair", "caps")


def reproduce_prefair(cache: Path, pages: Path, *, quick: bool, judged: int | None, deadline: float) -> bool:
    plan = prefair.plan.QUICK if quick else prefair.plan.FULL
    plan = plan if judged is None else replace(plan, judged=judged)
    store, data = Store(cache / "prefair.jsonl"), cache / "data"
    done = fill("PreFair", store, plan.cells(), partial(prefair.work.work, data), deadline)
    results = prefair.plan.Results(plan, store)
    verdict = prefair.verdict.write(results, data, pages, __version__)
    print(f"PreFair: {verdict}; samples: {results.counts()}")
    print(f"Beside the authors' files: {prefair.page.write(results, pages, __version__)}")
    return done and verdict.ok


def reproduce_caps(cache: Path, pages: Path, *, quick: bool, deadline: float, **_: object) -> bool:
    plan = caps.plan.QUICK if quick else caps.plan.FULL
    store, data = Store(cache / "caps.jsonl"), cache / "data"
    done = fill("CaPS", store, plan.cells(), partial(caps.work.work, data), deadline)
    print(f"CaPS: {caps.page.write(plan, store, pages, __version__)}")
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("papers", nargs="*", help=f"which of {', '.join(_PAPERS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="few samples, epsilon 1; leaves docs/results as it is")
    parser.add_argument("--cache", type=Path, default=_ROOT / "benchmarks/results", help="tables and finished cells")
    parser.add_argument("--output", type=Path, help="folder for the pages")
    parser.add_argument("--judged", type=int, metavar="N", help="train PreFair's classifiers on N samples, not on all")
    parser.add_argument("--minutes", type=float, default=170.0, help="begin no cell later than this")
    options = parser.parse_args()
    if strange := set(options.papers) - set(_PAPERS):
        parser.error(f"papers ({', '.join(sorted(strange))}) must be among {', '.join(_PAPERS)}")
    pages = options.output or (options.cache / "quick" if options.quick else _ROOT / "docs/results")
    pages.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 60 * options.minutes
    run = {"prefair": reproduce_prefair, "caps": reproduce_caps}
    ask = {"quick": options.quick, "judged": options.judged, "deadline": deadline}
    good = [run[paper](options.cache, pages, **ask) for paper in options.papers or _PAPERS]
    print(f"pages are in {pages}; cells are in {options.cache}")
    raise SystemExit(not all(good))


if __name__ == "__main__":
    main()
