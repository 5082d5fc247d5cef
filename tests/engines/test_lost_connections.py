"""A PostgreSQL that goes away, a user who interrupts: what is told, what is spent, what still runs on the server."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairshare.counting import InDatabase
from fairshare.counting.postgres import PostgresTable
from fairshare.errors import PeerError
from fairshare.privacy import Budget, DurableLedger, PrivacyUnit
from fairshare.release import synthesize
from fairshare.schema import Integer, Schema

OURS = "FROM pg_stat_activity WHERE application_name = 'fairshare'"
PUBLIC = Schema(columns=(Integer(name="a", bounds=(0, 4)), Integer(name="b", bounds=(0, 4))))


@pytest.fixture
def slow(server):
    """A view that takes a quarter of an hour to count, and no time to look at."""
    server.execute("DROP VIEW IF EXISTS slow")
    server.execute(
        "CREATE VIEW slow AS SELECT (i % 5 + length(pg_sleep(0.01)::text))::int4 AS a, (i % 3)::int4 AS b "
        "FROM generate_series(1, 100000) AS i"
    )
    return "slow"


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "a.ledger"
    DurableLedger.create(path, Budget(epsilon=3, delta=1e-9), PrivacyUnit(relation="add-remove", max_rows=1))
    return path


def end_ours(server):
    server.execute(f"SELECT pg_terminate_backend(pid) {OURS}")
    server.fetchall()


def at_work(server):
    """How many of our queries run on the server."""
    server.execute(f"SELECT count(*) {OURS} AND state = 'active'")
    return server.fetchone()[0]


def comes(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return met


def spent(ledger):
    return DurableLedger(ledger).history().spent


def released(engine, ledger):
    return synthesize(engine, PUBLIC, epsilon=1, delta=1e-9, ledger=ledger, rows=5)


def test_lost_before_it_counts_nothing_is_spent(postgres, server, slow, ledger):
    engine = PostgresTable(postgres, slow, PUBLIC)
    end_ours(server)
    with pytest.raises(PeerError, match="stopped answering"):
        released(engine, ledger)
    assert spent(ledger) == 0
    engine.close()


def test_out_of_reach_nothing_is_spent(ledger):
    with pytest.raises(PeerError, match="nothing was spent"):
        released(InDatabase(address="postgresql://me@127.0.0.1:1/db", table="t"), ledger)
    assert spent(ledger) == 0


def test_lost_while_it_counts_the_charge_stays_and_nothing_is_released(postgres, server, slow, ledger):
    engine = PostgresTable(postgres, slow, PUBLIC, watch=lambda done, parts: end_ours(server))
    with pytest.raises(PeerError, match=r"stopped answering.*what was charged stays charged"):
        released(engine, ledger)
    assert spent(ledger) > 0
    engine.close()
    # The promise still covers a run that comes after.
    server.execute("CREATE OR REPLACE VIEW quick AS SELECT 1::int4 AS a, 2::int4 AS b FROM generate_series(1, 200)")
    assert released(InDatabase(address=postgres, table="quick"), ledger).table.num_rows == 5


def test_progress_comes_while_one_query_runs(postgres, server, slow):
    seen = []

    def watch(done, parts):
        seen.append((done, parts))
        if len(seen) == 3:
            raise TimeoutError

    engine = PostgresTable(postgres, slow, PUBLIC, watch=watch)
    with pytest.raises(TimeoutError):
        engine.counts([("a",), ("b",)])
    assert seen == [(0, seen[0][1])] * 3
    assert comes(lambda: at_work(server) == 0), "the query goes on though nobody wants it"
    engine.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_interrupted_leaves_no_query_and_no_file(postgres, server, slow, tmp_path, number):
    PUBLIC.save(tmp_path / "public.toml")
    command = [sys.executable, "-m", "fairshare", "synth", postgres, "--table", slow]
    command += ["--schema", str(tmp_path / "public.toml"), "--epsilon", "1", "-o", str(tmp_path / "made.csv")]
    running = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert comes(lambda: at_work(server) == 1 or running.poll() is not None, seconds=120)
    running.send_signal(number)
    _, told = running.communicate(timeout=120)
    assert running.returncode == 130, told
    assert "interrupted" in told
    assert comes(lambda: at_work(server) == 0)
    assert [path.name for path in Path(tmp_path).iterdir()] == ["public.toml"]
