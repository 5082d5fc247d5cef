"""From sampling to release at growing sizes. ``python benchmarks/scale.py [ROWS ...]``, 1e6 and 1e7 when not given.

For each size, in processes of their own: rows of a model of Adult are streamed to Parquet, and AIM makes a release of
that file out of core, at epsilon 1. Printed are wall and processor seconds, processor seconds a million rows, and the
peak of the resident set, which holds Arrow's and numpy's memory too. The part of AIM that does not depend on rows
(choosing and fitting) is shown apart from its scans: those must stay flat per row.

--write puts the table into docs/results/scale.md; --folder names a disk with room (about 9 bytes a row).
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from usage import Usage, measure

RESULT = Path(__file__).parent.parent / "docs" / "results" / "scale.md"
HEAD = """# From sampling to release, at growing sizes

`python benchmarks/scale.py {sizes} --write`: rows of a model of Adult (15 columns) sampled to Parquet, then AIM
(all pairs, models of at most 1 MB, 60 rounds planned, epsilon 1) on that file out of core; each step a process of its
own. A peak is of the whole resident set. Choosing and fitting work on noisy tables and never see a row. The error is
the mean total variation distance of all pairs between AIM's model and the rows.

| rows | step | wall s | CPU s | CPU s a million rows | peak MB | TVD 2-way |
|---|---|---|---|---|---|---|
"""


def prepare(folder: Path) -> None:
    from fairshare import MST, synthesize
    from fairshare.datasets import load_adult

    adult = load_adult()
    adult.schema.save(folder / "adult.toml")
    synthesize(adult.table, adult.schema, epsilon=4, delta=1e-9, mechanism=MST(), seed=0).save(folder / "adult.release")


def aim(path: str, schema: str, out: str, seconds: str) -> None:
    """A whole run, saved at ``out``; ``seconds`` tells how much of it were scans of the rows."""
    from fairshare import synthesize
    from fairshare.counting import ScannedTable
    from fairshare.io import FileBatches
    from fairshare.mechanisms import AIM
    from fairshare.schema import Schema

    public = Schema.load(schema)
    engine = ScannedTable(public, FileBatches([Path(path)]))
    spent = {"scans": 0, "wall_s": 0.0, "cpu_s": 0.0}
    scan = engine.counts

    def timed(cliques):
        wall, cpu = time.perf_counter(), time.process_time()
        found = scan(cliques)
        spent["scans"] += 1
        spent["wall_s"] += time.perf_counter() - wall
        spent["cpu_s"] += time.process_time() - cpu
        return found

    engine.counts = timed
    mechanism = AIM(workload=2, max_model_mb=1, rounds=60)
    synthesize(engine, public, epsilon=1, delta=1e-9, mechanism=mechanism, rows=0).save(out)
    Path(seconds).write_text(json.dumps(spent))


def error(path: str, out: str) -> None:
    """How far the release's pairs are from the rows'."""
    from fairshare import Release
    from fairshare.counting import ScannedTable
    from fairshare.io import FileBatches

    made = Release.load(out)
    pairs = list(itertools.combinations(made.model.domain.attributes, 2))
    exact = ScannedTable(made.schema, FileBatches([Path(path)])).counts(pairs)
    distances = [
        np.abs(counts / counts.sum() - made.marginal(pair) / made.model.total).sum() / 2
        for pair, counts in zip(pairs, exact, strict=True)
    ]
    print(json.dumps(float(np.mean(distances))))


def runs(folder: Path, rows: int) -> Iterator[tuple[str, Usage, str]]:
    """Name, cost and error of each step at one size."""
    data, schema, out = folder / f"{rows}.parquet", folder / "adult.toml", folder / "aim.release"
    spent = folder / "spent.json"
    sample = [sys.executable, "-m", "fairshare", "sample", str(folder / "adult.release")]
    yield "sample to Parquet", measure([*sample, "--rows", str(rows), "-o", str(data)]), ""
    whole = measure([sys.executable, __file__, "--aim", str(data), str(schema), str(out), str(spent)])
    scans = json.loads(spent.read_text())
    command = [sys.executable, __file__, "--error", str(data), str(out)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    data.unlink()
    yield "AIM, whole run", whole, f"{found:.4f}"
    step = f"its {scans.pop('scans')} scans"
    yield step, Usage(peak_mb=whole.peak_mb, wall_s=scans["wall_s"], cpu_s=scans["cpu_s"]), ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", type=float, default=[1e6, 1e7])
    parser.add_argument("--folder", help="where the rows go for the time of the run")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        subprocess.run([sys.executable, __file__, "--prepare", name], check=True)
        text = HEAD.format(sizes=" ".join(f"{rows:.0e}".replace("e+0", "e") for rows in options.rows))
        print(text, end="")
        for rows in options.rows:
            for step, used, found in runs(Path(name), int(rows)):
                line = (
                    f"| {int(rows):,} | {step} | {used.wall_s:.1f} | {used.cpu_s:.1f} "
                    f"| {used.cpu_s / rows * 1e6:.2f} | {used.peak_mb:.0f} | {found} |\n"
                )
                print(line, end="", flush=True)
                text += line
    if options.write:
        RESULT.write_text(text)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--prepare"]:
        prepare(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--aim"]:
        aim(*sys.argv[2:6])
    elif sys.argv[1:2] == ["--error"]:
        error(*sys.argv[2:4])
    else:
        main()
