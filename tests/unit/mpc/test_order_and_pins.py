"""What a cold look at the consortium found: row order, a second certificate behind the first, two ledgers at once."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from consortium_parties import fields

from fairshare.counting import CodedTable
from fairshare.errors import BudgetError, IntegrityError, UsageError
from fairshare.mpc.alignment import in_random_order
from fairshare.mpc.plan import Plan
from fairshare.mpc.wire.certificates import create_identity, fingerprint
from fairshare.mpc.wire.nodes import share
from fairshare.schema import Schema


def test_rows_are_sent_in_an_order_that_tells_nothing():
    """A sorted file's ranks would tell its values. Two orders of 1,000 rows agree with chance 1/1000!."""
    codes, keys = {"a": np.arange(1000, dtype=np.uint16)}, [f"r{i}" for i in range(1000)]
    first, named = in_random_order(codes, keys)
    again, _ = in_random_order(codes, keys)
    assert not np.array_equal(first["a"], codes["a"])
    assert not np.array_equal(first["a"], again["a"])
    assert [f"r{code}" for code in first["a"]] == named, "rows and keys stay together"
    assert abs(np.corrcoef(first["a"], codes["a"])[0, 1]) < 0.25  # 8 standard deviations


def test_holders_shuffle_before_they_share(monkeypatch: pytest.MonkeyPatch):
    from fairshare.mpc.wire import nodes

    class Shuffled(Exception):  # noqa: N818
        pass

    def caught(codes, keys):
        raise Shuffled

    monkeypatch.setattr(nodes, "in_random_order", caught)

    class Node:
        plan = None

        class identity:  # noqa: N801
            name = "h1"

    with pytest.raises(Shuffled):
        nodes.share(Node(), {}, ["k"], b"secret")


def test_a_second_certificate_behind_the_first_is_refused(tmp_path: Path):
    for k in range(8):  # whether a decoder stops early depends on the length of the first
        honest = create_identity("s" * (k + 1), tmp_path).pem
        other = create_identity("m" * (k + 1), tmp_path).pem
        assert len(fingerprint(honest)) == 64
        for both in (honest + other, other + honest, honest + "more"):
            with pytest.raises(IntegrityError, match="one PEM block and nothing else"):
                fingerprint(both)


def test_two_servers_cannot_hold_one_ledger(tmp_path: Path):
    from fairshare.mpc.wire.durable import _held

    first = _held(tmp_path / "state" / "s1.jsonl")
    with pytest.raises(BudgetError, match="is in use"):
        _held(tmp_path / "state" / "s1.jsonl")
    first.close()
    _held(tmp_path / "state" / "s1.jsonl").close()


def test_an_engine_that_limits_nobody_shares_nothing():
    schema = Schema.from_domain({"a": 2, "b": 3, "c": 4}).to_dict() | {"person": "who", "max_rows_per_person": 2}
    schema["columns"] = [*schema["columns"], {"name": "who", "kind": "key"}]
    node = SimpleNamespace(plan=Plan(fields(schema=schema)), identity=SimpleNamespace(name="alice"))
    engine = CodedTable(node.plan.domain, {a: np.zeros(3, dtype=np.uint8) for a in "abc"})
    with pytest.raises(UsageError, match="must limit one person's rows to 2"):
        share(node, engine)
