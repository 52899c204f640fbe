"""Reads Terraform's `-json` output line by line: progress for the user, text for the log, and the errors.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from harness.console import Step

COUNTED = {"import": "imported", "add": "added", "change": "changed", "remove": "destroyed"}


class Progress:
    """Turns Terraform's messages into `12 of 24 resources, waiting for module.x`.

    Args:
        step: shows the progress.
        total: number of resources to change, if the output contains no plan.
    """

    def __init__(self, step: Step, total: int = 0) -> None:
        self.step = step
        self.total = total
        self.done = 0
        self.summary = ""

    def read(self, line: str) -> None:
        """Read a line of Terraform's output."""
        message = _parse(line)
        match message.get("type"):
            case "change_summary" if message["changes"]["operation"] == "plan":
                self.total = sum(message["changes"].get(kind, 0) for kind in ("add", "change", "remove"))
            case "change_summary":
                counts = {words: message["changes"].get(kind, 0) for kind, words in COUNTED.items()}
                told = {words: count for words, count in counts.items() if count or words != "imported"}
                self.summary = ", ".join(f"{count} {words}" for words, count in told.items())
            case "apply_complete" if message["hook"].get("action") != "read":  # the plan counts no data sources
                self.done += 1
        if self.total:
            slow = message.get("type") == "apply_progress"
            waiting = f", waiting for {message['hook']['resource']['addr']}" if slow else ""
            self.step.note(f"{self.done} of {self.total} resources{waiting}")


@dataclass(frozen=True)
class Diagnostic:
    """An error of Terraform or of a provider.

    Attributes:
        summary: its title; a provider's whole message.
        detail: Terraform's explanation; may be empty.
        place: file and line that caused it, as `main.tf:3`; None if none did.
        code: that line.
    """

    summary: str
    detail: str = ""
    place: str | None = None
    code: str = ""

    def __str__(self) -> str:
        return f"Error: {self.summary}\n{self.detail}".rstrip()


class Errors:
    """Collects the errors among Terraform's messages in `found`, in their order."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []

    def read(self, line: str) -> None:
        """Read a line of Terraform's output."""
        message = _parse(line)
        if message.get("type") != "diagnostic" or message["diagnostic"]["severity"] != "error":
            return
        diagnostic = message["diagnostic"]
        place, snippet = diagnostic.get("range"), diagnostic.get("snippet")
        self.found.append(
            Diagnostic(
                diagnostic["summary"],
                diagnostic.get("detail", ""),
                f"{place['filename']}:{place['start']['line']}" if place else None,
                snippet["code"] if snippet else "",
            )
        )


def as_text(line: str) -> str:
    """Return a line of the output as Terraform prints it without `-json`; a line that is no message is left alone."""
    message = _parse(line)
    if message.get("type") == "diagnostic":
        return _framed(message["diagnostic"])
    return f"{message['@message']}\n" if "@message" in message else line


def _framed(diagnostic: dict[str, Any]) -> str:
    """Format an error or a warning with its location."""
    lines = [f"{diagnostic['severity'].capitalize()}: {diagnostic['summary']}", ""]
    if address := diagnostic.get("address"):
        lines.append(f"  with {address},")
    if place := diagnostic.get("range"):
        lines += [f"  on {place['filename']} line {place['start']['line']}:", ""]
    lines += str(diagnostic.get("detail", "")).splitlines()
    return "\n".join(["╷", *(f"│ {line}" for line in lines), "╵"]) + "\n"


def _parse(line: str) -> dict[str, Any]:
    """Parse the message in a line; empty if there is none, as in a warning about Terraform's own settings."""
    if not line.startswith("{"):
        return {}
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
