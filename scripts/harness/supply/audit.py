"""`make audit`: reports known vulnerabilities of all locked packages."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from harness import console, paths
from harness.errors import HarnessError, NoAdvisoriesError
from harness.supply import advisories, exceptions, locks
from harness.supply.advisories import Finding
from harness.supply.exceptions import Excepted


def run(
    osv_url: str,
    *,
    optional: bool,
    python: Sequence[Path] | None = None,
    excepted_in: Path = exceptions.FILE,
) -> None:
    """Look up known vulnerabilities and report them.

    Args:
        osv_url: the user's own OSV server; empty for PyPI, then osv.dev.
        optional: whether an unreachable source is only a warning.
        python: requirements locks; None for all of the project's.
        excepted_in: file of exceptions.

    Raises:
        HarnessError: there are findings without an exception, an exception has expired, or no source responded.
    """
    python = locks.requirements() if python is None else python
    excepted = exceptions.load(excepted_in)
    if expired := exceptions.expired(excepted, datetime.datetime.now(datetime.UTC).date()):
        listed = "\n".join(f"{entry.package} {entry.id}, until {entry.expires}: {entry.reason}" for entry in expired)
        raise HarnessError(
            f"exceptions have expired:\n{listed}", f"fix them, or set a later date in {paths.shown(excepted_in)}"
        )
    findings: list[Finding] = []
    unaudited: list[str] = []
    audited = 0
    try:
        source = advisories.python_source(osv_url) if python else []
        for lock in python:
            found, unknown = advisories.of_python(lock, source)
            _report(lock, found, unknown)
            findings += found
            unaudited += unknown
            audited += 1
    except NoAdvisoriesError as error:
        unaudited.append(f"requirements: {error}")
    _judge(findings, excepted, excepted_in)
    if unaudited:
        _report_unaudited(unaudited, optional=optional)
    else:
        console.say(f"✓ {audited} locks without known vulnerabilities, except those with an exception")


def _report(lock: Path, found: list[Finding], unknown: list[str]) -> None:
    text = f"  {paths.shown(lock)}: {len({finding.ids[0] for finding in found}) or 'no'} known vulnerabilities"
    console.say(f"{text}, {len(unknown)} packages unknown to the source" if unknown else text)


def _judge(findings: list[Finding], excepted: list[Excepted], file: Path) -> None:
    bad = [finding for finding in findings if not any(entry.covers(finding) for entry in excepted)]
    for entry in excepted:
        if findings and not any(entry.covers(finding) for finding in findings):
            console.warn(f"{paths.shown(file)}: {entry.package} {entry.id} is no longer found")
    if bad:
        listed = "\n".join(
            f"{finding.package} {finding.version}: {', '.join(finding.ids)},"
            f" fixed in {finding.fixed or 'no version yet'} ({finding.lock})"
            for finding in sorted(bad, key=lambda finding: (finding.package, finding.ids, finding.lock))
        )
        raise HarnessError(
            f"known vulnerabilities:\n{listed}",
            f"update with make lock; list what cannot be fixed yet in {paths.shown(file)}",
        )


def _report_unaudited(unaudited: list[str], *, optional: bool) -> None:
    listed = "\n".join(f"  {line}" for line in unaudited)
    if not optional:
        raise HarnessError(
            f"not everything could be audited:\n{listed}",
            "set OSV_URL=… to your own OSV server, or ADVISORIES=optional to make this a warning",
        )
    console.warn(f"not audited, because no source of advisories could be reached:\n{listed}")
