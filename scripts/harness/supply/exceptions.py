"""scripts/audit-exceptions.toml: vulnerabilities that stay for a while, each with its reason and its last day."""

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
        id: any of the advisory's names.
        package: the package that has it.
        reason: why it does no harm here, or why it cannot be mended yet.
        expires: the last day on which it is excepted.
    """

    id: str
    package: str
    reason: str
    expires: datetime.date

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is this one."""
        return self.package == finding.package and self.id in finding.ids


def load(file: Path = FILE) -> list[Excepted]:
    """Reads the file.

    Raises:
        HarnessError: it cannot be read, or an entry lacks something.
    """
    try:
        entries = tomllib.loads(file.read_text()).get("exception", [])
    except tomllib.TOMLDecodeError as error:
        raise HarnessError(f"{paths.shown(file)}: {error}", "mend it; its first lines say what an entry is") from None
    for number, entry in enumerate(entries, 1):
        wrong = sorted(entry.keys() ^ KEYS.keys()) or [
            key for key, kind in KEYS.items() if not isinstance(entry[key], kind) or not str(entry[key]).strip()
        ]
        if wrong:
            raise HarnessError(
                f"{paths.shown(file)}: entry {number} is missing or has wrong: {', '.join(wrong)}",
                "an entry has id, package, reason (texts) and expires (a date such as 2027-01-31), and no more",
            )
    return [Excepted(**entry) for entry in entries]


def expired(excepted: list[Excepted], today: datetime.date) -> list[Excepted]:
    """Those whose last day has passed."""
    return [entry for entry in excepted if entry.expires < today]
