"""The page says what the JSON says, and nothing in it is active."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from harness.reports import Case, Document, Event, Events, Grid, Lines, Mark, Series, Text, charts, junit, page, summary

HOSTILE = """</pre><script>alert('"1"')</script><img src=x onerror=alert(1)>" onload="x' {{ 7*7 }} \x00 \x1b ]]>"""
DOCUMENT = Document(
    "verify",
    f"Title {HOSTILE}",
    f"Verdict {HOSTILE}",
    [Case(f"case {HOSTILE}", f"failure {HOSTILE}", 1.5), Case("another")],
    [
        Grid(f"Grid {HOSTILE}", (HOSTILE, "events"), [(HOSTILE, 12_345), ("none", None)], bars=1, notes=[HOSTILE]),
        Lines(
            f"Lines {HOSTILE}",
            HOSTILE,
            [Series(HOSTILE, [(0.0, 10.0), (1.0, 4321.5)])],
            [Mark(0.25, 0.5, HOSTILE, HOSTILE)],
        ),
        Events(f"Events {HOSTILE}", 7, [Event(HOSTILE, HOSTILE, [(HOSTILE, HOSTILE)], HOSTILE)]),
        Text(f"Text {HOSTILE}", HOSTILE),
    ],
)


class _Page(HTMLParser):
    """Collects tags, attributes and texts of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def test_a_hostile_payload_is_inert() -> None:
    found = _Page(page.html(DOCUMENT))
    assert not {"script", "img", "iframe", "object", "form"} & set(found.tags)
    assert [name for name, _ in found.attributes if name.startswith("on")] == []
    assert [value for name, value in found.attributes if name in ("src", "href")] == ["data:,"]
    plain = _Page(page.html(replace(DOCUMENT, title="Title", verdict="", cases=[Case("a", "b", 1.5), Case("c")])))
    assert sorted(found.tags) == sorted(plain.tags)  # no text has become an element
    assert HOSTILE in "".join(found.texts)


def test_the_same_text_unescaped_would_be_found() -> None:
    assert "script" in _Page(f"<pre>{HOSTILE}</pre>").tags


def test_a_page_needs_no_network() -> None:
    html = page.html(DOCUMENT)
    assert re.findall(r"url\(|@import|https?://", html) == []
    assert "default-src 'none'" in html


def test_the_numbers_are_those_of_the_document() -> None:
    texts = _Page(page.html(DOCUMENT)).texts
    assert {"12,345", "4,321.5", "-"} <= set(texts)
    assert "The first 1 of 7:" in texts


@pytest.mark.parametrize("cases", [[], [Case("one", "why")]])
def test_without_a_passed_check_nothing_has_passed(cases: list[Case]) -> None:
    document = Document("verify", "Title", "", cases)
    assert not document.passed
    assert json.loads(json.dumps(document.as_dict()))["passed"] is False
    assert "<title>Failed: Title</title>" in page.html(document)


def test_junit_has_a_test_case_for_each_check() -> None:
    suite = ElementTree.fromstring(junit.xml(DOCUMENT)).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failures = [case.find("failure") for case in suite.findall("testcase")]
    assert failures[1] is None
    assert failures[0] is not None
    assert "<script>alert" in (failures[0].text or "")


def test_the_summary_is_markdown_without_html() -> None:
    text = summary.markdown(DOCUMENT)
    assert text.startswith("### ❌ Title")
    assert "1 of 2 checks passed." in text
    assert re.findall(r"(?<!\\)[<\[`|]", text) == []


@pytest.mark.parametrize(
    ("seconds", "rows"),
    [
        ([], []),
        ([0.0011, 0.0012, 0.0016, 0.0031], [("1 to 1.5", 2), ("1.5 to 2", 1), ("2 to 3", 0), ("3 to 5", 1)]),
        ([-0.5], [("0 to 0.1", 1)]),
        ([90_000.0], [("700,000 to more", 1)]),
    ],
)
def test_a_histogram_counts_every_latency(seconds: list[float], rows: list[tuple[str, int]]) -> None:
    assert charts.histogram("x", seconds).rows == rows


def test_rates_add_up_to_the_events() -> None:
    times = [0.05 * number for number in range(1000)]
    points = charts.rate(times, max(times))
    assert len(points) <= 61
    assert sum(rate for _, rate in points) * charts.bin_width(max(times)) == pytest.approx(1000)


def test_marks_are_where_they_happened() -> None:
    lines = Lines("x", "y", [Series("a", [(0, 1), (10, 2)])], [Mark(2.5, 5.0, "one"), Mark(9.0, 20.0, "two")])
    drawn = charts.drawn(Document("a", "b", "", [], [lines]).as_dict()["sections"][0])
    assert drawn["right"] == 20.0
    assert drawn["marks"] == [(12.5, 12.5, "1"), (45.0, 55.0, "2")]
    assert drawn["lines"] == [("a", "0.0,150.0 500.0,0.0")]
