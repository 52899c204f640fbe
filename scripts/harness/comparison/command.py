"""Reads both sides, and shows what differs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.markup import escape

from harness import console, paths
from harness.comparison import settings, side
from harness.comparison.differences import Difference, between
from harness.machine.files import write_whole
from harness.stack.state import Stack
from harness.stages import deploy, guards
from harness.stages.access import Access
from harness.stages.stage import Stage

MOST_SHOWN = 60  # characters of a value


def run(stack: Stack, stage: Stage, access: Access) -> list[Difference]:
    """Show what differs between the local stack and a stage, and what of it matters. Changes nothing.

    Returns:
        The differences, those that matter first.

    Raises:
        HarnessError: the credentials belong to another account, or the stage is not deployed.
    """
    guards.check(stage, access, guards.Level.PLACE)
    outputs = deploy.deployed(stage, access)
    with console.step(f"Read the settings of the local stack and of {stage.name}"):
        here = settings.read(side.local(stack))
        there = settings.read(side.deployed(stage, access, outputs))
    found = between(here, there)
    path = paths.CACHE / "compare" / f"{stage.pipeline.name}-{stage.name}.json"
    write_whole(path, json.dumps([asdict(each) for each in found], indent=2, default=str))
    _show(found, stage.name, len(set(here) | set(there)), path)
    return found


def _show(found: list[Difference], stage: str, compared: int, path: Path) -> None:
    matter = sum(bool(each.matters) for each in found)
    for each in found:
        console.out.print(f"[bold]{escape(each.name)}[/bold]")
        console.out.print(f"  local {_text(each.here)}, {stage} {_text(each.there)}", markup=False)
        if each.matters:
            console.out.print(f"  [yellow]matters for[/yellow] {escape(each.matters)}")
    console.say(
        f"{compared} settings compared: {len(found)} differ, {matter} of them in what was proved locally; "
        f"details: {paths.shown(path)}"
    )


def _text(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
