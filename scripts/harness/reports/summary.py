"""A report as a short text in Markdown, for a pull request."""

from __future__ import annotations

import re

from harness.reports.document import Document

_MOST_FAILURES, _LONGEST = 10, 300
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#@~&!])")


def markdown(document: Document) -> str:
    """Return the verdict and the failed checks."""
    failed = [case for case in document.cases if case.failure]
    lines = [f"### {'✅' if document.passed else '❌'} {_escaped(document.title)}", "", _escaped(document.verdict), ""]
    lines += [f"- {_escaped(case.name)}: {_escaped(case.failure)}" for case in failed[:_MOST_FAILURES]]
    if len(failed) > _MOST_FAILURES:
        lines.append(f"- and {len(failed) - _MOST_FAILURES} more")
    return "\n".join([*lines, "", f"{len(document.cases) - len(failed)} of {len(document.cases)} checks passed.", ""])


def _escaped(text: str) -> str:
    """Return text on one line, without anything that Markdown would interpret."""
    line = " ".join(text.split())
    return _SPECIAL.sub(r"\\\1", line[:_LONGEST] + ("…" if len(line) > _LONGEST else ""))
