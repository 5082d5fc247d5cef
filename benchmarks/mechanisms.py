"""All five mechanisms over epsilon: error, processor time, memory; beside independent columns.

    python benchmarks/mechanisms.py                    # the built-in Adult
    python benchmarks/mechanisms.py --data DIR         # DIR/adult.csv and DIR/adult-domain.json, the coded table
    python benchmarks/mechanisms.py --seeds 2 --epsilons 1   # a quick look

Every run is a process of its own. Finished runs are kept in --results, so the command resumes where it stopped.
Prints Markdown; the same goes to docs/results/mechanisms.md with --write.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from pages import put
from usage import measure

import fairshare
from fairshare import datasets
from fairshare.evaluation.quality import quality
from fairshare.io import read_table, write_table
from fairshare.marginals import Domain
from fairshare.schema import Schema

HERE = Path(__file__).parent
DELTA = 1e-9
# What is run: a name, and the mechanism as Python would write it.
RUNS = {
    "MST": "MST()",
    "MWEM+PGM": "MWEM()",
    "PrivBayes": "PrivBayes()",
    "AIM 2-way, 1 MB": "AIM(workload=2, max_model_mb=1)",
    "AIM 3-way, 80 MB": "AIM()",
    "SWIFT 3-way, one batch": "SWIFT(batches=1)",
    "SWIFT 3-way": "SWIFT()",
    "SWIFT 3-way, 80 MB": "SWIFT(max_model_mb=80)",
}
# At most this error at epsilon 1 on the coded table (mean of five seeds, TVD 1/2/3-way) and CPU seconds.
TARGETS = {
    "AIM 2-way, 1 MB": ((0.011, 0.042, 0.092), 10.0),
    "AIM 3-way, 80 MB": ((0.011, 0.042, 0.092), 20.0),
    "SWIFT 3-way": ((0.0111, 0.0385, 0.0855), 10.0),
}


@dataclass(frozen=True)
class Run:
    """One synthesis: what it cost and how far its table is from the real one."""

    tvd: tuple[float, float, float]
    cpu_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of adult.csv and adult-domain.json (benchmarks/README.md)")
    parser.add_argument("--epsilons", default="0.1,1,10", help="comma-separated (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each (default: %(default)s)")
    parser.add_argument("--only", default="", help="part of the names of the runs to do")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "mechanisms", help="where runs are kept")
    parser.add_argument("--write", type=Path, help="write the Markdown here too")
    parser.add_argument("--one", nargs=3, metavar=("SPEC", "EPSILON", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        if options.one:
            synthesise(options.data, *options.one)
            return
        table, schema, name = load(options.data)
        epsilons = [float(e) for e in options.epsilons.split(",")]
        runs = {k: v for k, v in RUNS.items() if options.only in k}
        results = {
            (label, epsilon): [
                cached(
                    options.results / name / f"{label.replace(' ', '_').replace(',', '')}-{epsilon:g}-{seed}.json",
                    spec,
                    epsilon,
                    data=options.data,
                    scratch=Path(scratch),
                    table=table,
                    schema=schema,
                )
                for seed in range(options.seeds)
            ]
            for epsilon in epsilons
            for label, spec in runs.items()
        }
        text = "\n".join(report(name, shuffled(table, schema), runs, epsilons, results))
    print(text)
    put(options.write, text)


def load(directory: Path | None) -> tuple[object, Schema, str]:
    if directory is None:
        adult = datasets.load_adult()
        return adult.table, adult.schema, "adult-built-in"
    schema = Schema.from_domain(json.loads((directory / "adult-domain.json").read_text()))
    return read_table(directory / "adult.csv", schema=schema), schema, "adult-coded"


def synthesise(data: Path | None, spec: str, epsilon: str, out: str) -> None:
    """The measured process: read, synthesise, write."""
    table, schema, _ = load(data)
    mechanism = eval(spec, {name: getattr(fairshare, name) for name in ("AIM", "MST", "MWEM", "PrivBayes", "SWIFT")})
    made = fairshare.synthesize(table, schema, epsilon=float(epsilon), delta=DELTA, mechanism=mechanism)
    write_table(made.table, out)


def cached(file: Path, spec: str, epsilon: float, *, data: Path | None, scratch: Path, table, schema) -> Run:
    if file.exists():
        stored = json.loads(file.read_text())
        return Run(tuple(stored["tvd"]), stored["cpu_s"], stored["peak_mb"])
    print(f"{file.stem} ...", file=sys.stderr)
    out = scratch / "synthetic.parquet"
    where = ["--data", str(data)] if data else []
    used = measure([sys.executable, __file__, *where, "--one", spec, str(epsilon), str(out)])
    run = Run(distance(table, read_table(out), schema), used.cpu_s, used.peak_mb)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"tvd": run.tvd, "cpu_s": run.cpu_s, "peak_mb": run.peak_mb}))
    return run


def distance(real, synthetic, schema: Schema) -> tuple[float, float, float]:
    domain = Domain.from_sizes(schema.sizes)
    found = quality(schema.encode(real), schema.encode(synthetic), domain, three_way=True)
    return found.tvd_1, found.tvd_2, float(found.tvd_3)


def shuffled(table, schema: Schema) -> tuple[float, float, float]:
    """Independent columns, without privacy: each column permuted by itself."""
    codes, rng = schema.encode(table), np.random.default_rng(0)
    found = quality(
        codes, {a: rng.permutation(c) for a, c in codes.items()}, Domain.from_sizes(schema.sizes), three_way=True
    )
    return found.tvd_1, found.tvd_2, float(found.tvd_3)


def report(name: str, apart: tuple[float, float, float], runs: Mapping[str, str], epsilons, results) -> Iterator[str]:
    yield f"Mean over runs (standard deviation of 2-way), {name}, delta {DELTA:g}; whole processes.\n"
    yield "| epsilon | mechanism | TVD 1-way | 2-way | 3-way | CPU s | peak MB | target |"
    yield "|---|---|---|---|---|---|---|---|"
    yield f"| - | independent columns, no privacy | {apart[0]:.4f} | {apart[1]:.4f} | {apart[2]:.4f} | - | - | |"
    for epsilon in epsilons:
        for label in runs:
            done = results[label, epsilon]
            tvd = [mean(r.tvd[k] for r in done) for k in range(3)]
            spread = stdev(r.tvd[1] for r in done) if len(done) > 1 else 0.0
            cpu, peak = mean(r.cpu_s for r in done), max(r.peak_mb for r in done)
            verdict = judge(label, epsilon, name, done)
            yield (
                f"| {epsilon:g} | {label} | {tvd[0]:.4f} | {tvd[1]:.4f} ({spread:.4f}) | {tvd[2]:.4f} "
                f"| {cpu:.1f} | {peak:.0f} | {verdict} |"
            )


def judge(label: str, epsilon: float, name: str, done: list[Run]) -> str:
    """Means within two standard errors of the target, and the mean CPU time below its own."""
    if epsilon != 1 or name != "adult-coded" or label not in TARGETS:
        return ""
    limits, seconds = TARGETS[label]
    error = [stdev(r.tvd[k] for r in done) / len(done) ** 0.5 if len(done) > 1 else 0.0 for k in range(3)]
    met = all(
        mean(r.tvd[k] for r in done) <= limit + 2 * e for k, (limit, e) in enumerate(zip(limits, error, strict=True))
    )
    met = met and mean(r.cpu_s for r in done) <= seconds
    return f"{'/'.join(f'{x:g}' for x in limits)} in {seconds:g} s: {'met' if met else 'MISSED'}"


if __name__ == "__main__":
    main()
