"""The nodes of a consortium in threads: the whole path, and every party's faults that need no process to show."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import EVERYBODY, SERVERS, at_once, prepared

from fairshare.cli import main
from fairshare.cli.console import Screen
from fairshare.cli.loopback import Consortium
from fairshare.cli.parties import node_of
from fairshare.curator.secure import SecureCurator
from fairshare.errors import BudgetError, DataError, FairshareError, IntegrityError, PeerError
from fairshare.mpc.opening import open_all
from fairshare.mpc.requests import Measure
from fairshare.mpc.server import Server
from fairshare.mpc.session import Session
from fairshare.mpc.shares import Shares
from fairshare.mpc.wire.durable import kept_in, ledger_file, spent_in
from fairshare.mpc.wire.nodes import Driver, serve, share
from fairshare.privacy import replay_head
from fairshare.release import Release

Jobs = dict[str, Callable[[], Any]]


def command(consortium: Consortium, name: str) -> int:
    """A party's command line, in this process; its exit code."""
    return main([*consortium.command(name), "--quiet"])


def jobs(consortium: Consortium, **changed: Callable[[], Any]) -> Jobs:
    return {name: changed.get(name, partial(command, consortium, name)) for name in EVERYBODY}


def node(consortium: Consortium, name: str) -> Any:
    role = consortium.plan.party(name).role
    return node_of(Screen(quiet=True), consortium.path, name, consortium.folder / name, role=role)


def charges(consortium: Consortium, name: str) -> list[dict[str, Any]]:
    return spent_in(ledger_file(consortium.folder / name, consortium.plan, name), consortium.plan)


@pytest.mark.parametrize("partition", ["horizontal", "vertical"])
def test_a_run_from_tables_to_a_release(tmp_path: Path, partition: str) -> None:
    consortium = prepared(tmp_path, partition)
    assert at_once(jobs(consortium)) == dict.fromkeys(EVERYBODY, 0)
    release = Release.load(consortium.output.with_suffix(".release"))
    assert release.certificate["consortium"]["plan"] == consortium.plan.digest
    assert "At most one of them is curious" in release.certificate["consortium"]["trust"]
    assert abs(release.model.total - 600) < 60
    assert replay_head(dict(release.ledger)) == release.ledger["head"]
    for name in SERVERS:
        kept = charges(consortium, name)
        assert [c["hash"] for c in kept] == [e["hash"] for e in release.ledger["entries"]]
        assert sum(c["nano_rho"] for c in kept) <= consortium.plan.budget.nano_rho
    files = [ledger_file(tmp_path / name, consortium.plan, name) for name in SERVERS]
    compare = ["consortium", "ledgers", *map(str, [consortium.path, *files]), "--quiet"]
    assert main(compare) == 0
    files[1].write_text("".join(files[1].read_text().splitlines(keepends=True)[:2]))  # put back to its first charge
    assert main(compare) == 5


def test_a_plan_is_run_once_and_its_release_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    consortium = prepared(tmp_path)
    assert at_once(jobs(consortium)) == dict.fromkeys(EVERYBODY, 0)
    first = consortium.output.read_bytes()
    capsys.readouterr()
    assert command(consortium, "s1") == 4
    assert "its budget is spent once" in capsys.readouterr().out
    assert command(consortium, "driver") == 0  # the stored release, nobody asked
    assert consortium.output.read_bytes() == first


def nothing_released(consortium: Consortium, found: dict[str, Any], codes: dict[str, int]) -> None:
    """Everybody ended with an error of its own, and there is no table."""
    assert not consortium.output.exists()
    assert not consortium.output.with_suffix(".release").exists()
    for name, ended in found.items():
        code = ended.exit_code if isinstance(ended, FairshareError) else ended
        assert code == codes.get(name, 6), (name, ended)


# -- holders


def test_a_holder_with_another_schema_shares_nothing(tmp_path: Path) -> None:
    consortium = prepared(tmp_path, start_seconds=4.0)
    from fairshare.io import read_table, write_table

    write_table(read_table(consortium.data("bob")).drop_columns(["d"]), consortium.data("bob"))
    nothing_released(consortium, at_once(jobs(consortium)), {"alice": 0, "bob": 2})
    assert charges(consortium, "s1") == []


def test_a_holder_with_more_rows_than_its_cap_shares_nothing(tmp_path: Path) -> None:
    consortium = prepared(tmp_path, cap=299, start_seconds=6.0)
    found = at_once(jobs(consortium))
    assert (found["alice"], found["bob"]) == (2, 2)
    assert not consortium.output.exists()


def test_codes_outside_the_schema_are_not_shared(tmp_path: Path) -> None:
    consortium = prepared(tmp_path, start_seconds=6.0)
    codes = {name: np.zeros(5, dtype=np.uint8) for name in "abc"} | {"d": np.full(5, 9, dtype=np.uint8)}
    found = at_once(jobs(consortium, bob=lambda: share(node(consortium, "bob"), codes)))
    assert isinstance(found["bob"], DataError)
    nothing_released(consortium, found, {"alice": 0, "bob": 2})


def test_holders_with_different_secrets_are_told_apart_and_stopped(tmp_path: Path) -> None:
    from fairshare.mpc.wire.matching import create_secret

    consortium = prepared(tmp_path, "vertical")
    create_secret(tmp_path / "other.key")
    own = [str(tmp_path / "other.key") if a == str(consortium.secret) else a for a in consortium.command("bob")]
    found = at_once(jobs(consortium, bob=lambda: main([*own, "--quiet"])))
    assert not consortium.output.exists()
    assert sorted(found[n] for n in SERVERS)[0] == 2  # DataError: records lack columns
    assert found["driver"] == 6


# -- servers


def test_a_server_that_lies_at_an_opening_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lying(session: Session, x: Shares) -> Any:
        if session.party == 1:
            x = Shares(x.ring, x.ring.add(x.pair, np.ones_like(x.pair)))
        return await open_all(session, x)

    monkeypatch.setattr("fairshare.mpc.answers.open_all", lying)
    consortium = prepared(tmp_path)
    heard: dict[str, Any] = {n: partial(serve, node(consortium, n), consortium.folder / n) for n in SERVERS}
    found = at_once(jobs(consortium, **heard))
    nothing_released(consortium, found, {"alice": 0, "bob": 0})
    words = " ".join(str(found[n]) for n in SERVERS)
    assert "disagree about a share at an opening" in words
    assert len(charges(consortium, "s1")) == 1  # burnt, not refunded


@pytest.mark.parametrize("call", [1, 2, 4])
def test_a_server_that_fails_at_some_call_stops_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    answer, calls = Server.answer, dict.fromkeys(range(3), 0)

    async def failing(self: Server, session: Session, request: Any) -> Any:
        calls[self.party] += 1
        if self.party == 2 and calls[2] == call:
            self.state = "broken"
            raise PeerError("its disk is full")
        return await answer(self, session, request)

    monkeypatch.setattr(Server, "answer", failing)
    consortium = prepared(tmp_path)
    nothing_released(consortium, at_once(jobs(consortium)), {"alice": 0, "bob": 0})
    assert len(charges(consortium, "s3")) == call - 1
    assert len(charges(consortium, "s1")) in (call - 1, call)


def test_a_server_that_is_slower_than_agreed_stops_everybody(tmp_path: Path) -> None:
    consortium = prepared(tmp_path, step_seconds=1.0)
    slow = [*consortium.command("s3"), "--quiet", "--delay-ms", "1500"]
    found = at_once(jobs(consortium, s3=lambda: main(slow)), seconds=90)
    assert {found[n] for n in (*SERVERS, "driver")} == {6}
    assert not consortium.output.exists()
    assert charges(consortium, "s1") == []


# -- the driver


def test_the_servers_refuse_a_driver_that_overspends(tmp_path: Path) -> None:
    consortium = prepared(tmp_path)

    def greedy() -> Any:
        mine = node(consortium, "driver")
        with mine.hub().closing() as hub:
            driver = Driver(mine, hub)
            driver.open()
            for reply in driver.ask(Measure(cliques=(("a",),), sigmas=(0.01,))):
                raise reply.error  # type: ignore[union-attr]

    found = at_once(jobs(consortium, driver=greedy))
    assert isinstance(found["driver"], BudgetError)
    assert all(found[n] == 6 for n in SERVERS)
    assert all(charges(consortium, n) == [] for n in SERVERS)


def test_a_driver_that_tells_servers_different_things_is_stopped(tmp_path: Path) -> None:
    consortium = prepared(tmp_path)

    def two_faced() -> Any:
        mine = node(consortium, "driver")
        with mine.hub().closing() as hub:
            driver = Driver(mine, hub)
            driver.open()
            from fairshare.mpc.wire.frames import Kind

            for i, server in enumerate(SERVERS):
                hub.send(server, Kind.REQUEST, Measure(cliques=(("a",),), sigmas=(20.0 + i,)).to_bytes())
            return [hub.receive(s, Kind.ANSWER, 20) for s in SERVERS]

    found = at_once(jobs(consortium, driver=two_faced))
    assert isinstance(found["driver"], PeerError)
    assert all(found[n] == 6 for n in SERVERS)
    assert not any(charges(consortium, n) for n in SERVERS)  # so honest ledgers do not contradict each other


def test_a_driver_that_goes_is_noticed(tmp_path: Path) -> None:
    consortium = prepared(tmp_path)

    def leaving() -> None:
        mine = node(consortium, "driver")
        with mine.hub().closing() as hub:
            driver = Driver(mine, hub)
            driver.open()
            SecureCurator(mine.plan.terms, driver).measure([("a",)], 20.0)

    found = at_once(jobs(consortium, driver=leaving))
    assert all(found[n] == 6 for n in SERVERS)
    kept = {n: kept_in(ledger_file(tmp_path / n, consortium.plan, n), consortium.plan) for n in SERVERS}
    for file in kept.values():  # the call that it had an answer to is signed for, three times
        assert len(file.charges) == 1
        assert sorted(s.server for s in file.standings if s.head == file.heads[1]) == list(SERVERS)


def test_a_driver_with_another_mechanism_has_another_plan(tmp_path: Path) -> None:
    consortium = prepared(tmp_path)
    text = consortium.path.read_text()
    consortium.path.write_text(text.replace('name = "mst"', 'name = "aim"'))
    assert command(consortium, "driver") == IntegrityError.exit_code


def test_status_says_how_far_a_plan_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    consortium = prepared(tmp_path)
    assert main(["consortium", "status", str(consortium.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["plan"] == consortium.plan.digest
    assert [p["approval"] for p in found["parties"]] == ["yes"] * 6
    assert [p["listens"] for p in found["parties"]][:3] == ["no"] * 3
