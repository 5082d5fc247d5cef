"""``python -m tests.fuzz.campaign --seconds 3600 --folder fuzzing``: fuzz every reader in turn, and keep count.

Each reader gets slices of the time, one after the other on one core, and goes on from the corpus that it had. A line
of FOLDER/log.jsonl says how a slice ended; a finding leaves its input in FOLDER/findings and the others go on. With
``--keep`` some small inputs are then copied to tests/fuzz/corpus, which the suite replays. A campaign that was stopped
goes on where it was.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.readers import CORPUS, GOOD

ROOT = Path(__file__).resolve().parents[2]
#: Inputs of this size and fewer are kept in the repository, so many a reader.
KEPT_BYTES, KEPT_INPUTS = 2048, 40
_SLICE = 90.0


def seed(folder: Path, reader: str) -> Path:
    """The reader's corpus: good inputs and those of the repository to begin with."""
    corpus = folder / "corpus" / reader
    corpus.mkdir(parents=True, exist_ok=True)
    for good in GOOD[reader]():
        (corpus / hashlib.sha1(good).hexdigest()).write_bytes(good)  # noqa: S324  (libFuzzer's own naming)
    for kept in sorted((CORPUS / reader).glob("*")):
        shutil.copy(kept, corpus)
    return corpus


def harness(reader: str, *options: str, patience: float) -> subprocess.CompletedProcess[str]:
    """Run the fuzzer; one that does not end by itself is ended, and counts as a finding."""
    command = [sys.executable, "-m", "tests.fuzz.harness", reader, *options]
    try:
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False, timeout=patience
        )
    except subprocess.TimeoutExpired as late:
        told = (late.stderr or b"").decode(errors="replace")
        return subprocess.CompletedProcess(command, -1, "", f"{told}\nstood still for {patience:g} s\n")


def fuzz(folder: Path, reader: str, seconds: float) -> dict[str, object]:
    """One slice."""
    findings = folder / "findings"
    findings.mkdir(exist_ok=True)
    started = time.monotonic()
    ran = harness(
        reader,
        f"-max_total_time={max(1, round(seconds))}",
        "-timeout=30",
        "-rss_limit_mb=3000",
        "-max_len=32768",
        "-print_final_stats=1",
        f"-artifact_prefix={findings}/{reader}-",
        str(seed(folder, reader)),
        patience=seconds + 300,
    )
    executed = re.search(r"stat::number_of_executed_units:\s+(\d+)", ran.stderr)
    coverage = re.findall(r"cov: (\d+) ft: (\d+)", ran.stderr)
    if ran.returncode != 0:
        (findings / f"{reader}-{int(time.time())}.txt").write_text(ran.stdout[-4000:] + ran.stderr[-8000:])
    return {
        "reader": reader,
        "seconds": round(time.monotonic() - started, 1),
        "executions": int(executed[1]) if executed else int((re.findall(r"#(\d+)", ran.stderr) or [0])[-1]),
        "edges": int(coverage[-1][0]) if coverage else 0,
        "features": int(coverage[-1][1]) if coverage else 0,
        "found": ran.returncode != 0,
    }


def keep(folder: Path, reader: str) -> int:
    """Copy some small inputs, spread over the sizes, into the repository; how many there are."""
    found = [p for p in (folder / "corpus" / reader).iterdir() if p.stat().st_size <= KEPT_BYTES]
    small = sorted(found, key=lambda path: (path.stat().st_size, path.name))
    target = CORPUS / reader
    target.mkdir(parents=True, exist_ok=True)
    step = max(1, -(-len(small) // KEPT_INPUTS))
    for path in small[::step]:
        shutil.copy(path, target)
    return len(list(target.iterdir()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--folder", type=Path, default=Path("fuzzing"))
    parser.add_argument("--keep", action="store_true", help="copy small inputs into tests/fuzz/corpus")
    parser.add_argument("readers", nargs="*", help=f"of {', '.join(GOOD)}; all when not given")
    options = parser.parse_args()
    folder, readers = options.folder.resolve(), options.readers or list(GOOD)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.jsonl"
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    while (used := sum(s["seconds"] for s in done)) < options.seconds:
        reader = min(readers, key=lambda r: sum(s["seconds"] for s in done if s["reader"] == r))
        done.append(fuzz(folder, reader, min(_SLICE, options.seconds / len(readers), options.seconds - used)))
        with log.open("a") as file:
            file.write(json.dumps(done[-1]) + "\n")
    if options.keep:
        sys.stdout.write(f"kept: { {reader: keep(folder, reader) for reader in readers} }\n")
    return summary(done)


def summary(slices: list[dict[str, object]]) -> int:
    executions, seconds = Counter(), Counter()
    for part in slices:
        executions[part["reader"]] += part["executions"]
        seconds[part["reader"]] += part["seconds"]
    for reader, count in executions.items():
        features = [s["features"] for s in slices if s["reader"] == reader][-1]
        sys.stdout.write(f"{reader:10} {count:>12,} executions in {seconds[reader]:6.0f} s, {features} features\n")
    found, total = sum(bool(s["found"]) for s in slices), sum(executions.values())
    sys.stdout.write(f"{total:,} executions in {sum(seconds.values()):,.0f} s; {found} findings\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
