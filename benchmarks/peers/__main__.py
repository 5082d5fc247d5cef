"""fairshare against the field: the same table, budget, measures and run, each library in an environment of its own.

    python -m benchmarks.peers                        # hours of processor time; goes on where it stopped
    python -m benchmarks.peers --only fairshare mbi   # parts of the rows' names
    python -m benchmarks.peers --limit 2400           # CPU seconds a run; what ran out of fewer is tried again
    python -m benchmarks.peers --quick                # ours, and the peers that take a minute, once each
    python -m benchmarks.peers --dpsynth PATH         # a checkout of github.com/google/dpsynth
    python -m benchmarks.peers --report --write docs/results/peers.md --plot docs/results/img/peers.svg

Environments are made by uv at the first use. Finished runs are kept as JSON lines; --report runs nothing.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.pages import put
from benchmarks.peers.chart import chart
from benchmarks.peers.driving import DELTA, EPSILON, MAX_CELLS, asked, drive
from benchmarks.peers.field import ENTRIES, LIBRARIES, OURS, Entry
from benchmarks.peers.report import BASELINES, page
from benchmarks.peers.store import Store, settled
from benchmarks.peers.table import Real

HERE = Path(__file__).resolve().parent
# A peer that takes longer than this is run once.
SLOW_S = 60
QUICK = (OURS, "sdv", "opendp", "dpmm: PrivBayes")


def main() -> None:
    options = arguments()
    real = Real.adult() if options.data is None else Real.coded(options.data)
    store = Store.open(options.results / f"{real.name}.jsonl")
    if not options.report:
        baselines(real, store)
        with tempfile.TemporaryDirectory() as scratch:
            data = Path(scratch, "seen.csv")
            real.write(data)
            for entry in ENTRIES:
                if wanted(entry, options):
                    repeat(entry, real, data, store, options)
    text = page(real, store, epsilon=EPSILON, delta=DELTA, max_cells=MAX_CELLS)
    print(text)
    put(options.write, text)
    if options.plot:
        put(options.plot, chart(store))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of the rows to run")
    parser.add_argument("--limit", type=int, default=900, help="CPU seconds a run (default %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="at most so many runs of each (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="ours and the quickest peers, once each")
    parser.add_argument("--retry", action="store_true", help="run again what failed")
    parser.add_argument("--data", type=Path, help="folder of the coded Adult instead (benchmarks/README.md)")
    parser.add_argument("--dpsynth", type=Path, help="a checkout of github.com/google/dpsynth")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "fairshare-peers")
    parser.add_argument("--results", type=Path, default=HERE.parent / "results" / "peers")
    parser.add_argument("--report", action="store_true", help="run nothing")
    parser.add_argument("--write", type=Path, help="write the Markdown here too")
    parser.add_argument("--plot", type=Path, help="draw error against processor time as SVG")
    options = parser.parse_args()
    if options.limit < 1 or options.runs < 1:
        parser.error("--limit and --runs must be at least 1")
    if options.quick:
        options.runs, options.only = 1, options.only or list(QUICK)
    return options


def wanted(entry: Entry, options: argparse.Namespace) -> bool:
    return not options.only or any(part in entry.key for part in options.only)


def baselines(real: Real, store: Store) -> None:
    """What the figures stand beside: the real rows themselves, and their columns shuffled apart."""
    for name, made in zip(BASELINES, (real.seen, real.apart()), strict=True):
        if not store.of(name):
            store.add({"entry": name, "run": 0, "status": "ok", "scores": real.score(made)})


def repeat(entry: Entry, real: Real, data: Path, store: Store, options: argparse.Namespace) -> None:
    """Run an entry as often as is due; a slow one, or one that does not end well, once."""
    for number in range(min(entry.runs, options.runs)):
        record = store.records.get((entry.key, number))
        if not settled(record, options.limit, retry=options.retry):
            print(f"{entry.key}, run {number} ...", file=sys.stderr, flush=True)
            record = once(entry, number, real, data, options)
            store.add(record)
            print(f"  {record['status']}, {record['cpu_s']:.1f} s {record['error']}", file=sys.stderr, flush=True)
        if record is None or record["status"] != "ok" or (entry.library != OURS and record["cpu_s"] > SLOW_S):
            return


def once(entry: Entry, number: int, real: Real, data: Path, options: argparse.Namespace) -> dict:
    """One record: what the run cost, and the scores of its rows if there are any."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "out.csv")
        record = {"entry": entry.key, "run": number} | drive(
            LIBRARIES[entry.library],
            asked(entry, number, real, data),
            out,
            environments=options.environments,
            limit=options.limit,
            source=options.dpsynth,
        )
        if record["status"] == "ok":
            try:
                record["scores"] = real.score(real.read(out))
            except (OSError, ValueError) as error:
                record |= {"status": "failed", "error": f"unusable rows: {error}"}
    return record


if __name__ == "__main__":
    main()
