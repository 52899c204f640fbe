"""Looks up known vulnerabilities of locked packages, with pip-audit."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import paths
from harness.errors import NoAdvisoriesError
from harness.machine import environment

DEADLINE = 600.0
# Releases with known advisories: a source without them has no advisories at all. Package indexes that mirror PyPI's
# files often lack its advisories, and pip-audit then reports "no known vulnerabilities" for everything.
VULNERABLE_PYTHON = "jinja2==2.10"


@dataclass(frozen=True)
class Finding:
    """A known vulnerability of a locked package.

    Attributes:
        package: its name.
        version: the locked version.
        ids: the advisory's id and aliases (PYSEC-, GHSA-, CVE-).
        fixed: versions that fix it, as the advisory says; may be empty.
        lock: the lock file, relative to the checkout.
    """

    package: str
    version: str
    ids: tuple[str, ...]
    fixed: str
    lock: str


def python_source(url: str = "") -> list[str]:
    """Find a source that has advisories.

    Args:
        url: of the user's own OSV server; empty to try PyPI, then osv.dev.

    Returns:
        pip-audit's arguments for it.

    Raises:
        NoAdvisoriesError: none has any.
    """
    service = ["--vulnerability-service", "osv"]
    tried = []
    for source in [[*service, "--osv-url", url]] if url else [["--vulnerability-service", "pypi"], service]:
        with tempfile.TemporaryDirectory() as folder:
            lock = Path(folder) / "requirements.txt"
            lock.write_text(f"{VULNERABLE_PYTHON}\n")
            try:
                if _pip_audit(lock, [*source, "--no-deps"], "")[0]:
                    return source
                tried.append(f"{source[-1]}: has no advisory for {VULNERABLE_PYTHON}")
            except NoAdvisoriesError as error:
                tried.append(f"{source[-1]}: {error}")
    raise NoAdvisoriesError("; ".join(tried))


def of_python(lock: Path, source: Sequence[str]) -> tuple[list[Finding], list[str]]:
    """Return the findings in a requirements lock, and the packages that the source does not know.

    Args:
        lock: requirements with hashes.
        source: from `python_source`.

    Raises:
        NoAdvisoriesError: the source stopped responding.
    """
    return _pip_audit(lock, source, paths.shown(lock))


def _pip_audit(lock: Path, source: Sequence[str], shown: str) -> tuple[list[Finding], list[str]]:
    command: list[str | Path] = [paths.VENV_BIN / "pip-audit", "--requirement", lock, "--disable-pip", *source]
    command += ["--format", "json", "--progress-spinner", "off", "--cache-dir", paths.CACHE / "audit"]
    answer = _answer(command, paths.ROOT)
    if "dependencies" not in answer:
        raise NoAdvisoriesError(answer["error"])
    findings, unknown = [], []
    for found in answer["dependencies"]:
        if reason := found.get("skip_reason"):
            unknown.append(f"{found['name']}: {reason}")
        for known in found.get("vulns", []):
            ids = (known["id"], *known["aliases"])
            fixed = ", ".join(known["fix_versions"])
            findings.append(Finding(found["name"], found["version"], ids, fixed, shown))
    return findings, unknown


def _answer(command: Sequence[str | Path], folder: Path) -> dict[str, Any]:
    """Return what the tool printed, or its last line under `error`: findings and failures have the same exit status."""
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment.clean(NO_COLOR="1"), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=DEADLINE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"no response within {DEADLINE:.0f} s"}
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        last = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
        return {"error": "cannot be reached" if "ConnectionError" in last else last[:200]}
    return answer
