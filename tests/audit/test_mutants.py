"""Planted faults must turn the suite red. A few run here; ``make mutants`` runs all."""

from collections import Counter

import pytest

from tests.audit.charges import CHARGES
from tests.audit.mutants import ROOT, all_mutants, survives

KINDS = {"noise", "sensitivity", "budget", "filter", "separation", "shares", "openings", "order"}


@pytest.mark.parametrize("mutant", [m for m in all_mutants() if m.fast], ids=lambda m: m.name)
def test_the_suite_notices(mutant):
    assert not survives(mutant), f"nothing noticed: {mutant.name}"


def test_every_mutant_still_applies():
    """So that ``make mutants`` can't go stale unnoticed."""
    stale = [m.name for m in all_mutants() if m.old not in (ROOT / "src/fairshare" / m.file).read_text()]
    assert not stale


def test_the_list_covers_every_kind():
    assert set(Counter(m.about for m in all_mutants())) == KINDS
    assert len({m.name for m in all_mutants()}) == len(all_mutants()) >= 60


def test_every_line_that_charges_is_found():
    """The three calls and the charge itself, a server's, the driver's foresight, both ledgers, and the run's steps."""
    assert Counter(m.file for m in CHARGES) == {
        "curator/trusted.py": 4,
        "curator/secure.py": 1,
        "mpc/server.py": 2,
        "mpc/wire/durable.py": 2,
        "privacy/ledger.py": 2,
        "privacy/durable.py": 2,
        "release/spending.py": 2,
    }
