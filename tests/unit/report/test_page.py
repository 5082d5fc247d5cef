"""The page: whole in itself, inert whatever names are in it, and honest about what is private."""

import inspect
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

import fairshare
from fairshare.errors import UsageError
from fairshare.report import private_report, public_report
from tests.unit.report.conftest import HOSTILE, LABEL, QUOTED

VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(HTMLParser):
    """Elements with their attributes, and the text of each script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(params=["fair", "plain", "hostile", "private"])
def text(request, fair_release, plain_release, hostile_release, findings) -> str:
    if request.param == "private":
        return private_report(findings, fair_release.schema, fair_release).to_html()
    releases = {"fair": fair_release, "plain": plain_release, "hostile": hostile_release}
    return public_report(releases[request.param]).to_html()


def test_whole_in_itself(text: str) -> None:
    page = Page(text)
    assert page.open == []
    assert len(text) < 1_000_000
    for tag in ("img", "iframe", "object", "embed", "audio", "video", "form"):
        assert page.named(tag) == []
    for _, attributes in page.elements:
        for name in ("src", "href", "xlink:href", "action", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))
    assert "url(" not in text
    assert "@import" not in text


def test_locked_down(text: str) -> None:
    page = Page(text)
    policy = next(m["content"] for m in page.named("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]


def test_accessible(text: str) -> None:
    page = Page(text)
    assert dict(page.elements)["html"] == {"lang": "en"}
    assert len(page.named("h1")) == len(page.named("main")) == len(page.named("nav")) == len(page.named("footer")) == 1
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.named("svg"):
        silent = attributes.get("aria-hidden") == "true"
        assert silent or (
            attributes["role"] == "img" and (attributes.get("aria-label") or attributes["aria-labelledby"])
        )
    for attributes in page.named("section"):
        assert attributes.get("aria-labelledby") in ids
    for attributes in page.named("nav") + page.named("aside"):
        assert attributes["aria-label"]
    targets = [a["href"][1:] for a in page.named("a")]
    assert set(targets) <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_sections_in_order(fair_release, findings) -> None:
    page = Page(private_report(findings, fair_release.schema, fair_release).to_html())
    order = ["promise", "ledger", "fairness", "columns", "pairs", "exactness", "findings", "limits", "cite"]
    assert [attributes["id"] for attributes in page.named("section")] == order


def test_hostile_names_are_inert(hostile_release) -> None:
    text = public_report(hostile_release).to_html()
    for name in (HOSTILE, QUOTED, LABEL):
        assert name not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    page = Page(text)
    assert len(page.named("script")) == 2
    assert len(page.scripts) == 2
    data = json.loads(page.scripts[0])
    assert [c["name"] for c in data["columns"]] == [HOSTILE, QUOTED, "paid", "age", "city"]
    assert LABEL in [bar["label"] for bar in data["columns"][4]["bars"]]


def test_hostile_names_are_inert_on_the_card(hostile_release) -> None:
    card = public_report(hostile_release).to_markdown()
    assert "<" not in re.sub(r"\| spent \|.*", "", card)
    assert "](" not in card.replace("\\](", "")
    rows = [line for line in card.splitlines() if line.startswith("| ") and "integer" in line]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in rows)
    assert all("://" not in line for line in card.splitlines())


def test_the_data_are_the_content(fair_release) -> None:
    report = public_report(fair_release)
    assert json.loads(Page(report.to_html()).scripts[0]) == report.to_dict()


def test_a_public_page_is_made_from_the_release_alone(fair_release, tmp_path) -> None:
    assert list(inspect.signature(public_report).parameters) == ["release"]
    # What was saved is all there is to know: the page of the loaded release is the same, letter by letter.
    loaded = fairshare.Release.load(fair_release.save(tmp_path / "made.release"))
    assert public_report(loaded).to_html() == public_report(fair_release).to_html()


def test_a_public_page_says_so(fair_release) -> None:
    report = public_report(fair_release)
    assert (report.private, report.content["private"], report.content["notice"]) == (False, False, None)
    assert "NOT DIFFERENTIALLY PRIVATE</strong>" not in report.to_html()
    assert not [column for column in report.content["columns"] for bar in column["bars"] if "real" in bar]
    assert "real" not in report.content["pairs"]


def test_a_private_page_is_stamped(fair_release, findings) -> None:
    report = private_report(findings, fair_release.schema, fair_release)
    text = report.to_html()
    assert report.private
    assert "<strong>NOT DIFFERENTIALLY PRIVATE</strong>" in text
    assert "<title>PRIVATE" in text
    assert report.content["notice"].startswith("NOT DIFFERENTIALLY PRIVATE")
    with pytest.raises(UsageError, match="a card is made to be published"):
        report.to_markdown()


def test_a_private_page_without_a_release(fair_release, findings) -> None:
    text = private_report(findings, fair_release.schema).to_html()
    assert "was not at hand" in text
    assert "NOT DIFFERENTIALLY PRIVATE" in text


def test_verdicts(fair_release, plain_release) -> None:
    fair, plain = (public_report(release) for release in (fair_release, plain_release))
    assert "Justifiably fair" in fair.to_html()
    assert "blocked at grade" in fair.to_html()
    assert "**Justifiably fair**" in fair.to_markdown()
    assert "Fairness was not asked for" in plain.to_html()
    assert "nothing is promised" in plain.to_markdown()
