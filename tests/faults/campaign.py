"""``python -m tests.faults.campaign FOLDER KIND``: runs of ``fairshare synth --ledger`` that are hurt on purpose.

Every run is a forked process. Prints one JSON document: for each run its exit code, what it left, and where it stands
in the ledger. A process of its own, so that the test process never forks.
"""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import numpy as np

from fairshare.cli import main
from fairshare.io import write_table
from fairshare.privacy import Budget, DurableLedger, PrivacyUnit
from fairshare.release import Release

SCHEMA = """\
format = 1

[[columns]]
name = "sex"
kind = "categorical"
categories = ["Female", "Male"]

[[columns]]
name = "city"
kind = "categorical"
categories = ["Ulm", "Bonn", "Kiel"]
"""
EPSILON = 0.2
#: The whole campaign, or a few of its rounds.
FULL = os.environ.get("FAIRSHARE_AUDIT") == "full"


def prepare(folder, epsilon=8.0):
    rng = np.random.default_rng(1)
    rows = zip(rng.choice(["Female", "Male"], 200), rng.choice(["Ulm", "Bonn", "Kiel"], 200), strict=True)
    (folder / "data.csv").write_text("sex,city\n" + "".join(f"{s},{c}\n" for s, c in rows))
    (folder / "schema.toml").write_text(SCHEMA)
    DurableLedger.create(folder / "a.ledger", Budget(epsilon=epsilon, delta=1e-9), PrivacyUnit())


def start(folder, name, hurt=lambda: None):
    """Fork a run that hurts itself first; its process id."""
    child = os.fork()
    if child:
        return child
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    arguments = ["synth", folder / "data.csv", "--schema", folder / "schema.toml", "--epsilon", EPSILON]
    arguments += ["--ledger", folder / "a.ledger", "--run-id", name, "-o", folder / f"{name}.csv", "-q"]
    hurt()
    os._exit(main([str(a) for a in arguments]))


def ended(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def left(folder, name, code):
    """What one run left behind; every reader here raises if a file is not whole."""
    run = DurableLedger(folder / "a.ledger").verify().runs.get(name)
    release, table = folder / f"{name}.release", folder / f"{name}.csv"
    head = Release.load(release).certificate["privacy"]["ledger_head"] if release.exists() else None
    whole = None
    if table.exists():
        loaded = Release.load(release)
        write_table(loaded.table, folder / "again.csv", missing=loaded.schema.missing_spellings)
        whole = (folder / "again.csv").read_bytes() == table.read_bytes()
    revealed = run.revealed["ledger_head"] if run is not None and run.revealed else None
    state = run.state if run is not None else None
    return {"code": code, "state": state, "release": head, "revealed": revealed, "table": whole}


def killed_between_steps(folder):
    """SIGKILL at the n-th file or lock step that a run takes in its folder, for every n (or some, spread evenly)."""
    counted = folder / "steps"
    ended(start(folder, "count", lambda: at_each_step(folder, lambda n: n < 10_000 and count(counted, n))))
    steps = int(counted.read_text())
    counted.unlink()
    chosen = range(1, steps + 1) if FULL else sorted({round(n) for n in np.linspace(1, steps, 10)})
    found = [
        left(
            folder,
            f"step-{n}",
            ended(start(folder, f"step-{n}", lambda n=n: at_each_step(folder, lambda at: at == n and die()))),
        )
        for n in chosen
    ]
    return [*found, left(folder, "last", ended(start(folder, "last")))]


def at_each_step(folder, act):
    """Call ``act`` with the number of each file or lock operation, before it happens."""
    steps, busy = 0, False

    def hook(event, arguments):
        nonlocal steps, busy
        if busy or not event.startswith(("open", "os.", "sqlite3.connect", "fcntl.", "shutil.")):
            return
        if event.startswith("fcntl") or any(str(folder) in str(a) for a in arguments):
            steps, busy = steps + 1, True
            act(steps)
            busy = False

    sys.addaudithook(hook)


def count(path, n):
    path.write_text(str(n))


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def full_disk(folder):
    """No file may grow beyond a limit, from nothing to enough."""
    found = []
    sizes = (0, 1, 100, 2000, 4096, 5000, 9000, 13000, 18000, 26000, 40000, 80000, 10**7)
    for size in sizes if FULL else (0, 2000, 9000, 26000, 10**7):
        for kind in ("fresh", "grown") if FULL else ("fresh",):  # the ledger's own files need more room from run to run
            name = f"{kind}-{size}"

            def hurt(size=size):
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

            found.append(left(folder, name, ended(start(folder, name, hurt))))
    return found


def terminated(folder):
    """SIGTERM and SIGINT at moments of a run."""
    ended(start(folder, "warm"))
    begun = time.monotonic()
    ended(start(folder, "timed"))
    whole = time.monotonic() - begun
    found = []
    rounds = 40 if FULL else 5
    for number in range(rounds):
        child = start(folder, f"term-{number}")
        time.sleep(whole * (number + 0.5) / rounds)
        os.kill(child, signal.SIGTERM if number % 2 else signal.SIGINT)
        found.append(left(folder, f"term-{number}", ended(child)))
    return found


def racing(folder):
    """Eight at once for a budget that holds five."""
    children = {f"race-{n}": start(folder, f"race-{n}") for n in range(8)}
    codes = {name: ended(child) for name, child in children.items()}
    return [left(folder, name, code) for name, code in codes.items()]


if __name__ == "__main__":
    kind = {"kill": killed_between_steps, "disk": full_disk, "term": terminated, "race": racing}[sys.argv[2]]
    place = Path(sys.argv[1]).resolve()
    if kind is racing:
        total = 5 * Budget(epsilon=EPSILON, delta=1e-9).nano_rho
        low, high = EPSILON, 8.0  # the smallest epsilon whose total holds five
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if Budget(epsilon=middle, delta=1e-9).nano_rho >= total else (middle, high)
        prepare(place, epsilon=high)
    else:
        prepare(place)
    runs = kind(place)
    account = DurableLedger(place / "a.ledger").verify().to_dict()
    json.dump({"runs": runs, "account": account, "files": sorted(p.name for p in place.iterdir())}, sys.stdout)
