"""The configuration of all subjects after some rounds, and what a plan of it says. Pure but for `write`."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.fidelity.resources.subject import Subject
from harness import paths

HANDLERS = "def handler(event, context):\n    return {number}\n\n\nother = handler\n"
PROVIDER = {"aws": {"s3_use_path_style": True, "skip_credentials_validation": True, "max_retries": 3}}
IN_PLACE, REPLACED = ["update"], ["delete", "create"]


def write(folder: Path, subjects: Sequence[Subject], rounds: int) -> None:
    """Writes the configuration and the functions' Zips.

    Args:
        folder: for the files.
        subjects: of the configuration.
        rounds: whose changes have been made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in (1, 2):
        (folder / f"{number}.zip").write_bytes(_package(number))
    resources: dict[str, dict[str, Any]] = {}
    for one in subjects:
        resources.setdefault(one.resource, {})[one.label] = one.after(rounds)
    (folder / "main.tf.json").write_text(json.dumps({"resource": resources, "provider": PROVIDER}, indent=2))
    (folder / "terraform.tf").write_text((paths.INFRASTRUCTURE / "terraform.tf").read_text())


def _package(number: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        # A fixed time: Terraform compares the Zip's hash.
        archive.writestr(zipfile.ZipInfo("app.py"), HANDLERS.format(number=number))
    return content.getvalue()


def unexpected(plan: Mapping[str, Any], subjects: Sequence[Subject], number: int) -> Iterator[tuple[Subject, str]]:
    """What a plan would do beyond the changes of a round, in words, by subject.

    Args:
        plan: `terraform show -json`.
        subjects: of the configuration.
        number: of the round, counted from 1; after the last one, nothing may change.
    """
    changes = {one["address"]: one["change"] for one in plan["resource_changes"]}
    for one in subjects:
        change, expected = changes[one.address], one.changed_in(number)
        wanted = [] if not expected else REPLACED if one.is_replaced else IN_PLACE
        if change["actions"] != (wanted or ["no-op"]):
            cause = ", ".join(sorted(_differing(change) - expected)) or "something unknown"
            why = f"for {', '.join(sorted(expected))}" if expected else f"because of {cause}"
            yield one, f"{'/'.join(change['actions'])} {why}"
        elif others := (_differing(change) - expected) & set(one.after(number)):
            yield one, f"{', '.join(sorted(others))} was not kept"


def _differing(change: Mapping[str, Any]) -> set[str]:
    """The names whose known values differ."""
    before, after = change["before"] or {}, change["after"] or {}
    return {name for name in {*before, *after} - {"tags_all"} if name in after and before.get(name) != after[name]}
