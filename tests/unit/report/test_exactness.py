"""Bounds in the page: the certificate's, as shares of the rows, and true of the table that was measured."""

import json

import numpy as np
import pytest

from fairshare.report import public_report
from fairshare.report.exactness import exactness
from tests.unit.report.conftest import PLAIN, rows


def test_shares_are_the_certificates_bounds(fair_release):
    told = exactness(fair_release)
    certified = {tuple(b["columns"]): b for b in fair_release.certificate["uncertainty"]["bounds"]}
    shown = [bound for group in told["groups"] for bound in group["bounds"]]
    assert {tuple(b["columns"]) for b in shown} == set(certified)
    for bound in shown:
        expected = min(1.0, certified[tuple(bound["columns"])]["l1"] / (2 * fair_release.model.total))
        assert bound["share"] == pytest.approx(expected, abs=1e-6)
    for group in told["groups"]:
        shares = [bound["l1"] for bound in group["bounds"]]
        assert shares == sorted(shares, reverse=True)
        assert {len(bound["columns"]) for bound in group["bounds"]} == {group["columns"]}
    assert told["confidence"] == 0.95
    assert json.loads(json.dumps(told)) == told


def test_they_hold_for_the_table(fair_release):
    """One of eight bounds at 95% may fail; half of them fail by chance with probability below 1e-3."""
    codes, schema = fair_release.schema.encode(rows(PLAIN)), fair_release.schema
    held = []
    for bound in (b for group in exactness(fair_release)["groups"] for b in group["bounds"]):
        sizes = [schema.sizes[name] for name in bound["columns"]]
        cells = np.ravel_multi_index([codes[name].astype(np.int64) for name in bound["columns"]], sizes)
        real = np.bincount(cells, minlength=int(np.prod(sizes))).reshape(sizes)
        held.append(np.abs(real - fair_release.marginal(bound["columns"])).sum() <= bound["l1"] + 0.05)
    assert np.mean(held) > 0.5
    assert len(held) >= 6


def test_in_the_page_the_card_and_the_json(fair_release):
    report = public_report(fair_release)
    assert report.to_dict()["exactness"] == exactness(fair_release)
    page = report.to_html()
    assert 'id="exactness"' in page
    assert page.count('href="#exactness"') == 1
    assert "## How exact" in report.to_markdown()


def test_a_release_without_bounds_says_nothing(fair_release):
    from dataclasses import replace

    bare = replace(fair_release, certificate={k: v for k, v in fair_release.certificate.items() if k != "uncertainty"})
    report = public_report(bare)
    assert report.to_dict()["exactness"] is None
    assert 'id="exactness"' not in report.to_html()
    assert "## How exact" not in report.to_markdown()
