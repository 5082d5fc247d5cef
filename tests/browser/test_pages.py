"""The pages as a reader meets them: in a browser, on a phone and a desk, in light and dark, on paper, by keyboard."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairshare.evaluation import evaluate
from fairshare.report import private_report, public_report
from tests.browser.chromium import Chromium, installed
from tests.unit.report.conftest import LABEL, NASTY, PLAIN, made, rows

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        installed() is None and "FAIRSHARE_REQUIRE_ENGINES" not in os.environ,
        reason="Chromium is not installed: apt-get install chromium",
    ),
]

PAGES = ("fair", "plain", "hostile", "private")

#: WCAG contrast of every text with the background behind it, in the page's own colours; those below 4.5.
CONTRAST = """(() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
    return [255, 255, 255]; };
  return [...document.querySelectorAll("main *, header *, footer *, aside *")].filter((e) => !e.closest("svg") &&
    [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((e) => {
      const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
      return [e.textContent.trim().slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]; })
    .filter(([, ratio]) => ratio < 4.5);
})()"""

#: Texts that are cut off or smaller than can be read.
SMALL = """[...document.querySelectorAll("main *, main svg text")].filter((e) =>
  [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length).map((e) => {
    const svg = e.closest("svg"); const size = parseFloat(getComputedStyle(e).fontSize);
    return [e.textContent.trim().slice(0, 40), size * (svg && svg.viewBox.baseVal.width ?
      svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1)]; }).filter(([, size]) => size < 9.5)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as running:
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    fair = made(PLAIN, fair=True)
    findings = evaluate(rows(PLAIN), fair, fair.schema, classifiers=[]).to_dict()
    reports = {
        "fair": public_report(fair),
        "plain": public_report(made(PLAIN, fair=False)),
        "hostile": public_report(made(NASTY, fair=True, label=LABEL)),
        "private": private_report(findings, fair.schema, fair),
    }
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(report.to_html(), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in reports}


@pytest.mark.parametrize("width", [375, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_opens_in_silence_and_fits(name: str, width: int, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name], width=width)
    assert browser.complaints == []
    assert browser.requests == [pages[name].resolve().as_uri()]
    assert browser.run("document.documentElement.scrollWidth") == width
    assert browser.run(SMALL) == []


#: Letters of a drawing that lie outside of it.
CUT = """[...document.querySelectorAll("main svg text")].filter((e) => {
  const [box, all] = [e, e.ownerSVGElement].map((x) => x.getBoundingClientRect());
  return box.left < all.left - 1 || box.right > all.right + 1 || box.top < all.top - 1 || box.bottom > all.bottom + 1;
}).map((e) => e.textContent)"""
#: Texts that end outside the window, but for what scrolls.
BEYOND = """[...document.querySelectorAll("main *")].filter((e) => !e.closest(".scroll") && !e.closest("svg") &&
  [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length &&
  !(e.tagName === "SPAN" && e.closest("td, th")) && e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => e.textContent.slice(0, 40))"""


@pytest.mark.parametrize("width", [375, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_no_text_is_cut(name: str, width: int, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name], width=width)
    assert browser.run(CUT) == []
    assert browser.run(BEYOND) == []


def test_a_drawing_too_wide_for_the_window_opens_at_its_middle(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["fair"], width=375)
    band = "document.querySelector('.graph .band').getBoundingClientRect()"
    assert browser.run("(({scrollWidth, clientWidth}) => scrollWidth > clientWidth)(graph.parentElement)")
    assert browser.run(f"{band}.left") > 0
    assert browser.run(f"{band}.right") < 375


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["fair", "plain", "private"])
def test_contrast(name: str, dark: bool, browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages[name], width=1440, dark=dark)
    paper = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (paper == "rgb(20, 23, 27)") is dark
    assert browser.run(CONTRAST) == []


def test_a_way_is_shown_by_keyboard(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["fair"], width=1440)
    browser.run("document.querySelector('button.way').focus()")
    browser.press("Enter")
    browser.run("document.activeElement.click()")  # Enter alone sends no text in this protocol
    assert browser.run("document.querySelector('button.way').getAttribute('aria-pressed')") == "true"
    assert browser.run("document.querySelectorAll('.edges .lit').length") >= 2
    browser.run("document.activeElement.click()")
    assert browser.run("document.querySelectorAll('.lit').length") == 0
    assert browser.complaints == []


def test_the_heat_map_speaks(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["private"], width=1440)
    read = "document.querySelector('.readout').textContent"
    browser.run("document.querySelector('svg.heat').focus()")
    assert browser.run(read).startswith("grade × sex: ")
    browser.press("ArrowDown")
    assert browser.run(read).startswith("paid × sex: ")
    browser.press("ArrowRight")
    assert browser.run(read).startswith("paid × grade: ")
    assert ", real 0." in browser.run(read)
    browser.press("ArrowRight")  # the diagonal: nothing is there
    assert browser.run(read).startswith("paid × grade: ")


def test_no_name_is_run(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"], width=1440)
    assert browser.run("document.scripts.length") == 2
    assert browser.run("document.images.length") == 0
    assert browser.run("document.querySelector('.card h3 span').textContent") == NASTY["sex"]
    assert browser.complaints == []


def test_the_policy_would_stop_it_all_the_same(browser: Chromium, pages: dict[str, Path], tmp_path: Path) -> None:
    text = pages["fair"].read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace("</main>", "<script>window.hit = 1</script><img src=x onerror='hit = 2'></main>"))
    browser.open(broken, width=1440)
    assert browser.run("typeof window.hit") == "undefined"
    assert browser.complaints  # and it says so: the test above would have seen it


def test_prints(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["private"], width=1440, dark=True)
    assert browser.pdf().startswith(b"%PDF")
