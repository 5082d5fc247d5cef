"""Make the sample report of the documents, from the built-in Adult table: the page, its card and four screenshots.

    python tools/sample_report.py docs

Adult is public (UCI, CC BY 4.0). The release has epsilon 1, MST and strict fairness with the roles of the table's
schema; noise can't be seeded, so each run makes a slightly different page. Needs chromium.
"""

import sys
from pathlib import Path

import fairshare
from fairshare.report import public_report

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.browser.chromium import Chromium

#: Name, width, whether dark, first section, and the section before which the picture ends (or its height).
SHOTS = (
    ("report_promise", 1200, False, None, "fairness"),
    ("report_fairness", 1200, False, "fairness", "columns"),
    ("report_exactness", 1200, True, "pairs", "limits"),
    ("report_phone", 375, True, "fairness", 1500),
)
MOST_BYTES = 300_000


def main(docs: Path) -> None:
    adult = fairshare.datasets.load_adult()
    roles = adult.schema.roles
    wish = fairshare.Fairness(protected=roles.protected, admissible=roles.admissible, outcome=roles.outcome)
    release = fairshare.synthesize(adult.table, adult.schema, epsilon=1, delta=1e-9, fairness=wish, seed=1)
    report = public_report(release)
    page = docs / "sample" / "report.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(report.to_html(), encoding="utf-8")
    (page.parent / "card.md").write_text(report.to_markdown(), encoding="utf-8")
    with Chromium() as browser:
        for name, width, dark, first, last in SHOTS:
            browser.open(page, width=width, dark=dark)
            top = 0 if first is None else _top(browser, first)
            height = last if isinstance(last, int) else _top(browser, last) - top
            picture = browser.screenshot(clip=(0, top, width, height))
            if len(picture) > MOST_BYTES:
                raise SystemExit(f"{name}.png has {len(picture):,} bytes, must have at most {MOST_BYTES:,}: cut it")
            (docs / "img" / f"{name}.png").write_bytes(picture)


def _top(browser: Chromium, section: str) -> int:
    return int(browser.run(f"document.getElementById({section!r}).getBoundingClientRect().top + scrollY"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
