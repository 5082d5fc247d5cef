"""How time and memory grow: with rows, with columns, with the model's cap; and one wide table.

    python benchmarks/growth.py            # all (some twenty minutes of processor time)
    python benchmarks/growth.py rows       # or columns, cap, wide

Tables are drawn from a known model: a chain of columns, each copying the one before it with probability 0.7. Every
run is a process of its own that reads coded Parquet. Finished runs are kept in --results, so the command resumes where
it stopped. Prints Markdown; --write FILE keeps it, --plot FILE.svg draws it.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pages import put
from usage import Usage, measure

from fairshare.schema import Schema

HERE = Path(__file__).parent


SWEEPS = ("rows", "columns", "cap", "wide")


@dataclass(frozen=True)
class Case:
    """One synthesis to be measured."""

    sweep: str
    x: float
    rows: int
    columns: int
    size: int
    mechanism: str
    epsilon: float = 1.0


def cases() -> Iterator[Case]:
    for mechanism in ("MST()", "SWIFT(max_model_mb=8)", "AIM(workload=2, max_model_mb=8)"):
        for rows in (10_000, 100_000, 1_000_000, 10_000_000):
            yield Case("rows", rows, rows, 15, 16, mechanism)
        for columns in (8, 16, 32, 64, 100):
            if mechanism.startswith("AIM") and columns > 32:
                continue  # every round scores every pair: minutes, shown by 'wide' at 40
            yield Case("columns", columns, 50_000, columns, 10, mechanism)
    for cap in (0.1, 1, 10, 80):
        yield Case("cap", cap, 50_000, 15, 30, f"SWIFT(max_model_mb={cap})", 10.0)
        yield Case("cap", cap, 50_000, 15, 30, f"AIM(max_model_mb={cap})", 10.0)
    for mechanism in ("MST()", "SWIFT()", "AIM(workload=2, max_model_mb=8)"):
        yield Case("wide", 40, 200_000, 40, 50, mechanism)


def table(rows: int, columns: int, size: int) -> tuple[pa.Table, dict[str, int]]:
    """A chain; sizes alternate from 2 up to ``size``."""
    rng = np.random.default_rng(0)
    sizes = {f"c{i}": int(2 + (size - 2) * ((i * 7) % columns) / max(columns - 1, 1)) for i in range(columns)}
    drawn, last = {}, rng.random(rows)
    for name, n in sizes.items():
        fresh = rng.random(rows) ** 2
        last = np.where(rng.random(rows) < 0.7, last, fresh)
        drawn[name] = (last * n).astype(np.uint8)
    return pa.table(drawn), sizes


def one(data: str, schema: str, mechanism: str, epsilon: str) -> None:
    """The measured process."""
    import fairshare
    from fairshare.io import read_table

    spec = eval(mechanism, {name: getattr(fairshare, name) for name in ("AIM", "MST", "SWIFT")})
    public = Schema.load(schema)
    made = fairshare.synthesize(
        read_table(data, schema=public), public, epsilon=float(epsilon), delta=1e-9, mechanism=spec
    )
    assert made.table.num_rows > 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweeps", nargs="*", metavar="SWEEP", help=f"{', '.join(SWEEPS)} (default: all)")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "growth", help="where runs are kept")
    parser.add_argument("--write", type=Path, help="write the Markdown here too")
    parser.add_argument("--plot", type=Path, help="draw it as SVG")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    done = [
        (case, cached(case, options.results)) for case in cases() if not options.sweeps or case.sweep in options.sweeps
    ]
    text = "\n".join(report(done))
    print(text)
    put(options.write, text)
    if options.plot:
        put(options.plot, plot(done))


def cached(case: Case, results: Path) -> Usage:
    """What a case costs: as kept, or measured and kept."""
    file = results / f"{'-'.join(str(part) for part in astuple(case))}.json".replace(" ", "")
    if file.exists():
        return Usage(**json.loads(file.read_text()))
    print(f"{case} ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        data, schema = Path(scratch, "table.parquet"), Path(scratch, "schema.toml")
        drawn, sizes = table(case.rows, case.columns, case.size)
        pq.write_table(drawn, data)
        Schema.from_domain(sizes).save(schema)
        del drawn
        used = measure([sys.executable, __file__, "--one", str(data), str(schema), case.mechanism, str(case.epsilon)])
    results.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(asdict(used)))
    return used


HEAD = """\
# How time and memory grow

`python benchmarks/growth.py` on {cores} cores shared with other work: trust CPU seconds. Tables are drawn from a chain
of columns, each a copy of the one before with probability 0.7; the whole process counts, from reading Parquet to the
synthetic table in memory (delta 1e-9). AIM is left out beyond 40 columns: every round scores every pair.

More rows mean relatively less noise, hence more iterations until a fit is as close as the noise allows: that, not
counting, is most of the growth of SWIFT and AIM up to a million rows.

![CPU seconds and memory against rows, columns and the model's cap](img/growth.svg)
"""


def report(done: list[tuple[Case, Usage]]) -> Iterator[str]:
    yield HEAD.format(cores=os.cpu_count())
    yield "| sweep | rows | columns | largest size | mechanism | epsilon | CPU s | wall s | peak MB |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for case, used in sorted(done, key=lambda one: SWEEPS.index(one[0].sweep)):
        yield (
            f"| {case.sweep} | {case.rows:,} | {case.columns} | {case.size} | {case.mechanism} | {case.epsilon:g} "
            f"| {used.cpu_s:.1f} | {used.wall_s:.1f} | {used.peak_mb:.0f} |"
        )


COLOURS = {"MST": "#1b6ca8", "SWIFT": "#b5500c", "AIM": "#2b7a3d"}


def plot(done: list[tuple[Case, Usage]]) -> str:
    """Log-log panels of CPU seconds and megabytes, one row a sweep, as plain SVG."""
    sweeps = list(dict.fromkeys(c.sweep for c, _ in done if c.sweep != "wide"))
    view = f'viewBox="0 0 720 {220 * len(sweeps)}" font-family="sans-serif" font-size="12"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {view}>']
    parts.append('<rect width="100%" height="100%" fill="white"/>')
    for i, sweep in enumerate(sweeps):
        for j, (label, value) in enumerate((("CPU s", "cpu_s"), ("peak MB", "peak_mb"))):
            points = [(c, getattr(u, value)) for c, u in done if c.sweep == sweep]
            parts += panel(points, 60 + 350 * j, 30 + 220 * i, f"{label} against {sweep}")
    return "\n".join([*parts, "</svg>"])


def panel(points: list[tuple[Case, float]], left: float, top: float, title: str) -> Iterator[str]:
    xs, ys = np.log10([c.x for c, _ in points]), np.log10([max(y, 1e-2) for _, y in points])
    low, high = np.floor(ys.min()), max(np.ceil(ys.max()), np.floor(ys.min()) + 1)
    across = lambda x: left + 260 * (x - xs.min()) / max(np.ptp(xs), 1e-9)  # noqa: E731
    up = lambda y: top + 150 - 150 * (y - low) / (high - low)  # noqa: E731
    yield f'<text x="{left}" y="{top - 10}" font-weight="bold">{title}</text>'
    for decade in np.arange(low, high + 1):
        yield f'<line x1="{left}" x2="{left + 260}" y1="{up(decade):.1f}" y2="{up(decade):.1f}" stroke="#ddd"/>'
        yield f'<text x="{left - 6}" y="{up(decade) + 4:.1f}" text-anchor="end">{10.0**decade:g}</text>'
    for x in sorted(set(xs)):
        yield f'<text x="{across(x):.1f}" y="{top + 168}" text-anchor="middle">{10**x:g}</text>'
    for k, (name, colour) in enumerate(COLOURS.items()):
        line = sorted((x, y) for (c, _), x, y in zip(points, xs, ys, strict=True) if c.mechanism.startswith(name))
        if line:
            path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            yield f'<text x="{left + 8}" y="{top + 12 + 14 * k}" fill="{colour}">{name}</text>'


if __name__ == "__main__":
    main()
