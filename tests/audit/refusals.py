"""``python -O -m tests.audit.refusals``: what must be refused is refused without a single ``assert`` being run.

Optimised Python drops assertions. This file uses none, and every check that it provokes must be a raised error.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from fairshare.counting import CodedTable
from fairshare.curator.base import Candidate
from fairshare.curator.trusted import TrustedCurator
from fairshare.errors import BudgetError, FairshareError, IntegrityError, PeerError, UsageError
from fairshare.marginals import Domain
from fairshare.mpc.memory import run_parties
from fairshare.mpc.opening import open_all
from fairshare.mpc.ring import Z64
from fairshare.mpc.server import Server
from fairshare.mpc.shares import Shares
from fairshare.mpc.terms import Owner, Terms
from fairshare.mpc.wire.frames import FrameReader
from fairshare.privacy import Budget, DurableLedger, Ledger, MeasureEvent, PrivacyUnit, TableNoise
from fairshare.release.npz import read_npz
from fairshare.schema import Schema

DOMAIN = Domain.from_sizes({"a": 2, "b": 3})
UNIT = PrivacyUnit()
BUDGET = Budget(epsilon=0.1, delta=1e-9)
Case = tuple[str, type[FairshareError], Callable[[], object]]


def curator() -> TrustedCurator:
    codes = {"a": np.zeros(9, dtype=np.uint8), "b": np.zeros(9, dtype=np.uint8)}
    return TrustedCurator(CodedTable(DOMAIN, codes), ledger=Ledger(BUDGET, UNIT), noise=TableNoise())


def offered(clique: tuple[str, ...], **more: object) -> Candidate:
    return Candidate(clique=clique, estimate=np.zeros(DOMAIN.sizes(clique)), **more)


def overspent() -> None:
    made = curator()
    made.measure([("a",)], 100.0)
    made.measure([("a",)], 1.0)


def lying_opener() -> None:
    def program(session):
        pair = np.full((2, 3), session.party, dtype=np.uint64)
        return open_all(session, Shares(Z64, pair))

    run_parties(program)


def server() -> Server:
    owners = (Owner(name="x", attributes=("a", "b"), most_rows=9),)
    return Server(Terms(domain=DOMAIN, budget=BUDGET, unit=UNIT, owners=owners), 0)


def rolled_back() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ledger"
        ledger = DurableLedger.create(path, Budget(epsilon=1, delta=1e-9), UNIT)
        before = path.read_bytes()
        run = ledger.reserve(BUDGET, UNIT, plan="p")
        run.leave()
        for rest in Path(folder).glob("a.ledger-*"):
            rest.unlink()
        path.write_bytes(before)
        DurableLedger(path)


def too_much_for_the_data_set() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = DurableLedger.create(Path(folder) / "a.ledger", BUDGET, UNIT)
        ledger.reserve(Budget(epsilon=0.2, delta=1e-9), UNIT, plan="p")


def no_archive() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npz"
        path.write_bytes(b"PK")
        read_npz(path, limit=1000)


def cases() -> Iterator[Case]:
    yield "a budget overspent", BudgetError, overspent
    yield "an epsilon of nothing", UsageError, lambda: Budget(epsilon=0, delta=1e-9)
    yield "a delta of one", UsageError, lambda: Budget(epsilon=1, delta=1.0)
    yield "a scale that is no number", UsageError, lambda: curator().measure([("a",)], float("nan"))
    yield "a negative scale", UsageError, lambda: curator().measure([("a",)], -1.0)
    yield "a clique out of order", UsageError, lambda: curator().measure([("b", "a")], 99.0)
    yield "a candidate twice", UsageError, lambda: curator().score([offered(("a",)), offered(("a",))], 99.0)
    yield "a fractional weight", UsageError, lambda: curator().select([offered(("a",), weight=0.5)], 0.01)
    yield (
        "another unit's event",
        BudgetError,
        lambda: Ledger(BUDGET, UNIT).charge(
            MeasureEvent(cliques=(("a",),), cells=2, sigmas=(99.0,), unit=PrivacyUnit(max_rows=2))
        ),
    )
    yield "more than the data set has", BudgetError, too_much_for_the_data_set
    yield "a ledger put back", IntegrityError, rolled_back
    yield "a lying opener", PeerError, lying_opener
    yield "a call before the run", UsageError, lambda: server().begin(None).send(None)
    yield (
        "a frame of noise",
        IntegrityError,
        lambda: FrameReader(sender=1, receiver=0, name="s", max_payload=9).feed(memoryview(bytes(200))),
    )
    yield "an archive that is none", IntegrityError, no_archive
    yield "a schema of nothing", FairshareError, lambda: Schema.from_dict({"columns": []})


def main() -> int:
    if __debug__:
        sys.stderr.write("run me with python -O\n")
        return 2
    failed = []
    for name, expected, provoke in cases():
        try:
            provoke()
        except expected:
            continue
        except BaseException as error:
            failed.append(f"{name}: {type(error).__name__}: {error}, must be {expected.__name__}")
        else:
            failed.append(f"{name} was not refused")
    sys.stdout.write("\n".join([*failed, f"{sum(1 for _ in cases()) - len(failed)} refused as they must be\n"]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
