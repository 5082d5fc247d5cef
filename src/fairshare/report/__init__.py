"""What a release promises and how it turned out, as a page to read, a card to publish and JSON for machines."""

from fairshare.report.report import Report, private_report, public_report

__all__ = ["Report", "private_report", "public_report"]
