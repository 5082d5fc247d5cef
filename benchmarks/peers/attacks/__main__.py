"""anonymeter's attacks on our tables, on SDV's and on the real rows themselves: a smoke test, no guarantee.

    python -m benchmarks.peers.attacks                      # an hour of processor time; goes on where it stopped
    python -m benchmarks.peers.attacks --only MST           # parts of the tables' names
    python -m benchmarks.peers.attacks --runs 1             # one table of each mechanism
    python -m benchmarks.peers.attacks --report --write docs/results/attacks.md --plot docs/results/img/attacks.svg

Environments of anonymeter and SDV are made by uv at the first use. Finished attacks are kept as JSON lines; --report
runs nothing. The exit code is 1 if an attack does not find the real rows where they are, or finds them where they are
not, since its other figures then mean nothing; or if it finds more than epsilon allows.
"""

import argparse
import sys
from pathlib import Path

from benchmarks.pages import put
from benchmarks.peers.attacks.campaign import Campaign
from benchmarks.peers.attacks.chart import chart
from benchmarks.peers.attacks.page import page
from benchmarks.peers.attacks.power import doubts
from benchmarks.peers.attacks.rows import thirds
from benchmarks.peers.attacks.summary import broken
from benchmarks.peers.store import Store

RESULTS = Path(__file__).resolve().parents[2] / "results" / "attacks"


def main() -> int:
    options = arguments()
    real, others = thirds()
    store = Store.open(options.results / f"{real.name}-{options.attacks}.jsonl")
    if not options.report:
        campaign = Campaign(
            real=real,
            others=others,
            store=store,
            folder=options.results / "tables",
            environments=options.environments,
            attacks=options.attacks,
            limit=options.limit,
            retry=options.retry,
        )
        campaign.run(options.only, options.runs)
    text = page(real, store, attacks=options.attacks)
    print(text)
    put(options.write, text)
    if options.plot:
        put(options.plot, chart(store))
    reasons = doubts(store)
    for attack, reason in reasons.items():
        print(f"{attack}: not to be trusted: {reason}", file=sys.stderr)
    faults = broken(store)
    for fault in faults:
        print(f"more than the promise allows: {fault}", file=sys.stderr)
    return 1 if reasons or faults else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of the tables to attack")
    parser.add_argument("--attacks", type=int, default=1000, help="guesses an attack (default %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="at most so many tables of each (default %(default)s)")
    parser.add_argument("--limit", type=int, default=900, help="CPU seconds a run (default %(default)s)")
    parser.add_argument("--retry", action="store_true", help="run again what failed")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "fairshare-peers")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--report", action="store_true", help="run nothing")
    parser.add_argument("--write", type=Path, help="write the Markdown here too")
    parser.add_argument("--plot", type=Path, help="draw the risks as SVG")
    options = parser.parse_args()
    if options.limit < 1 or options.runs < 1 or options.attacks < 1:
        parser.error("--limit, --runs and --attacks must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
