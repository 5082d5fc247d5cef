"""A short Markdown card to publish next to the table: what it is, what it promises, what it is not for."""

from collections.abc import Mapping
from typing import Any

from fairshare.errors import UsageError
from fairshare.report.rendering import environment

__all__ = ["card"]


def card(content: Mapping[str, Any]) -> str:
    """Markdown of a report.

    Args:
        content: what ``Report.to_dict`` gives, of a public report.

    Raises:
        UsageError: the report is private: a card is made to be published.
    """
    if content["private"]:
        raise UsageError("a card is made to be published, and this report is private: make it from the release alone")
    return environment().get_template("card.md").render(content=content)
