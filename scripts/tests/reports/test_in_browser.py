"""The page in Chromium: both widths and colour schemes, with the keyboard, without a network, and nothing runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.reports import Case, Document, Event, Events, Grid, Lines, Mark, Series, page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.long_proof,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

HOSTILE = "<script>document.title='ran'</script><img src=http://example.invalid/x onerror=\"document.title='ran'\">"
LONG = "shardId-000000000001:" + "1" * 56
DOCUMENT = Document(
    "chaos",
    "1,500 events",
    f"1 of 2 events lost {HOSTILE}",
    [Case("no event was lost", f"1 of 2 events lost: {LONG}"), Case("every event was put")],
    [
        Grid("Latency", ("milliseconds", "events"), [("1 to 2", 3), ("2 to 3", 9)], bars=1),
        Lines("Throughput", "events a second", [Series("put", [(0.0, 1.0), (9.0, 5.0)])], [Mark(1.0, 2.0, HOSTILE)]),
        Grid("Shards", [f"column {number}" for number in range(14)], [[LONG, *range(13)]]),
        Events("Events that went wrong", 1, [Event(LONG, "lost", [("2026-11-29T15:43:45", HOSTILE)], HOSTILE * 20)]),
    ],
)
CONTRAST = """() => {
  const number = color => color.match(/[\\d.]+/g).slice(0, 3).map(part => {
    const share = part / 255; return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; });
  const light = color => { const [r, g, b] = number(color); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const back = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('p, li, strong, th, td, summary, time, .axis, .top')].map(element => {
    const fore = light(getComputedStyle(element).color);
    return (Math.max(fore, back) + 0.05) / (Math.min(fore, back) + 0.05); }); }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_in_the_browser(browser: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    file = tmp_path / "chaos.html"
    file.write_text(page.html(DOCUMENT), encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    opened = context.new_page()
    requests: list[str] = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(file.as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    assert opened.title() == "Failed: 1,500 events"
    assert opened.evaluate("document.documentElement.scrollWidth") <= width  # what is wider scrolls by itself
    dark = "rgb(13, 17, 23)"
    assert (opened.evaluate("getComputedStyle(document.body).backgroundColor") == dark) is (scheme == "dark")
    assert min(opened.evaluate(CONTRAST)) >= 4.5
    assert opened.get_by_role("heading", level=1).count() == 1
    assert opened.get_by_role("img", name="Throughput").is_visible()
    _fold_with_the_keyboard(opened)
    context.close()


def _fold_with_the_keyboard(opened: Page) -> None:
    folded = opened.locator("details", has_text="The figures")
    folded.locator("summary").focus()
    opened.keyboard.press("Enter")
    assert folded.get_attribute("open") is not None
    assert opened.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
