"""What each statistical test would notice, at which false alarm: stated by the tests, printed at the end of a run.

A test says so through the ``power`` fixture. ``make audit`` prints the table; the suite says nothing.
"""

import os

import numpy as np
import pytest
from scipy.stats import chi2, ncx2

__all__ = ["FULL", "least_noticed", "power", "pytest_terminal_summary"]

#: Everything at full depth, as ``make audit`` runs it.
FULL = os.environ.get("FAIRSHARE_AUDIT") == "full"
_PROPERTY = "power"


@pytest.fixture
def power(record_property):
    """``power(alarm=1e-6, notices="...")``: what the test would notice, and how often it cries wolf."""

    def state(*, alarm, notices):
        record_property(_PROPERTY, [float(alarm), str(notices)])

    return state


def pytest_terminal_summary(terminalreporter):
    if not FULL:
        return
    stated = [
        (report.nodeid.rpartition("/")[2], *value)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in getattr(report, "user_properties", [])
        if name == _PROPERTY and report.when == "call"
    ]
    terminalreporter.section("power: what would be noticed, at which false alarm")
    for test, alarm, notices in sorted(stated):
        terminalreporter.write_line(f"{alarm:8.1e}  {test}: {notices}")


def least_noticed(expected, draws, *, alarm, surely=0.99):
    """The least widening c > 1 of a law that a chi-square test notices with probability ``surely``.

    Args:
        expected: ``expected(c)`` are the probabilities of the cells where the law is c times as wide.
        draws: sample size.
        alarm: the test's level.
    """
    null = expected(1.0)
    cells = null * draws >= 25
    level = chi2.isf(alarm, cells.sum() - 1)

    def noticed(c):
        shift = draws * ((expected(c) - null)[cells] ** 2 / null[cells]).sum()
        return ncx2.sf(level, cells.sum() - 1, shift) >= surely

    low, high = 1.0, 2.0
    for _ in range(30):
        middle = np.sqrt(low * high)
        low, high = (low, middle) if noticed(middle) else (middle, high)
    return high
