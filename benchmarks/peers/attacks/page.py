"""The attacks as a page of Markdown."""

from collections.abc import Iterator

from benchmarks.peers.attacks.field import ANONYMETER, APART, ATTACKS, OTHERS, REAL_ROWS, TARGETS, Attack, made, on
from benchmarks.peers.attacks.power import CLEARLY, HARDLY, doubts
from benchmarks.peers.attacks.summary import allowed, broken, summary
from benchmarks.peers.driving import DELTA
from benchmarks.peers.report import done
from benchmarks.peers.store import Store
from benchmarks.peers.table import Real

__all__ = ["page"]

_HEAD = """\
# Our tables, attacked

    python -m benchmarks.peers.attacks

makes tables of {title}, with our mechanisms and with one that is not private, and attacks each with
[anonymeter](https://github.com/statice/anonymeter) (M. Giomi et al., PoPETs 2023), in an environment of its own.

**A low risk is a smoke test, not a guarantee.** These attackers look up nearest rows and rare values; a cleverer one
may find what they miss. What protects people is the proof ([PRIVACY.md](../../PRIVACY.md)), which holds against every
attacker. The tests can only show that something is badly wrong, and only where they have power: hence the references.

The rows are split at random into thirds. The first ({seen:,} rows) is synthesised and attacked. The second is the
control: guesses about it can be right only by what the table says of people at large. The third serves as a reference.
**Risk** is the main attack's success beyond the control's, (main - control) / (1 - control), or 0 if that is negative,
as anonymeter has it; where several tables were made, their mean. In brackets its 95% interval, from the lowest to the
highest end over the tables. Up to {attacks:,} guesses an attack and table. Ours promises the stated epsilon and delta
{delta:g} for one row more or less.

![Risks of all tables and attacks with their intervals](img/attacks.svg)
"""

_REFERENCES = """
## What the references show

- **{real_rows}**, handed out as if they were synthetic, hide nothing; an attack that did not find them would prove
  nothing by finding nothing elsewhere. The command fails unless the lower end of every risk is at least {clearly:g}.
- **{others}**, the third third, are as real, but have nothing to do with the rows attacked: any risk there is an
  artefact. The command fails if the lower end of a risk is above {hardly:g}.
- **{apart}**: every column of the attacked rows, shuffled by itself. Only singling out by one column sees
  the exact counts that this gives away. Neither this nor SDV's Gaussian copula is private; that most attacks find
  nothing on them says how little finding nothing means.
- **Ours at epsilon 10 and 64**: so large an epsilon promises next to nothing (*allowed*, below, is 1). Where the
  attacks find little there too, that owes more to the models, which hold marginals of few columns, than to noise.
{verdict}
{ours}
"""

_KNOWN = """\
- **Control of another size**: anonymeter scales the success of singling out on a smaller control by a fitted model.
  With a control of a quarter of the attacked rows it came out several times too low for four columns, which makes up a
  risk; and the fit can fail (`x is not within the trust region`). Hence thirds, for singling out cut to
  equally many distinct rows.
- **Too few guesses**: it divides by the number of guesses asked for, also where singling out by one column has only
  a handful, which hides the risk. Here it is asked for as many as there are; the intervals are wide.
- **Naive inference**: 1.1.0 lines its naive guesses up with the targets by row number, so that most targets have none,
  and reports next to no success. The naive figures of inference are the same guesses, counted by our driver; the risk
  does not depend on them.
- **Linkability** is bounded by the table: two people alike in one half can't be told apart, so even the real rows stay
  well below 1.
"""

_TOOL = """
## The tool

anonymeter 1.1.0, released on 23 July 2026, was the latest when this was measured (before it: 1.0.0, February 2024). Its
licence is {licence}, which grants no patents. It admits Python 3.9 to 3.13, but its numpy, below 1.27, has
wheels up to 3.12 only; here it runs on {python} ({versions}).
fairshare never depends on it. Categories are given to it as such, ordered columns as their codes; other settings are
its defaults. Its draws of targets are seeded; some of its naive guesses can't be.

Measured {dates}; {cpu:.0f} CPU seconds in all.
"""


def page(real: Real, store: Store, *, attacks: int) -> str:
    """The whole page.

    Args:
        real: the table; its ``seen`` rows are attacked.
        store: the finished runs.
        attacks: guesses asked for.
    """
    head = _HEAD.format(title=real.title, seen=real.rows, attacks=attacks, delta=DELTA)
    references = _REFERENCES.format(
        real_rows=f"{REAL_ROWS[0].upper()}{REAL_ROWS[1:]}",
        others=f"{OTHERS[0].upper()}{OTHERS[1:]}",
        apart=f"{APART[0].upper()}{APART[1:]}",
        clearly=CLEARLY,
        hardly=HARDLY,
        verdict="\n".join(_verdict(store)),
        ours="\n".join(_ours(store)),
    ).rstrip()
    records = list(store.records.values())
    dates = sorted({r["date"] for r in records if "date" in r})
    tool = _TOOL.format(
        licence=ANONYMETER.licence,
        python=ANONYMETER.python,
        versions=next((r["versions"] for r in records if "found" in r and "versions" in r), "not installed"),
        dates=" to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "never",
        cpu=sum(r["cpu_s"] for r in records),
    )
    details = [line for attack in ATTACKS for line in _details(store, attack)]
    faults = ["\n## Where anonymeter failed, or had to be helped\n", *_unfinished(store), _KNOWN.rstrip()]
    return "\n".join([head, *_risks(store), references, *details, *faults, tool]).rstrip()


def _risks(store: Store) -> Iterator[str]:
    yield f"| table | {' | '.join(attack.name for attack in ATTACKS)} |"
    yield f"|---{'|---' * len(ATTACKS)}|"
    for target in TARGETS:
        found = [summary(store, target, attack) for attack in ATTACKS]
        if any(found):
            cells = (f"{f.risk:.2f} ({f.low:.2f} to {f.high:.2f})" if f else "" for f in found)
            yield f"| {target.name} | {' | '.join(cells)} |"


def _verdict(store: Store) -> Iterator[str]:
    reasons = doubts(store)
    for attack, reason in reasons.items():
        yield f"- **Not to be trusted: {attack}**: {reason}."
    if not reasons:
        yield "- This time every attack finds the real rows, and none finds the others."


def _ours(store: Store) -> Iterator[str]:
    """How many of the intervals of our tables lie above 0, and whether any breaks the promise."""
    records = [
        record
        for target in TARGETS
        if target.epsilon
        for attack in ATTACKS
        for record in done(store, on(target.name, attack))
    ]
    above = [record for record in records if record["found"]["low"] > 0]
    yield f"\nIntervals on our tables that lie above 0: {len(above)} of {len(records)}, where chance alone accounts for"
    yield f"one in forty or so.{' These do:' if above else ''}\n"
    for record in above:
        found = record["found"]
        yield f"- {record['entry']}, table {record['run'] + 1}: {found['risk']:.3f}, at least {found['low']:.3f}"
    lines = broken(store)
    yield ""
    yield from (f"**More than the promise allows: {line}.**" for line in lines)
    if not lines:
        yield "No attack does better than the promise allows (column *allowed* below)."


def _details(store: Store, attack: Attack) -> Iterator[str]:
    """An attack's success on every table."""
    yield f"\n## {attack.name[0].upper()}{attack.name[1:]}\n"
    yield f"A guess: {attack.meaning}.\n"
    if attack.by_row:
        yield "*Allowed*: the largest success that epsilon admits, given the upper end of the control's interval.\n"
    yield f"| table | tables | guesses | main | control | naive |{' allowed |' if attack.by_row else ''} risk |"
    yield f"|---|---|---|---|---|---|{'---|' if attack.by_row else ''}---|"
    for target in TARGETS:
        found = summary(store, target, attack)
        if found is None:
            continue
        main = f"{found.main:.3f}{' †' if found.main <= found.naive else ''}"
        limit = f"{allowed(target.epsilon, found.ceiling):.3f}" if target.epsilon else ""
        cells = [
            target.name,
            str(found.tables),
            f"{found.guesses:,}",
            main,
            f"{found.control:.3f}",
            f"{found.naive:.3f}",
        ]
        cells += [limit] if attack.by_row else []
        yield f"| {' | '.join(cells)} | {found.risk:.3f} ({found.low:.3f} to {found.high:.3f}) |"
    yield "\n† no better than naive guessing; anonymeter itself does not trust such a line."


def _unfinished(store: Store) -> Iterator[str]:
    """What could not be made or attacked, and what anonymeter warned of."""
    for target in TARGETS:
        for entry in (made(target.name), *(on(target.name, attack) for attack in ATTACKS)):
            for record in store.of(entry):
                if record["status"] == "limit":
                    yield f"- **{entry}**, table {record['run'] + 1}: not done after {record['limit_s']} CPU seconds."
                elif record["status"] != "ok":
                    yield f"- **{entry}**, table {record['run'] + 1}: fails: `{record['error']}`."
                for remark in record.get("found", {}).get("remarks", ()):
                    yield f"- **{entry}**, table {record['run'] + 1}: anonymeter warns: {remark}"
