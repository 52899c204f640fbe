"""`make audit`: known vulnerabilities of everything that is locked."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from harness import console, paths
from harness.errors import HarnessError
from harness.supply import advisories, exceptions, locks
from harness.supply.advisories import Finding, NoAdvisoriesError
from harness.supply.exceptions import Excepted


def run(
    osv_url: str,
    *,
    optional: bool,
    python: Sequence[Path] | None = None,
    excepted_in: Path = exceptions.FILE,
) -> None:
    """Asks for known vulnerabilities and shows them.

    Args:
        osv_url: an OSV server of the user's own; empty: PyPI, then osv.dev.
        optional: whether it is enough to say so where no source of advisories is reached.
        python: locks of requirements; all of the project's when None.
        excepted_in: file of exceptions.

    Raises:
        HarnessError: something was found that is not excepted, an exception has expired, or nobody could be asked.
    """
    python = locks.requirements() if python is None else python
    excepted = exceptions.load(excepted_in)
    if late := exceptions.expired(excepted, datetime.datetime.now(datetime.UTC).date()):
        listed = "\n".join(f"{entry.package} {entry.id}, until {entry.expires}: {entry.reason}" for entry in late)
        raise HarnessError(
            f"exceptions have expired:\n{listed}", f"mend them, or give them a later day in {paths.shown(excepted_in)}"
        )
    findings: list[Finding] = []
    unasked: list[str] = []
    asked = 0
    try:
        source = advisories.python_source(osv_url) if python else []
        for lock in python:
            found, unknown = advisories.of_python(lock, source)
            _tell(lock, found, unknown)
            findings += found
            unasked += unknown
            asked += 1
    except NoAdvisoriesError as error:
        unasked.append(f"requirements: {error}")
    _judge(findings, excepted, excepted_in)
    if unasked:
        _unasked(unasked, optional=optional)
    else:
        console.say(f"✓ {asked} locks without known vulnerabilities that are not excepted")


def _tell(lock: Path, found: list[Finding], unknown: list[str]) -> None:
    text = f"  {paths.shown(lock)}: {len({finding.ids[0] for finding in found}) or 'no'} known vulnerabilities"
    console.say(f"{text}, {len(unknown)} packages not known to the source" if unknown else text)


def _judge(findings: list[Finding], excepted: list[Excepted], file: Path) -> None:
    bad = [finding for finding in findings if not any(entry.covers(finding) for entry in excepted)]
    for entry in excepted:
        if findings and not any(entry.covers(finding) for finding in findings):
            console.warn(f"{paths.shown(file)}: {entry.package} {entry.id} was not found any more")
    if bad:
        listed = "\n".join(
            f"{finding.package} {finding.version}: {', '.join(finding.ids)},"
            f" fixed in {finding.fixed or 'no version yet'} ({finding.lock})"
            for finding in sorted(bad, key=lambda finding: (finding.package, finding.ids, finding.lock))
        )
        raise HarnessError(
            f"known vulnerabilities:\n{listed}",
            f"make lock takes newer versions; what cannot be mended yet goes into {paths.shown(file)}",
        )


def _unasked(unasked: list[str], *, optional: bool) -> None:
    listed = "\n".join(f"  {line}" for line in unasked)
    if not optional:
        raise HarnessError(
            f"not everything could be asked for:\n{listed}",
            "OSV_URL=… names an OSV server of your own; ADVISORIES=optional takes this for a warning",
        )
    console.warn(f"not audited, since no source of advisories that is reached from here knows of it:\n{listed}")
