"""Planted faults must turn the suite red. A few run here; ``make mutants`` runs all."""

import pytest

from tests.audit.mutants import MUTANTS, survives


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.fast], ids=lambda m: m.name)
def test_the_suite_notices(mutant):
    assert not survives(mutant), f"nothing noticed: {mutant.name}"
