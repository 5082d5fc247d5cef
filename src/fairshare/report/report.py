"""A report: one JSON-able content, and the page and the card that are drawn from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairshare.release import Release
from fairshare.report.columns import compared_columns, released_columns
from fairshare.report.exactness import exactness
from fairshare.report.graph import verdict
from fairshare.report.ledger import ledger
from fairshare.report.limits import limits, private_limits
from fairshare.report.pairs import compared_pairs, released_pairs
from fairshare.report.promise import promise
from fairshare.report.reproduce import mechanism_name, reproduce
from fairshare.report.scores import tables
from fairshare.schema import Schema
from fairshare.version import __version__

__all__ = ["Report", "private_report", "public_report"]

_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a page says, before it is drawn.

    Attributes:
        private: whether anything in it was computed from real rows; such a report stays with the holder.
        content: everything that the page shows, JSON-able.
    """

    private: bool
    content: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The content, for machines; the page carries the same."""
        return dict(self.content)

    def to_html(self) -> str:
        """One self-contained page: no network, no storage, and no script but its own."""
        from fairshare.report.page import page

        return page(self.content)

    def to_markdown(self) -> str:
        """A short card to publish next to the table.

        Raises:
            UsageError: the report is private.
        """
        from fairshare.report.card import card

        return card(self.content)


def public_report(release: Release) -> Report:
    """A page that may be published with the table.

    Args:
        release: the only source: every number in the page is a released value, or follows from released values.

    Privacy:
        Post-processing of the release: costs nothing.
    """
    return Report(private=False, content={**_head(None, release.schema, release.rows), **_released(release)})


def private_report(findings: Mapping[str, Any], schema: Schema, release: Release | None = None) -> Report:
    """A page with real rows beside synthetic ones, stamped as not private.

    Args:
        findings: what ``Findings.to_dict`` gives.
        schema: the schema of both tables.
        release: the release behind the synthetic table; without it the page can't tell of promise and model.

    Privacy:
        None. Whoever publishes the page spends privacy that no ledger records.
    """
    released = {} if release is None else _released(release)
    compared = {
        "columns": compared_columns(findings["marginals"], schema),
        "pairs": compared_pairs(findings["pairs"]),
        "findings": tables(findings),
    }
    told = private_limits() + list(released.get("limits", ()))
    head = _head(str(findings["notice"]), schema, findings["rows"]["synthetic"])
    return Report(private=True, content={**head, **released, **compared, "limits": told})


def _head(notice: str | None, schema: Schema, rows: int) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "private": notice is not None,
        "notice": notice,
        "drawn_by": f"fairshare {__version__}",
        "rows": rows,
        "column_count": len(schema.sizes),
    }


def _released(release: Release) -> dict[str, Any]:
    certificate = release.certificate
    return {
        "made_by": certificate["made_by"],
        "made_on": certificate["made_on"],
        "mechanism": dict(certificate["mechanism"]),
        "mechanism_name": mechanism_name(release),
        "warnings": _warnings(certificate),
        "promise": promise(release),
        "ledger": ledger(release.ledger),
        "fairness": verdict(release),
        "columns": released_columns(release),
        "pairs": released_pairs(release),
        "exactness": exactness(release),
        "limits": limits(release),
        "reproduce": reproduce(release),
    }


def _warnings(certificate: Mapping[str, Any]) -> list[str]:
    """What the certificate warns of, but for proxies: these are told once, with the verdict."""
    claimed = certificate.get("fairness") or {}
    told = {proxy["message"] for proxy in claimed.get("proxies", ())}
    return [warning for warning in certificate["warnings"] if warning not in told]
