"""scripts/audit-exceptions.toml: vulnerabilities accepted for a while, each with a reason and an expiry date."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import dataclass
from pathlib import Path

from harness import paths
from harness.errors import HarnessError
from harness.supply.advisories import Finding

FILE = paths.SCRIPTS / "audit-exceptions.toml"
KEYS = {"id": str, "package": str, "reason": str, "expires": datetime.date}


@dataclass(frozen=True)
class Excepted:
    """A vulnerability that does not fail the audit.

    Attributes:
        id: the advisory's id or one of its aliases.
        package: the package that has it.
        reason: why it does no harm here, or cannot be fixed yet.
        expires: the last day of the exception.
    """

    id: str
    package: str
    reason: str
    expires: datetime.date

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is this vulnerability."""
        return self.package == finding.package and self.id in finding.ids


def load(file: Path = FILE) -> list[Excepted]:
    """Read the file.

    Raises:
        HarnessError: it cannot be read, or an entry is incomplete.
    """
    try:
        entries = tomllib.loads(file.read_text()).get("exception", [])
    except tomllib.TOMLDecodeError as error:
        raise HarnessError(f"{paths.shown(file)}: {error}", "fix it; its first lines describe an entry") from None
    for number, entry in enumerate(entries, 1):
        wrong = sorted(entry.keys() ^ KEYS.keys()) or [
            key for key, kind in KEYS.items() if not isinstance(entry[key], kind) or not str(entry[key]).strip()
        ]
        if wrong:
            raise HarnessError(
                f"{paths.shown(file)}: missing or wrong in entry {number}: {', '.join(wrong)}",
                "an entry has exactly id, package, reason (strings) and expires (a date such as 2027-01-31)",
            )
    return [Excepted(**entry) for entry in entries]


def expired(excepted: list[Excepted], today: datetime.date) -> list[Excepted]:
    """Return the exceptions that have expired."""
    return [entry for entry in excepted if entry.expires < today]
