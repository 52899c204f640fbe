"""A report as JUnit XML, which CI services read."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from harness.reports.document import Document

# XML 1.0 cannot hold these, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml(document: Document) -> str:
    """Return one test suite with a test case for each check."""
    failed = sum(1 for case in document.cases if case.failure)
    suite = ElementTree.Element(
        "testsuite",
        name=_clean(document.name),
        tests=str(len(document.cases)),
        failures=str(failed),
        errors="0",
        skipped="0",
        time=f"{sum(case.seconds for case in document.cases):.3f}",
        timestamp=document.written_at,
    )
    for case in document.cases:
        element = ElementTree.SubElement(
            suite, "testcase", classname=_clean(document.name), name=_clean(case.name), time=f"{case.seconds:.3f}"
        )
        if case.failure:
            first = _clean(case.failure.splitlines()[0])
            ElementTree.SubElement(element, "failure", message=first).text = _clean(case.failure)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
