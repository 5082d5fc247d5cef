"""Servers sign one another's heads: a ledger that lacks what its server signed for, or what others hold, shows."""

import json
from dataclasses import replace

import pytest
from consortium_parties import SERVERS, consortium

from fairshare.errors import IntegrityError, PeerError
from fairshare.mpc.wire.durable import ServerLedger, kept_in, ledger_file
from fairshare.mpc.wire.witness import Standing, compare
from fairshare.privacy import MeasureEvent


@pytest.fixture(scope="module")
def parties(tmp_path_factory):
    return consortium(tmp_path_factory.mktemp("parties"))


def charge(plan, sigma):
    return MeasureEvent(cliques=(("a",),), cells=2, sigmas=(sigma,), unit=plan.unit)


def run(parties, folder, *, charges=3, sign=True):
    """Three servers' files after a run of some charges."""
    plan, identities, _ = parties
    ledgers = {name: ServerLedger(ledger_file(folder / name, plan, name), plan) for name in SERVERS}
    for ledger in ledgers.values():
        for number in range(charges):
            ledger.charge(charge(plan, 40.0 + number))
    if sign:
        said = [
            Standing(server=n, plan=plan.digest, session="5e", charges=led.charges, head=led.head).signed(identities[n])
            for n, led in ledgers.items()
        ]
        for ledger in ledgers.values():
            for standing in said:
                ledger.keep(standing)
    for ledger in ledgers.values():
        ledger.close()
    return {name: ledger_file(folder / name, plan, name) for name in SERVERS}


def compared(parties, files):
    plan, _, certificates = parties
    return compare(plan, certificates, {name: kept_in(path, plan) for name, path in files.items()})


def cut(path, lines):
    """Put a file back to its first lines."""
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:lines]))


def test_a_whole_run_fits_together(parties, tmp_path):
    files = run(parties, tmp_path)
    assert compared(parties, files) == {"s1": ["s2", "s3"], "s2": ["s1", "s3"], "s3": ["s1", "s2"]}
    assert compared(parties, {"s2": files["s2"]}) == {"s2": []}


@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_a_ledger_that_was_put_back_shows(left, parties, tmp_path):
    """Whatever the number of lines that it went back to; one other file is enough."""
    files = run(parties, tmp_path)
    cut(files["s2"], left)
    with pytest.raises(IntegrityError, match=r"the ledger of s2 holds \d charges, and s2 signed for 3 .*of s3"):
        compared(parties, {"s2": files["s2"], "s3": files["s3"]})


def test_after_a_crash_two_missing_charges_show_without_signatures(parties, tmp_path):
    files = run(parties, tmp_path, sign=False)
    cut(files["s1"], 3)  # the promise and two charges: the third may not have been reached
    assert compared(parties, files) == {"s1": [], "s2": [], "s3": []}
    cut(files["s1"], 2)
    with pytest.raises(IntegrityError, match="the ledger of s1 lacks charges that the ledger of s2 holds"):
        compared(parties, files)


def test_a_replaced_chain_shows(parties, tmp_path):
    """Other charges, as many and well chained."""
    plan, _, _ = parties
    files = run(parties, tmp_path / "one")
    other = ServerLedger(ledger_file(tmp_path / "two", plan, "s1"), plan)
    for number in range(3):
        other.charge(charge(plan, 90.0 + number))
    other.close()
    with pytest.raises(IntegrityError, match="it was put back or replaced"):
        compared(parties, {**files, "s1": ledger_file(tmp_path / "two", plan, "s1")})


def changed(path, number, change):
    lines = path.read_text().splitlines()
    line = json.loads(lines[number])
    change(line)
    lines[number] = json.dumps(line)
    path.write_text("\n".join(lines) + "\n")


def test_a_changed_line_breaks_the_chain(parties, tmp_path):
    files = run(parties, tmp_path)
    changed(files["s1"], 2, lambda line: line.update(nano_rho=1))
    with pytest.raises(IntegrityError, match="was changed: the chain breaks at charge 2"):
        compared(parties, files)


@pytest.mark.parametrize("field", ["server", "session", "head", "charges", "signature"])
def test_a_changed_signature_does_not_verify(field, parties, tmp_path):
    files = run(parties, tmp_path)
    value = {"server": "s3", "session": "5f", "head": "00", "charges": 2, "signature": "00"}[field]
    changed(files["s1"], 5, lambda line: line["standing"].update({field: value}))
    with pytest.raises(IntegrityError, match="a signature in the ledger of s1 does not verify"):
        compared(parties, files)


def test_a_standing_survives_the_way(parties):
    _, identities, certificates = parties
    one = Standing(server="s1", plan="ab", session="cd", charges=2, head="ef").signed(identities["s1"])
    assert Standing.from_bytes(one.to_bytes()) == one
    assert one.authentic(certificates["s1"])
    assert not one.authentic(certificates["s2"])
    assert not replace(one, charges=1).authentic(certificates["s1"])
    with pytest.raises(PeerError, match="standing is malformed"):
        Standing.from_bytes(replace(one, charges="2").to_bytes())
