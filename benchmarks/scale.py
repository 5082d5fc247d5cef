"""From sampling to release at growing sizes. ``python benchmarks/scale.py [ROWS ...]``, 1e6 and 1e7 when not given.

For each size, in processes of their own: rows of a model of Adult are streamed to Parquet, and AIM makes a release of
that file out of core, at epsilon 1. Printed are wall and processor seconds, seconds a million rows, and peak memory.
The part of AIM that does not depend on rows (fitting) is shown apart: the rest must stay flat per row.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from usage import measure


def prepare(folder: Path) -> None:
    from fairshare import MST, synthesize
    from fairshare.datasets import load_adult

    adult = load_adult()
    adult.schema.save(folder / "adult.toml")
    synthesize(adult.table, adult.schema, epsilon=4, delta=1e-9, mechanism=MST(), seed=0).save(folder / "adult.release")


def aim(path: str, schema: str, out: str) -> None:
    """A whole run; how many seconds of it were scans of the rows."""
    from fairshare import synthesize
    from fairshare.counting import ScannedTable
    from fairshare.io import FileBatches
    from fairshare.mechanisms import AIM
    from fairshare.schema import Schema

    public = Schema.load(schema)
    engine = ScannedTable(public, FileBatches([Path(path)]))
    spent = {"scans": 0, "wall": 0.0, "cpu": 0.0}
    scan = engine.counts

    def timed(cliques):
        wall, cpu = time.perf_counter(), time.process_time()
        found = scan(cliques)
        spent["scans"] += 1
        spent["wall"] += time.perf_counter() - wall
        spent["cpu"] += time.process_time() - cpu
        return found

    engine.counts = timed
    synthesize(engine, public, epsilon=1, delta=1e-9, mechanism=AIM(workload=2, rounds=60), rows=0)
    Path(out).write_text(json.dumps(spent))


def main() -> None:
    sizes = [int(float(word)) for word in sys.argv[1:]] or [10**6, 10**7]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, __file__, "--prepare", name], check=True)
        print(f"{'rows':>12}  {'step':<22}{'wall s':>9}{'CPU s':>9}{'CPU s a 1e6 rows':>18}{'peak MB':>9}")
        for rows in sizes:
            data, out = folder / f"{rows}.parquet", folder / "spent.json"
            fairshare = [sys.executable, "-m", "fairshare"]
            used = measure([*fairshare, "sample", str(folder / "adult.release"), "--rows", str(rows), "-o", str(data)])
            line(rows, "sample to Parquet", used.wall_s, used.cpu_s, used.peak_mb)
            used = measure([sys.executable, __file__, "--aim", str(data), str(folder / "adult.toml"), str(out)])
            scans = json.loads(out.read_text())
            line(rows, "AIM, whole run", used.wall_s, used.cpu_s, used.peak_mb)
            line(rows, f"  its {scans['scans']} scans", scans["wall"], scans["cpu"], None)
            data.unlink()


def line(rows: int, step: str, wall: float, cpu: float, peak: float | None) -> None:
    memory = "" if peak is None else f"{peak:>9.0f}"
    print(f"{rows:>12,}  {step:<22}{wall:>9.1f}{cpu:>9.1f}{cpu / rows * 1e6:>18.2f}{memory}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--prepare"]:
        prepare(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--aim"]:
        aim(*sys.argv[2:5])
    else:
        main()
