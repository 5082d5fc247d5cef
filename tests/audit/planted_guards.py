"""Faults planted in what stands guard: over requests, over what holders share, over servers' ledgers, over sources."""

from tests.audit.mutants import Mutant

__all__ = ["PLANTED_GUARDS"]

_VETTING = "mpc/vetting.py"
_FALSE_COUNTS = "tests/unit/mpc/test_vetting.py::test_false_counts_are_refused_by_name"
_FALSE_ROWS = "tests/unit/mpc/test_vetting.py::test_false_rows_are_refused_by_name"
_FORESIGHT = "tests/unit/mpc/test_foresight.py"
_WITNESS = "tests/unit/mpc/test_witness.py"
_REFUSES = "tests/unit/mpc/test_server_refuses.py"
_HOSTILE = "tests/unit/curator/test_hostile_driver.py"
_PURCHASE = "tests/unit/evaluation/test_purchase.py"
_DUCKDB = "tests/engines/test_duckdb.py"

_REQUESTS = [
    Mutant(
        "noise",
        "a coin of almost no bias wraps around to a sure one",
        "mpc/select.py",
        "min(t >> _LOW, (1 << LANES) - 1)",
        "(t >> _LOW) % (1 << LANES)",
        "tests/unit/mpc/test_mpc_select.py::test_coins_of_almost_no_bias_stay_below_the_words_they_are_compared_with",
    ),
    Mutant(
        "noise",
        "an epsilon may be as small as a float",
        "privacy/events.py",
        "_MIN_EPSILON: Final = 2.0**-20",
        "_MIN_EPSILON: Final = 2.0**-1000",
        f"tests/unit/privacy {_HOSTILE} {_REFUSES}",
    ),
    Mutant(
        "sensitivity",
        "estimates are added up in 64 bits before their sum is checked",
        "mpc/tasks.py",
        "np.add.reduceat(offers.estimates.astype(np.float64), starts)",
        "np.add.reduceat(offers.estimates, starts)",
        f"{_REFUSES}::test_estimates_that_would_wrap_around_64_bits_are_refused",
    ),
    Mutant(
        "sensitivity",
        "the ring of scores has no room for estimates",
        "mpc/tasks.py",
        "weights * (rows + estimated - penalties)",
        "weights * (rows - penalties)",
        f"{_REFUSES}::test_scores_that_only_estimates_make_large_do_not_wrap",
    ),
    Mutant(
        "sensitivity",
        "the trusted curator scores one candidate twice for one price",
        "curator/base.py",
        "    if len({c.clique for c in copies}) != len(copies):",
        "    if False:",
        _HOSTILE,
    ),
    Mutant(
        "sensitivity",
        "a person at several holders is priced as one holder's",
        "mpc/plan.py",
        "(1 if self.schema.person is None else len(self.holders))",
        "1",
        "tests/unit/mpc/test_plan.py::test_a_person_may_be_at_every_holder",
    ),
    Mutant(
        "sensitivity",
        "persons are taken where columns are split",
        "mpc/plan.py",
        "        if split and self.schema.person is not None:",
        "        if False:",
        "tests/unit/mpc/test_plan.py::test_what_does_not_fit_is_refused_by_name",
    ),
    Mutant(
        "order",
        "a server charges before all agree on what was asked",
        "mpc/server.py",
        "        await _agree(session, hashlib.sha256(place + request.to_bytes()).digest())\n"
        "        self._charge(task.event)\n",
        "        self._charge(task.event)\n"
        "        await _agree(session, hashlib.sha256(place + request.to_bytes()).digest())\n",
        f"{_REFUSES}::test_a_driver_that_tells_servers_different_things_gets_nothing",
    ),
    Mutant(
        "noise",
        "noise made ahead serves another scale",
        "mpc/randomness.py",
        "made is not None and [made[0].draw] == list(draws) and made[0].ring == ring",
        "made is not None and [made[0].draw.count] == [d.count for d in draws]",
        _FORESIGHT,
    ),
    Mutant(
        "noise",
        "noise made ahead serves twice",
        "mpc/randomness.py",
        "made, self._noise = self._noise, None",
        "made = self._noise",
        _FORESIGHT,
    ),
    Mutant(
        "noise",
        "coins made ahead serve another rate",
        "mpc/randomness.py",
        "(made[0].index_bits, made[0].rate) == (selection.index_bits, selection.rate)",
        "made[0].index_bits == selection.index_bits",
        _FORESIGHT,
    ),
    Mutant(
        "noise",
        "coins made ahead serve twice",
        "mpc/randomness.py",
        "made, self._coins = self._coins, None",
        "made = self._coins",
        _FORESIGHT,
    ),
    Mutant(
        "noise",
        "what was made ahead outlives the next call",
        "mpc/randomness.py",
        "        self._noise = self._coins = None\n        self._foresight",
        "        self._foresight",
        _FORESIGHT,
    ),
]

_SHARED = [
    Mutant("shares", "counts may be negative", _VETTING, "parts += [own, running", "parts += [running", _FALSE_COUNTS),
    Mutant(
        "shares",
        "a holder may count more rows than agreed",
        _VETTING,
        "cap = ring.encode(np.array(held.owner.most_rows))",
        "cap = ring.encode(np.array((1 << ring.bits - 2)))",
        _FALSE_COUNTS,
    ),
    Mutant(
        "shares",
        "marginals need not fit together",
        _VETTING,
        "differences.append(own.reshape(len(rest), -1).sum(axis=1) - rest)",
        "differences.append(rest - rest)",
        _FALSE_COUNTS,
    ),
    Mutant(
        "shares",
        "columns may have different totals",
        _VETTING,
        "differences.append(own.sum().reshape(1) - total)",
        "differences.append(total - total)",
        _FALSE_COUNTS,
    ),
    Mutant(
        "shares",
        "entries of a record may be other than 0 and 1",
        _VETTING,
        "session.reshare(ring, ring.subtract(squares, linear.pair[0]))",
        "session.reshare(ring, ring.subtract(squares, squares))",
        _FALSE_ROWS,
    ),
    Mutant(
        "shares",
        "a record may have several values of a column",
        _VETTING,
        "return [entries.reshape(-1), missing.reshape(-1)]",
        "return [entries.reshape(-1), (missing - missing).reshape(-1)]",
        _FALSE_ROWS,
    ),
    Mutant(
        "shares",
        "counts may be of other rows than were shared",
        _VETTING,
        "differences.append(total.plus(session.party, total.ring.encode(np.array([-held.rows.shape[1]]))))",
        "pass",
        "tests/unit/mpc/test_vetting.py::test_counts_of_other_rows_than_were_shared_are_refused",
    ),
    Mutant(
        "shares",
        "a holder may give two servers different summands",
        _VETTING,
        "        if told[_DIGEST_BYTES * place :][:_DIGEST_BYTES] != own:",
        "        if False:",
        "tests/unit/mpc/test_vetting.py::test_different_shares_for_two_servers_are_refused_by_name",
    ),
    Mutant(
        "shares",
        "rows are shared in the order of the file",
        "mpc/alignment.py",
        'order = np.argsort(OsEntropy().words(len(keys)), kind="stable")',
        "order = np.arange(len(keys))",
        "tests/unit/mpc/test_order_and_pins.py",
    ),
]

_LEDGERS = [
    Mutant(
        "order",
        "a server's signature under its ledger's head is not verified",
        "mpc/wire/witness.py",
        "return verify(certificate, self._message(), self.signature)",
        "return True",
        _WITNESS,
    ),
    Mutant(
        "order",
        "what a server signed is not held against its ledger",
        "mpc/wire/witness.py",
        "if standing.charges >= len(heads) or heads[standing.charges] != standing.head:",
        "if False:",
        _WITNESS,
    ),
    Mutant(
        "order",
        "servers' chains are not held against one another",
        "mpc/wire/witness.py",
        "len(file.heads) < len(theirs.heads) - 1",
        "False",
        _WITNESS,
    ),
    Mutant(
        "order",
        "two servers may write one ledger",
        "mpc/wire/durable.py",
        "        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n",
        "",
        "tests/unit/mpc/test_server_ledger.py tests/unit/mpc/test_order_and_pins.py",
    ),
]

_SOURCES = [
    Mutant(
        "sensitivity",
        "a person's rows are limited in a view, whose rows have no order",
        "counting/opening.py",
        "if schema.person is not None and not source.is_table:",
        "if False:",
        _DUCKDB,
    ),
    Mutant(
        "sensitivity",
        "rows that go between two scans are not missed",
        "counting/scanned.py",
        "        if kept is not None and start != len(kept):\n            raise _changed()\n",
        "",
        _DUCKDB,
    ),
    Mutant(
        "sensitivity",
        "a dictionary that repeats an entry multiplies a person",
        "schema/persons.py",
        "encoded = pa.chunked_array(stored).dictionary_encode().unify_dictionaries()",
        "encoded = pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array(range(len(s))), s) for s in stored])",
        "tests/unit/schema/test_persons.py",
    ),
    Mutant(
        "noise",
        "quality figures are sold under predictable noise",
        "evaluation/purchase.py",
        "    if not noise.secure:",
        "    if False:",
        _PURCHASE,
    ),
    Mutant(
        "sensitivity",
        "quality figures forget the release's relation",
        "evaluation/purchase.py",
        'relation=release.certificate["privacy"]["relation"]',
        'relation="add-remove"',
        _PURCHASE,
    ),
    Mutant(
        "sensitivity",
        "quality figures forget a person's limit",
        "evaluation/purchase.py",
        "max_rows=schema.max_rows_per_person or 1",
        "max_rows=1",
        _PURCHASE,
    ),
    Mutant(
        "order",
        "quality figures are counted before the ledger has reserved them",
        "evaluation/purchase.py",
        "    plan = plan_of(\n        asked=",
        "    compute()\n    plan = plan_of(\n        asked=",
        _PURCHASE,
    ),
    Mutant(
        "sensitivity",
        "a view of any columns passes for a table",
        "io/duck.py",
        'return bool(found[0][0] == ["BASE TABLE"])',
        "return bool(found[0][0])",
        _DUCKDB,
    ),
    Mutant(
        "sensitivity",
        "rows of a table's children tie",
        "counting/postgres.py",
        "ORDER BY tableoid, ctid",
        "ORDER BY ctid",
        "tests/engines/test_postgres.py",
    ),
    Mutant(
        "sensitivity",
        "bytes that are no text merge persons",
        "io/csv.py",
        'f"{_SIGN}{ord(found[0]) & 0xFF:02x}"',
        "_SIGN",
        "tests/unit/schema/test_persons.py",
    ),
    Mutant(
        "sensitivity",
        "an apostrophe is taken off keys",
        "io/csv.py",
        "    if as_is:\n        return column\n",
        "",
        "tests/unit/schema/test_persons.py",
    ),
    Mutant(
        "sensitivity",
        "a pattern counts a file once for each way in which it matches",
        "io/batches.py",
        "sorted(set(_matching(text)))",
        "sorted(_matching(text))",
        "tests/unit/io/test_batches.py",
    ),
    Mutant(
        "sensitivity",
        "a file under two names counts twice",
        "io/batches.py",
        "            if first is not path:",
        "            if False:",
        "tests/unit/io/test_batches.py",
    ),
    Mutant(
        "budget",
        "a ledger may have two names",
        "privacy/durable_store.py",
        "if self.path.stat().st_nlink > 1 or _is_mounted(self.path):",
        "if False:",
        "tests/unit/privacy/test_durable.py",
    ),
    Mutant(
        "budget",
        "a ledger's link has a folder of its own",
        "privacy/durable_side.py",
        "place = ledger.resolve()",
        "place = ledger",
        "tests/unit/privacy/test_durable.py",
    ),
    Mutant(
        "budget",
        "the epsilon said to be spent forgets what delta keeps",
        "privacy/ledger.py",
        "epsilon_of_rho(spent, rest)",
        "epsilon_of_rho(spent, delta)",
        "tests/unit/privacy/test_ledger.py",
    ),
]

PLANTED_GUARDS = [*_REQUESTS, *_SHARED, *_LEDGERS, *_SOURCES]
