"""Every reader of a stranger's bytes as a function of bytes, and good inputs to begin with.

A reader returns or raises ``FairshareError``; anything else (a crash, a hang, another error, memory) is a finding. The
hypothesis tests, the coverage-guided harness and the replay of the kept corpora run the same functions.

Where a file is hashed or compressed, the bytes stand for what is inside and the wrapping is made right, so that a
fuzzer reaches behind it. The first byte of such an input then says which part the rest is.
"""

import hashlib
import io
import json
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

import fairshare
from fairshare.errors import FairshareError
from fairshare.io import read_table
from fairshare.marginals import Domain
from fairshare.mpc.contribution import Contribution, contribute
from fairshare.mpc.plan import PROTOCOL, Plan
from fairshare.mpc.plan_file import load_plan, plan_text
from fairshare.mpc.requests import (
    Answer,
    Finish,
    Measure,
    Offers,
    Refusal,
    Score,
    Select,
    reply_from_bytes,
    request_from_bytes,
)
from fairshare.mpc.tasks import task_of
from fairshare.mpc.terms import Owner, Terms
from fairshare.mpc.wire.frames import FrameReader, Kind, header
from fairshare.privacy import Budget, DurableLedger, PrivacyUnit, replay_head
from fairshare.privacy.durable_history import chained, genesis
from fairshare.release import Release, verify_release
from fairshare.release.packing import pack, unpack
from fairshare.release.storage import contents
from fairshare.report import public_report
from fairshare.schema import Schema
from fairshare.version import __version__

__all__ = ["CORPUS", "GOOD", "READERS", "refused_or_read"]

#: Small inputs that earlier fuzzing found, one folder a reader.
CORPUS = Path(__file__).parent / "corpus"

SCHEMA = Schema.from_dict(
    {
        "columns": [
            {"name": "a", "kind": "categorical", "categories": ["x", "y"], "nullable": True},
            {"name": "n", "kind": "integer", "bounds": [0, 9]},
            {"name": "r", "kind": "real", "bounds": [0.0, 1.0], "bins": 4},
            {"name": "d", "kind": "date", "bounds": ["2001-01-01", "2002-01-01"], "bins": 4},
            {"name": "b", "kind": "boolean"},
        ]
    }
)
TERMS = Terms(
    domain=Domain.from_sizes({"a": 3, "b": 2}),
    budget=Budget(epsilon=1.0, delta=1e-9),
    unit=PrivacyUnit(relation="replace-one"),
    owners=tuple(
        Owner(name=n, attributes=a, most_rows=10)
        for n, a in (("left", ("a",)), ("right", ("b",)), ("whole", ("a", "b")))
    ),
)
_MEBIBYTE = 1 << 20


@cache
def _folder() -> Path:
    """In memory where the system has such a place: most readers open a file."""
    shared = Path("/dev/shm")  # noqa: S108  (a folder of its own inside)
    return Path(tempfile.mkdtemp(prefix="fairshare-fuzz-", dir=shared if shared.is_dir() else None))


def _file(name: str, content: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(content)
    return path


def refused_or_read(read: Callable[[bytes], object], content: bytes) -> None:
    """What every input must lead to."""
    with suppress(FairshareError):
        read(content)


# -- tables, schemas, plans


def read_csv(content: bytes) -> object:
    return SCHEMA.encode(read_table(_file("t.csv", content), schema=SCHEMA))


def read_schema(content: bytes) -> object:
    schema = Schema.load(_file("s.toml", content))
    schema.save(_folder() / "again.toml")
    if Schema.load(_folder() / "again.toml").digest != schema.digest:
        raise AssertionError("a schema that was read is not the one that is written")
    return schema


def read_plan(content: bytes) -> object:
    plan = load_plan(_file("plan.toml", content))
    again = load_plan(_file("again.toml", plan_text(plan).encode()))
    if again.digest != plan.digest:
        raise AssertionError("a plan that was read is not the one that is written")
    return plan.terms


# -- the wire


def read_frames(content: bytes) -> object:
    """A link's bytes, cut at a place that the first byte names; the payloads go to their own readers."""
    reader = FrameReader(sender=4, receiver=1, name="bob", max_payload=_MEBIBYTE)
    cut = content[0] if content else 0
    frames = reader.feed(memoryview(content[1 : 1 + cut])) + reader.feed(memoryview(content[1 + cut :]))
    for frame in frames:
        read_message(bytes([frame.kind % 4]) + frame.payload)
    return reader.idle


def read_message(content: bytes) -> object:
    """A request with its price, a reply, or a contribution to server 0 or 2."""
    which, payload = (content[0] % 4 if content else 0), content[1:]
    if which == 0:
        request = request_from_bytes(payload)
        return request if isinstance(request, Finish) else task_of(TERMS, request)
    if which == 1:
        reply = reply_from_bytes(payload)
        return str(reply.error) if isinstance(reply, Refusal) else reply.values.sum()
    contribution = Contribution.from_bytes(payload, TERMS, 0 if which == 2 else 2)
    return contribution.counts.shares()


# -- releases


@cache
def _release() -> Release:
    table = pa.table({"a": ["x", "y"] * 20, "n": [3] * 40, "r": [0.5] * 40, "d": ["2001-03-04"] * 40, "b": [True] * 40})
    wish = fairshare.Fairness(protected=("a",), admissible=("n",), outcome=("b",))
    return fairshare.synthesize(table, SCHEMA, epsilon=5, delta=1e-6, seed=1, fairness=wish)


@cache
def _parts() -> dict[str, bytes]:
    return contents(_release())


def read_release(content: bytes) -> object:
    """One part replaced, and chain and hashes made right: a JSON file, the archive, or one array in it."""
    parts = dict(_parts())
    which, rest = (content[0] if content else 0), content[1:]
    names = ("release.json", "certificate.json", "ledger.json", "model.npz")
    if which < len(names):
        parts[names[which]] = rest
    else:
        parts["model.npz"] = _with_array(parts["model.npz"], which - len(names), rest)
    if which == names.index("ledger.json"):
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            parts |= _chained(parts)
    if which != 0:
        manifest = json.loads(parts["release.json"])
        manifest["sha256"] = {n: hashlib.sha256(parts[n]).hexdigest() for n in manifest["sha256"]}
        parts["release.json"] = json.dumps(manifest).encode()
    folder = _folder() / "made.release"
    folder.mkdir(exist_ok=True)
    for name, part in parts.items():
        (folder / name).write_bytes(part)
    with suppress(FairshareError):
        verify_release(folder)
    release = Release.load(folder)
    contents(release)
    report = public_report(release)
    return release.sample(5, seed=1), report.to_html(), report.to_markdown()


def _chained(parts: dict[str, bytes]) -> dict[str, bytes]:
    """Ledger and certificate with the head that the entries lead to."""
    ledger, certificate = json.loads(parts["ledger.json"]), json.loads(parts["certificate.json"])
    ledger["head"] = certificate["privacy"]["ledger_head"] = replay_head(ledger)
    return {"ledger.json": json.dumps(ledger).encode(), "certificate.json": json.dumps(certificate).encode()}


def _with_array(archive: bytes, number: int, array: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(packed, "w") as new:
        members = old.namelist()
        for name in members:
            new.writestr(name, array if name == members[number % len(members)] else old.read(name))
    return packed.getvalue()


# -- the ledger of a data set


@cache
def _ledger() -> bytes:
    path = _folder() / "l.ledger"
    ledger = DurableLedger.create(path, Budget(epsilon=1, delta=1e-9), PrivacyUnit())
    run = ledger.reserve(Budget(epsilon=0.1, delta=1e-9), PrivacyUnit(), plan="p", run_id="one")
    run.bind(b"c")
    run.leave()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


def read_ledger(content: bytes) -> object:
    """The file's bytes; or its promise; or one more line, chained as it should be; or a stored release."""
    which, rest = (content[0] % 4 if content else 0), content[1:]
    path = _file("f.ledger", rest if which == 0 else _ledger())
    for old in _folder().glob("f.ledger-*"):
        old.unlink()
    if which != 0:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _tampered(connection, which, rest)
    return DurableLedger(path).verify().to_dict()


def _tampered(connection: sqlite3.Connection, which: int, content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    if which == 1:
        connection.execute("UPDATE promise SET body = ?", (text,))
        with suppress(ValueError, RecursionError):
            head = genesis(json.loads(text))
            for number, run, state, body in connection.execute("SELECT number, run, state, body FROM lines").fetchall():
                head = chained(head, run, state, json.loads(body)).hash
                connection.execute("UPDATE lines SET hash = ? WHERE number = ?", (head, number))
    elif which == 2:
        run, _, text = text.partition("\n")
        state, _, body = text.partition("\n")
        (head,) = connection.execute("SELECT hash FROM lines ORDER BY number DESC").fetchone()
        with suppress(ValueError, RecursionError):
            head = chained(head, run, state, json.loads(body)).hash
        with suppress(UnicodeEncodeError):
            connection.execute("INSERT INTO lines VALUES (3, ?, ?, ?, ?)", (run, state, body, head))
    else:
        connection.execute("INSERT INTO releases VALUES ('one', ?)", (content,))


# -- good inputs


def good_schema() -> bytes:
    SCHEMA.save(_folder() / "good.toml")
    return (_folder() / "good.toml").read_bytes()


def good_plan() -> bytes:
    parties = [
        *({"name": f"s{i}", "role": "server", "address": f"127.0.0.1:{7000 + i}"} for i in (1, 2, 3)),
        {"name": "alice", "role": "holder", "row_cap": 400},
        {"name": "driver", "role": "driver"},
    ]
    tree = {
        "format": 1,
        "title": "two clinics",
        "fairshare": __version__,
        "protocol": PROTOCOL,
        "privacy": {"epsilon": 1.0, "delta": 1e-9},
        "mechanism": {"name": "mst", "knobs": {"compress_below": 2.0}},
        "data": {"partition": "horizontal"},
        "limits": {"start_seconds": 10.0, "step_seconds": 5.0, "driver_seconds": 20.0, "frame_mb": 64},
        "parties": parties,
        "schema": Schema.from_domain({"a": 2, "b": 3}).to_dict(),
    }
    return plan_text(Plan(tree)).encode()


def good_messages() -> list[bytes]:
    offers = Offers(cliques=(("a",), ("b",)), estimates=np.array([1, 2, 3, 4, 5]), weights=(1, 2), penalties=(0, 3))
    requests = [
        Measure(cliques=(("a",), ("a", "b")), sigmas=(3.0, 5.0), maps={"a": np.array([0, 0, 1])}),
        Select(offers=offers, epsilon=0.5),
        Score(offers=offers, sigma=9.0),
        Finish(),
    ]
    replies = [Answer(values=np.array([1, -2]), head="ab"), Refusal(kind="BudgetError", message="no")]
    codes = {"a": np.array([0, 1, 2, 1], dtype=np.uint8), "b": np.array([0, 1, 1, 1], dtype=np.uint8)}
    parts = [
        contribute(TERMS, "whole", codes),
        contribute(TERMS, "left", codes, np.arange(4 * 32, dtype=np.uint8).reshape(4, 32)),
    ]
    return [
        *(b"\0" + r.to_bytes() for r in requests),
        *(b"\1" + r.to_bytes() for r in replies),
        *(b"\2" + part[0].to_bytes() for part in parts),
        *(b"\3" + part[2].to_bytes() for part in parts),
    ]


def good_frames() -> list[bytes]:
    def frame(kind: Kind, payload: bytes, sequence: int) -> bytes:
        ends = {"sender": 4, "receiver": 1, "session": bytes(32), "step": 0}
        return header(kind=kind, sequence=sequence, length=len(payload), **ends) + payload

    messages = good_messages()
    one = frame(Kind.CONTRIBUTION, messages[0][1:], 0) + frame(Kind.BYE, messages[6][1:], 1)
    return [b"\x10" + one, b"\xff" + frame(Kind.ABORT, messages[5][1:], 0), b"\0" + frame(Kind.HELLO, b"", 0)]


def good_releases() -> list[bytes]:
    parts = _parts()
    with zipfile.ZipFile(io.BytesIO(parts["model.npz"])) as archive:
        arrays = [archive.read(name) for name in archive.namelist()]
    names = ("release.json", "certificate.json", "ledger.json", "model.npz")
    return [bytes([i]) + parts[name] for i, name in enumerate(names)] + [
        bytes([len(names) + i]) + array for i, array in enumerate(arrays)
    ]


def good_ledgers() -> list[bytes]:
    with closing(sqlite3.connect(_file("g.ledger", _ledger()))) as connection:
        (promise,) = connection.execute("SELECT body FROM promise").fetchone()
        (body,) = connection.execute("SELECT body FROM lines").fetchone()
    lines = [b"\2one\nreturned\n{}", b"\2two\nreserve\n" + body.encode(), b'\2one\nreveal\n{"release":"ab"}']
    return [b"\0" + _ledger(), b"\1" + promise.encode(), *lines, b"\3release"]


TABLE = b'a,n,r,d,b\n"x",3,0.5,2001-03-04,true\n,12,nan,0001-01-01,False\n\xef\xbb\xbf"y""",-1e5,,x,1\n'

READERS: dict[str, Callable[[bytes], object]] = {
    "csv": read_csv,
    "schema": read_schema,
    "plan": read_plan,
    "frame": read_frames,
    "message": read_message,
    "release": read_release,
    "packed": unpack,
    "ledger": read_ledger,
}
GOOD: dict[str, Callable[[], list[bytes]]] = {
    "csv": lambda: [TABLE, TABLE.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + TABLE],
    "schema": lambda: [good_schema()],
    "plan": lambda: [good_plan()],
    "frame": good_frames,
    "message": good_messages,
    "release": good_releases,
    "packed": lambda: [pack(_release())],
    "ledger": good_ledgers,
}
