"""MST on Adult at epsilon 1, delta 1e-9: cost and quality, beside the peer's in the same run.

    python benchmarks/mst.py                 # the built-in Adult
    python benchmarks/mst.py --data DIR      # DIR/adult.csv and DIR/adult-domain.json, the coded table (README.md)
    python benchmarks/mst.py --quick         # without the peer

Prints a Markdown table. The exit code is 1 if a target is missed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from usage import Usage, measure

HERE = Path(__file__).parent
FAIRSHARE = Path(sys.executable).with_name("fairshare")
EPSILON, DELTA = "1", "1e-9"
# Mean and standard deviation over the ten synthetic files that PreFair's authors (Pujol, Gilad, Machanavajjhala 2023)
# published for MST on the coded table at this epsilon, recomputed with the definitions in fairshare.evaluation.
PUBLISHED = {"tvd_1": (0.008716, 0.000289), "tvd_2": (0.053312, 0.001337), "acd": (0.058767, 0.001496)}
WITH_TARGET = ("tvd_1", "tvd_2")
CODED_ADULT = (85, 9, 100, 16, 7, 15, 6, 5, 2, 100, 100, 99, 42, 2)


@dataclass(frozen=True, kw_only=True)
class Input:
    """A table on disk for both sides: ours as the user has it, the peer's in codes."""

    data: Path
    schema: Path
    coded: Path
    domain: Path
    name: str
    published: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the result. ``met`` is None where there is no target."""

    figure: str
    ours: str
    peer: str = ""
    target: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        return f"| {self.figure} | {self.ours} | {self.peer} | {self.target} | {verdict} |"


def prepare(directory: Path | None, scratch: Path) -> Input:
    import fairshare

    schema_path = scratch / "schema.toml"
    if directory is not None:
        data, domain = directory / "adult.csv", directory / "adult-domain.json"
        sizes = json.loads(domain.read_text())
        fairshare.Schema.from_domain(sizes).save(schema_path)
        published = tuple(sizes.values()) == CODED_ADULT
        return Input(data=data, schema=schema_path, coded=data, domain=domain, name=str(data), published=published)
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    adult = fairshare.datasets.load_adult()
    data, coded, domain = (scratch / name for name in ("adult.parquet", "coded.csv", "domain.json"))
    pa.parquet.write_table(adult.table, data)
    pa.csv.write_csv(pa.table(adult.schema.encode(adult.table)), coded)
    domain.write_text(json.dumps(adult.schema.sizes))
    adult.schema.save(schema_path)
    return Input(data=data, schema=schema_path, coded=coded, domain=domain, name="the built-in Adult", published=False)


def synthesise(given: Input, out: Path) -> Usage:
    command = [str(FAIRSHARE), "synth", str(given.data), "--schema", str(given.schema), "--mechanism", "mst"]
    return measure([*command, "--epsilon", EPSILON, "--delta", DELTA, "-o", str(out)])


def peer(given: Input, out: Path) -> Usage:
    command = [sys.executable, str(HERE / "mbi_mst.py"), str(given.coded), str(given.domain), str(out)]
    return measure([*command, "--epsilon", EPSILON, "--delta", DELTA])


class Judge:
    """Compares synthetic files with the real table."""

    def __init__(self, given: Input) -> None:
        from pyarrow import csv

        from fairshare import Schema
        from fairshare.marginals import Domain

        self.schema = Schema.load(given.schema)
        self.domain = Domain.from_sizes(self.schema.sizes)
        self.real = self._columns(csv.read_csv(given.coded))

    def ours(self, out: Path) -> dict[str, float]:
        import pyarrow.parquet as pq

        return self._figures(self.schema.encode(pq.read_table(out)))

    def coded(self, out: Path) -> dict[str, float]:
        from pyarrow import csv

        return self._figures(self._columns(csv.read_csv(out)))

    def _columns(self, table) -> dict:
        return {name: table[name].to_numpy() for name in self.domain}

    def _figures(self, codes: dict) -> dict[str, float]:
        from fairshare.evaluation import quality

        found = quality(self.real, codes, self.domain)
        return {"tvd_1": found.tvd_1, "tvd_2": found.tvd_2, "acd": found.acd}


def job_rows(given: Input, scratch: Path, runs: int, *, with_peer: bool) -> Iterator[Row]:
    """The whole ``synth`` against the peer's MST. Quality is computed last, when the clock has stopped."""
    outs = [scratch / f"out{i}.parquet" for i in range(runs)]
    used = [synthesise(given, out) for out in outs]
    theirs_used = peer(given, scratch / "peer.csv") if with_peer else None
    cpu, peak = mean(u.cpu_s for u in used), max(u.peak_mb for u in used)
    yield Row(
        figure="CPU, whole `synth` (s)",
        ours=spread([u.cpu_s for u in used], 2),
        peer=f"{theirs_used.cpu_s:.1f}" if theirs_used else "",
        target="below 10",
        met=cpu < 10,
    )
    if theirs_used:
        ratio = theirs_used.cpu_s / cpu
        yield Row(figure="CPU, peer / ours", ours=f"{ratio:.0f}x", target="at least 20x", met=ratio >= 20)
    yield Row(
        figure="peak memory (MB)",
        ours=f"{peak:.0f}",
        peer=f"{theirs_used.peak_mb:.0f}" if theirs_used else "",
        target="below 500",
        met=peak < 500,
    )
    judge = Judge(given)
    figures = [judge.ours(out) for out in outs]
    theirs = judge.coded(scratch / "peer.csv") if with_peer else {}
    for key, name in (("tvd_1", "TVD 1-way"), ("tvd_2", "TVD 2-way"), ("acd", "ACD")):
        yield quality_row(key, name, [f[key] for f in figures], theirs.get(key), published=given.published)


def quality_row(key: str, name: str, ours: list[float], theirs: float | None, *, published: bool) -> Row:
    target, met = "", None
    if published and key in PUBLISHED:
        centre, deviation = PUBLISHED[key]
        target = f"published {centre:.4f} (sd {deviation:.4f})"
        if key in WITH_TARGET:
            # One-sided; README.md says why a smaller distance needs an explanation all the same.
            limit = centre + 2 * deviation
            target, met = f"at most {limit:.4f}; {target}", mean(ours) <= limit
    shown = "" if theirs is None else f"{theirs:.4f}"
    return Row(figure=name, ours=spread(ours, 4), peer=shown, target=target, met=met)


def start_up_rows() -> Iterator[Row]:
    """Best of five: what the code costs, not what else the machine does."""
    done = [run([sys.executable, "-X", "importtime", "-c", "import fairshare"])[0] for _ in range(5)]
    imported = min(int(stderr.splitlines()[-1].split("|")[1]) for stderr in done) / 1e6
    yield Row(figure="`import fairshare` (s)", ours=f"{imported:.3f}", target="below 0.3", met=imported < 0.3)
    helped = min(run([str(FAIRSHARE), "--help"])[1] for _ in range(5))
    yield Row(figure="`fairshare --help` (s)", ours=f"{helped:.3f}", target="below 0.5", met=helped < 0.5)


def run(command: list[str]) -> tuple[str, float]:
    """Standard error and wall seconds."""
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stderr, time.perf_counter() - start


def noise_row() -> Row:
    from fairshare.privacy import TableNoise

    start = time.process_time()
    TableNoise().gaussian(50.0, 1_000_000)
    took = time.process_time() - start
    return Row(figure="1 M discrete Gaussians, sigma 50 (CPU s)", ours=f"{took:.2f}", target="below 2", met=took < 2)


def spread(values: list[float], digits: int) -> str:
    """Mean and standard deviation."""
    sd = f" (sd {stdev(values):.{digits}f})" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{sd}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with adult.csv and adult-domain.json")
    parser.add_argument("--runs", type=int, default=10, help="runs of ours (default 10)")
    parser.add_argument("--quick", action="store_true", help="leave out the peer, which takes minutes")
    args = parser.parse_args()
    if args.runs < 1:
        parser.error(f"--runs ({args.runs}) must be at least 1")
    with tempfile.TemporaryDirectory() as folder:
        given = prepare(args.data, Path(folder))
        rows = [
            *job_rows(given, Path(folder), args.runs, with_peer=not args.quick),
            *start_up_rows(),
            noise_row(),
        ]
    print(f"MST on {given.name}, epsilon {EPSILON}, delta {DELTA}; mean of {args.runs} runs\n")
    print("| figure | fairshare | mbi 2.0.0 | target | |")
    print("|---|---|---|---|---|")
    for row in rows:
        print(row)
    raise SystemExit(any(row.met is False for row in rows))


if __name__ == "__main__":
    main()
