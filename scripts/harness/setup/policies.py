"""Runs checkov offline, with its own checks and those of infrastructure/policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness import paths
from harness.errors import HarnessError
from harness.machine import commands, environment
from harness.setup.install import locked_environment

FOLDER = paths.INFRASTRUCTURE / "policies"
VENV = paths.CACHE / "policies"
LOG = paths.CACHE / "logs" / "checkov.log"
SCANNED = (paths.INFRASTRUCTURE, paths.SERVICE)
SKIPPED = ("policies/", "tests/")  # failing examples, fixtures
# The stage with every safeguard on; the other stages' variables would fail.
VARIABLES = paths.INFRASTRUCTURE / "vars" / "prod.tfvars"
DEADLINE = 300.0
NO_REASON = "No comment provided"  # checkov's comment for a skip without a reason


def install() -> None:
    """Install checkov in a separate environment: it pins packages that others need newer."""
    locked_environment("Policy checks (checkov)", VENV, FOLDER / "requirements.txt")


def scan(folders: Sequence[Path], *options: str | Path) -> list[dict[str, Any]]:
    """Run checkov and return the failed and the skipped results.

    Args:
        folders: folders to scan.
        options: further options of checkov.

    Raises:
        HarnessError: checkov failed, or could not parse a file.
    """
    command: list[str | Path] = [VENV / "bin" / "checkov", "--framework", "terraform", "dockerfile", "--skip-download"]
    command += ["--download-external-modules", "false", "--external-checks-dir", FOLDER / "checks"]
    command += ["--soft-fail", "--compact", "--output", "json"]
    for folder in folders:
        command += ["--directory", folder]
    LOG.unlink(missing_ok=True)
    output = commands.run([*command, *options], log=LOG, cwd=paths.ROOT, env=_offline(), deadline=DEADLINE)
    reports = list(_reports(output))
    if broken := [file for report in reports for file in report.get("results", {}).get("parsing_errors", [])]:
        raise HarnessError(f"checkov could not read {', '.join(broken)}", "terraform validate says what is wrong")
    return [
        one for report in reports for kind in ("failed_checks", "skipped_checks")
        for one in report.get("results", {}).get(kind, [])
    ]  # fmt: skip


def _reports(output: str) -> Iterator[dict[str, Any]]:
    """Yield the reports in the output, which has an object or a list of objects for each folder."""
    text = output.strip()
    try:
        while text:
            found, end = json.JSONDecoder().raw_decode(text)
            yield from found if isinstance(found, list) else [found]
            text = text[end:].lstrip()
    except ValueError:
        raise HarnessError("checkov's answer is not JSON", f"read {paths.shown(LOG)}") from None


def complaints(results: Sequence[dict[str, Any]]) -> list[str]:
    """Return one line for each failure and each skip without a reason: file, line, check, resource."""
    lines = set()
    for one in results:
        where = f"{paths.shown(Path(one['file_abs_path']))}:{one['file_line_range'][0]}: {one['check_id']}"
        if one["check_result"]["result"] == "FAILED":
            lines.add(f"{where} {one['check_name']} ({one['resource'].split('.', 1)[-1]})")
        elif one["check_result"].get("suppress_comment", NO_REASON).strip() in ("", NO_REASON):
            lines.add(f"{where} is skipped without a reason")
    return sorted(lines)


def check() -> str:
    """Scan the Terraform modules and the Dockerfiles.

    Returns:
        A summary for the user.

    Raises:
        HarnessError: a check failed, or was skipped without a reason.
    """
    skipped = [word for part in SKIPPED for word in ("--skip-path", part)]
    results = scan(SCANNED, "--var-file", VARIABLES, *skipped)
    if found := complaints(results):
        raise HarnessError(
            f"checkov: {len(found)} to fix\n" + "\n".join(found),
            "fix it, or write '# checkov:skip=<check>:<reason>' into that resource",
        )
    return f"{len(results)} skipped with a reason"


def _offline() -> dict[str, str]:
    own = environment.clean(CHECKOV_RUN_SCA_PACKAGE_SCAN_V2="false", LOG_LEVEL="ERROR")
    return {name: value for name, value in own.items() if not name.startswith(("BC_", "PRISMA_", "CKV_"))}
