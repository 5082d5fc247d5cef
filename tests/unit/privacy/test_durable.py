"""The ledger of a data set: totals, states, refusals, tampering; each refusal leaves the account as it was."""

import ast
import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairshare.errors import BudgetError, IntegrityError, UsageError
from fairshare.privacy import Budget, DurableLedger, History, Ledger, MeasureEvent, PrivacyUnit, durable, durable_store
from fairshare.privacy.durable_history import chained, genesis

UNIT = PrivacyUnit()
ONE = Budget(epsilon=1, delta=1e-9)
CONTENT = b"input"


@pytest.fixture
def path(tmp_path):
    DurableLedger.create(tmp_path / "a.ledger", Budget(epsilon=2, delta=1e-9), UNIT)
    return tmp_path / "a.ledger"


def reserve(path, budget=ONE, unit=UNIT, *, plan="plan", run_id=None):
    return DurableLedger(path).reserve(budget, unit, plan=plan, run_id=run_id)


def bound(path, *, content=CONTENT, **options):
    run = reserve(path, **options)
    assert run.bind(content) is None
    return run


def charged(budget=ONE):
    account = Ledger(budget, UNIT)
    account.charge(MeasureEvent(cliques=(("a",),), cells=2, sigmas=(50.0,), unit=UNIT))
    return account


def whole(path, release=b"release", *, content=CONTENT, **options):
    """A run to its end; what an earlier one stored, if it was resumed."""
    run = reserve(path, **options)
    stored = run.bind(content)
    if stored is None:
        run.reveal(charged(), release)
    run.done()
    return stored


def states(path):
    return [run.state for run in DurableLedger(path).history().runs.values()]


class TestTotal:
    def test_is_converted_once_and_rounded_down(self, path):
        history = DurableLedger(path).history()
        assert history.total == Budget(epsilon=2, delta=1e-9).nano_rho == history.remaining
        assert history.spent == 0

    def test_runs_spend_the_rho_of_their_epsilon_and_not_a_billionth_more(self, path):
        total = DurableLedger(path).history().total
        granted = total // ONE.nano_rho
        for _ in range(granted):
            whole(path)
        with pytest.raises(BudgetError, match="is left in the ledger; nothing was spent"):
            reserve(path)
        history = DurableLedger(path).verify()
        assert history.spent == granted * ONE.nano_rho <= total
        assert states(path) == ["done"] * granted

    def test_the_whole_total_can_be_spent_by_one_run(self, path):
        reserve(path, Budget(epsilon=2, delta=1e-9)).leave()
        assert DurableLedger(path).history().remaining == 0
        with pytest.raises(BudgetError):
            reserve(path, Budget(epsilon=0.01, delta=1e-9))

    @pytest.mark.parametrize(
        ("budget", "unit", "message"),
        [
            (Budget(epsilon=1, delta=1e-8), UNIT, r"delta \(1e-08\) must be the ledger's \(1e-09\)"),
            (Budget(epsilon=1, delta=1e-10), UNIT, r"delta \(1e-10\) must be the ledger's"),
            (ONE, PrivacyUnit(relation="replace-one"), "protects one row added or removed, and this run one row repl"),
            (ONE, PrivacyUnit(max_rows=2), "use one unit"),
        ],
    )
    def test_another_delta_or_unit_is_refused(self, path, budget, unit, message):
        with pytest.raises(BudgetError, match=message):
            reserve(path, budget, unit)
        assert states(path) == []


class TestStates:
    def test_reserved_before_anything_is_returned(self, path):
        run = reserve(path)
        assert DurableLedger(path).history().spent == ONE.nano_rho
        assert states(path) == ["reserve"]
        run.bind(CONTENT)
        assert states(path) == ["bind"]
        run.reveal(charged(), b"release")
        assert states(path) == ["reveal"]
        run.done()
        assert states(path) == ["done"]

    @pytest.mark.parametrize("begin", [reserve, bound])
    def test_a_failure_before_the_first_charge_is_given_back(self, path, begin):
        begin(path).abandon(Ledger(ONE, UNIT))
        assert states(path) == ["returned"]
        assert DurableLedger(path).history().spent == 0

    @pytest.mark.parametrize("begin", [reserve, bound])
    def test_a_failure_after_the_first_charge_is_burnt(self, path, begin):
        begin(path).abandon(charged())
        assert states(path) == ["burnt"]
        assert DurableLedger(path).history().spent == ONE.nano_rho

    def test_a_dead_run_is_burnt_and_a_living_one_is_not(self, path):
        alive = bound(path, run_id="alive")
        reserve(path, Budget(epsilon=0.1, delta=1e-9), run_id="dead").leave()  # drops the lock, as a dying process does
        reserve(path, Budget(epsilon=0.1, delta=1e-9), run_id="next")
        assert states(path) == ["bind", "burnt", "reserve"]
        alive.reveal(charged(), b"release")

    def test_a_run_that_was_called_dead_while_it_read_is_not_bound(self, path):
        run = reserve(path, run_id="a")
        shutil.rmtree(path.with_name("a.ledger.d"))
        whole(path)
        with pytest.raises(BudgetError, match="run a is burnt in the ledger; nothing was released"):
            run.bind(CONTENT)

    def test_a_run_that_is_not_bound_to_its_input_reveals_nothing(self, path):
        run = reserve(path, run_id="a")
        with pytest.raises(BudgetError, match="run a is reserve in the ledger; nothing was released"):
            run.reveal(charged(), b"release")

    def test_a_run_is_bound_once(self, path):
        run = bound(path)
        with pytest.raises(BudgetError, match="is bind in the ledger"):
            run.bind(b"other")

    def test_a_run_that_was_called_dead_reveals_nothing(self, path):
        run = bound(path, run_id="a")
        shutil.rmtree(path.with_name("a.ledger.d"))
        whole(path)
        with pytest.raises(BudgetError, match="run a is burnt in the ledger; nothing was released"):
            run.reveal(charged(), b"release")
        run.abandon(Ledger(ONE, UNIT))
        assert states(path) == ["burnt", "done"]

    def test_a_run_may_not_spend_more_than_it_set_aside(self, path):
        run = bound(path, budget=Budget(epsilon=0.01, delta=1e-9))
        with pytest.raises(BudgetError, match="spent more than it reserved"):
            run.reveal(charged(), b"release")
        assert states(path) == ["bind"]


class TestRunId:
    def test_returns_what_was_stored_and_spends_nothing(self, path):
        whole(path, run_id="a")
        spent = DurableLedger(path).history().spent
        assert whole(path, release=b"another", run_id="a") == b"release"
        assert DurableLedger(path).history().spent == spent
        assert states(path) == ["done"]

    def test_without_one_each_call_is_a_new_run(self, path):
        assert whole(path) is None
        assert whole(path) is None
        assert len(states(path)) == 2

    @pytest.mark.parametrize("change", [{"plan": "other"}, {"content": b"other"}])
    def test_of_another_plan_or_input_is_refused(self, path, change):
        whole(path, run_id="a")
        with pytest.raises(BudgetError, match="run a had other options or another input; choose another run id"):
            whole(path, run_id="a", **change)
        assert states(path) == ["done"]

    def test_of_another_plan_is_refused_before_the_input_is_known(self, path):
        whole(path, run_id="a")
        with pytest.raises(BudgetError, match="run a had other options"):
            reserve(path, run_id="a", plan="other")

    def test_of_a_living_run_is_refused(self, path):
        run = bound(path, run_id="a")
        with pytest.raises(BudgetError, match="going on in another process"):
            reserve(path, run_id="a")
        run.reveal(charged(), b"release")

    @pytest.mark.parametrize("begin", [reserve, bound])
    def test_of_a_run_that_died_before_it_revealed(self, path, begin):
        begin(path, run_id="a").leave()
        with pytest.raises(BudgetError, match="ended without a stored release"):
            reserve(path, run_id="a")
        assert states(path) == ["burnt"]

    def test_of_a_run_that_died_after_it_revealed(self, path):
        run = bound(path, run_id="a")
        run.reveal(charged(), b"release")
        run.leave()
        assert reserve(path, run_id="a").bind(CONTENT) == b"release"
        assert states(path) == ["burnt"]

    def test_of_a_run_that_an_earlier_version_bound_as_it_reserved(self, path):
        """Its one line still verifies, and still tells its input from another."""
        ledger, release = DurableLedger(path), b"release"
        body = {"nano_rho": ONE.nano_rho, "epsilon": 1.0, "plan": "plan", "nonce": "ab"}
        with ledger._writing() as view:
            view.append("old", "reserve", body | {"commitment": ledger._side.commitment("ab", CONTENT)})
            view.append("old", "reveal", {"release": hashlib.sha256(release).hexdigest()})
            view.append("old", "done", {})
            view.keep("old", release)
        assert states(path) == [run.state for run in ledger.verify().runs.values()] == ["done"]
        assert whole(path, run_id="old") == release
        with pytest.raises(BudgetError, match="another input"):
            whole(path, run_id="old", content=b"other")

    @pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "a b", "-x", "x" * 65, "ä"])
    def test_malformed(self, path, name):
        with pytest.raises(UsageError, match="run id"):
            reserve(path, run_id=name)


class TestSecrecy:
    def test_the_file_confirms_no_guess_of_the_input(self, path):
        """Two runs on one input have nothing in common, and the key is not in the file."""
        whole(path, run_id="a")
        whole(path, run_id="b")
        first, second = (run.bound for run in DurableLedger(path).history().runs.values())
        assert first["commitment"] != second["commitment"]
        key = (path.with_name("a.ledger.d") / "key").read_bytes()
        for file in path.parent.glob("a.ledger*"):
            if file.is_file():
                assert key not in file.read_bytes()
                assert key.hex().encode() not in file.read_bytes()

    def test_without_the_key_an_earlier_run_id_is_refused(self, path):
        whole(path, run_id="a")
        (path.with_name("a.ledger.d") / "key").unlink()
        with pytest.raises(BudgetError, match="another input"):
            whole(path, run_id="a")


class TestIntegrity:
    def edit(self, path, *statements):
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM lines WHERE number = 8",
            "DELETE FROM lines WHERE number = 2",
            "UPDATE lines SET body = replace(body, '\"nano_rho\": 1', '\"nano_rho\": ') WHERE number = 1",
            "UPDATE lines SET state = 'returned' WHERE number = 2",
            "UPDATE lines SET body = '[' WHERE number = 1",
            "UPDATE lines SET body = 7 WHERE number = 1",
            "UPDATE lines SET number = 9 WHERE number = 8",
            "UPDATE promise SET body = replace(body, '\"epsilon\": 2.0', '\"epsilon\": 3.0')",
            "UPDATE promise SET body = '{}'",
            "DELETE FROM promise",
            "DROP TABLE releases",
            "CREATE TRIGGER t AFTER INSERT ON lines BEGIN DELETE FROM lines; END",
            "CREATE VIEW v AS SELECT 1",
            "PRAGMA application_id = 1",
        ],
    )
    def test_a_changed_file(self, path, statement):
        whole(path)
        whole(path)
        self.edit(path, statement)
        with pytest.raises(IntegrityError):
            DurableLedger(path)
        with pytest.raises(IntegrityError):
            reserve(path)

    @pytest.mark.parametrize("content", ["'x'", "x'00'", "7"])
    def test_a_changed_release(self, path, content):
        whole(path, run_id="a")
        self.edit(path, f"UPDATE releases SET content = {content}")  # noqa: S608
        with pytest.raises(IntegrityError, match="stored release of run a was changed"):
            DurableLedger(path).verify()
        with pytest.raises(IntegrityError):
            reserve(path, run_id="a")

    @pytest.mark.parametrize("content", [b"", b"x", b"SQLite format 3\0" + bytes(500), b"PK" * 3000])
    def test_a_foreign_file(self, tmp_path, content):
        (tmp_path / "f").write_bytes(content)
        with pytest.raises(IntegrityError):
            DurableLedger(tmp_path / "f")
        assert (tmp_path / "f").read_bytes() == content

    def test_a_damaged_page(self, path):
        for _ in range(3):
            whole(path)
        self.edit(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(path.read_bytes())
        content[4096:] = bytes(len(content) - 4096)
        path.write_bytes(content)
        with pytest.raises(IntegrityError):
            DurableLedger(path)

    def test_an_older_copy_in_its_place(self, path):
        whole(path)
        self.edit(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        older = path.read_bytes()
        whole(path)
        for file in path.parent.glob("a.ledger-*"):
            file.unlink()
        path.write_bytes(older)
        with pytest.raises(IntegrityError, match="older than the one last used here"):
            DurableLedger(path)
        with pytest.raises(IntegrityError, match="older"):
            reserve(path)

    def test_a_head_noted_elsewhere(self, path):
        whole(path)
        noted = DurableLedger(path).history().head
        whole(path)
        assert DurableLedger(path).verify(noted).head != noted
        with pytest.raises(IntegrityError, match="does not hold this head"):
            DurableLedger(path).verify("0" * 64)

    def test_read_only(self, path, monkeypatch):
        opened = sqlite3.connect
        monkeypatch.setattr(sqlite3, "connect", lambda at, **how: opened(at.replace("mode=rw", "mode=ro"), **how))
        with pytest.raises(IntegrityError, match="read-only"):
            reserve(path)

    def test_missing(self, tmp_path):
        with pytest.raises(UsageError, match="make it with 'fairshare ledger new'"):
            DurableLedger(tmp_path / "a.ledger")
        assert list(tmp_path.iterdir()) == []

    def test_never_made_over_another_file(self, path):
        before = path.read_bytes()
        with pytest.raises(UsageError, match="a ledger is never overwritten"):
            DurableLedger.create(path, ONE, UNIT)
        assert path.read_bytes() == before


PROMISE = {"epsilon": 2.0, "delta": 1e-9, "nano_rho": 1000, "relation": "add-remove", "max_rows": 1, "id": "x"}


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["reserve", "bind", "reveal", "done", "burnt", "returned"]))
    )
)
def test_only_the_state_machine_s_paths_are_histories(steps):
    """Whatever is written, correctly chained: a history is accepted exactly if each run follows the machine."""
    begun = {("reserve",), ("reserve", "bind")}  # the first alone may be revealed: earlier versions bound there
    revealed = {(*path, "reveal") for path in begun}
    paths = {(), *begun, *revealed, *((*path, "returned") for path in begun)}
    paths |= {(*path, "burnt") for path in begun | revealed} | {(*path, "done") for path in revealed}
    lines, head, legal = [], genesis(PROMISE), True
    walked = {"a": (), "b": ()}
    for run, state in steps:
        line = chained(head, run, state, {"nano_rho": 600})
        lines.append(line)
        head = line.hash
        held = sum(bool(w) and w[-1] != "returned" for w in walked.values())
        legal &= not (state == "reserve" and held)  # 1200 > 1000
        walked[run] += (state,)
        legal &= walked[run] in paths
    if legal:
        assert History(PROMISE, lines).head == head
    else:
        with pytest.raises(IntegrityError):
            History(PROMISE, lines)


@pytest.mark.parametrize("amount", [0, -1, 1001, 1.0, True, None, "1"])
def test_amounts_are_positive_integers_within_the_total(amount):
    with pytest.raises(IntegrityError):
        History(PROMISE, [chained(genesis(PROMISE), "a", "reserve", {"nano_rho": amount})])


@pytest.mark.parametrize("state", ["bind", "reveal", "done"])
def test_a_line_holds_an_object(state):
    lines = [chained(genesis(PROMISE), "a", "reserve", {"nano_rho": 600})]
    steps = {"bind": ["bind"], "reveal": ["reveal"], "done": ["reveal", "done"]}[state]
    for step in steps:
        lines.append(chained(lines[-1].hash, "a", step, [] if step == state else {}))
    with pytest.raises(IntegrityError, match=f"line {len(lines)}"):
        History(PROMISE, lines)


@pytest.mark.parametrize("change", [{"nano_rho": 10**9}, {"nano_rho": True}, {"epsilon": "2"}, {"relation": "x"}])
def test_a_promise_can_t_hold_more_than_its_epsilon(change):
    with pytest.raises(IntegrityError):
        History(PROMISE | change, [])


def test_no_clock():
    """A clock that jumps changes nothing, for none is read."""
    for file in Path(durable.__file__).parent.glob("durable*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            assert not {"time", "datetime"} & {*names, getattr(node, "module", None)}


def test_the_samplers_distance_from_their_ideals_adds_up():
    """Two events that fit alone and not together: the second is refused, and nothing of it is recorded."""
    account = Ledger(ONE, UNIT)
    cells = int(ONE.slack * 2**230 * 6 / 10)
    event = MeasureEvent(cliques=(("a",),), cells=cells, sigmas=(1000.0,), unit=UNIT)
    account.charge(event)
    with pytest.raises(BudgetError, match="distance"):
        account.charge(event)
    assert len(account) == 1


class TestOneName:
    """SQLite's lock and journal, and the folder beside the ledger, go by the file's name."""

    def test_a_second_name_is_refused(self, path, tmp_path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "a.ledger").hardlink_to(path)
        for name in (path, tmp_path / "other" / "a.ledger"):
            with pytest.raises(UsageError, match="has a second name"):
                reserve(name)

    def test_a_symbolic_link_is_the_same_ledger(self, path, tmp_path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "link").symlink_to(path)
        run = reserve(tmp_path / "other" / "link")
        assert [p.name for p in (tmp_path / "other").iterdir()] == ["link"]
        assert states(path) == ["reserve"]
        run.done()

    def test_a_mount_of_the_one_file_is_refused(self, tmp_path, monkeypatch):
        odd = tmp_path / "a \\ b.ledger"
        DurableLedger.create(odd, Budget(epsilon=2, delta=1e-9), UNIT)
        mounts = tmp_path / "mountinfo"
        line = "36 35 98:0 /data {} rw,noatime - ext4 /dev/root rw\n"
        mounts.write_text(line.format("/") + line.format(tmp_path))
        monkeypatch.setattr(durable_store, "_MOUNTS", mounts)
        assert DurableLedger(odd).history().remaining > 0
        mounts.write_text(line.format(str(odd).replace("\\", "\\134").replace(" ", "\\040")))
        with pytest.raises(UsageError, match="mount the folder and not the file"):
            reserve(odd)

    def test_a_trigger_that_is_called_as_a_table_is_refused(self, path):
        """It could undo a reservation."""
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("CREATE TRIGGER lines AFTER INSERT ON releases BEGIN DELETE FROM lines; END")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET rowid = 100 WHERE type = 'table' AND name = 'lines'")
        connection.close()
        with pytest.raises(IntegrityError, match="not a ledger of fairshare"):
            DurableLedger(path).history()
