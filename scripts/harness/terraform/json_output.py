"""What Terraform says with `-json`, line by line: progress for the user, text for the log.

https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

from __future__ import annotations

import json
from typing import Any

from harness.console import Step

COUNTED = {"import": "imported", "add": "added", "change": "changed", "remove": "destroyed"}


class Progress:
    """Turns Terraform's messages into `12 of 24 resources, waiting for module.x`.

    Args:
        step: gets told how far it has come.
        total: resources to change, where no plan is part of the output.
    """

    def __init__(self, step: Step, total: int = 0) -> None:
        self.step = step
        self.total = total
        self.done = 0
        self.summary = ""

    def read(self, line: str) -> None:
        """Takes a line of Terraform's output."""
        message = _parse(line)
        match message.get("type"):
            case "change_summary" if message["changes"]["operation"] == "plan":
                self.total = sum(message["changes"].get(kind, 0) for kind in ("add", "change", "remove"))
            case "change_summary":
                counts = {words: message["changes"].get(kind, 0) for kind, words in COUNTED.items()}
                told = {words: count for words, count in counts.items() if count or words != "imported"}
                self.summary = ", ".join(f"{count} {words}" for words, count in told.items())
            case "apply_complete":
                self.done += 1
        if self.total:
            slow = message.get("type") == "apply_progress"
            waiting = f", waiting for {message['hook']['resource']['addr']}" if slow else ""
            self.step.note(f"{self.done} of {self.total} resources{waiting}")


def as_text(line: str) -> str:
    """A line of the output as Terraform prints it without `-json`; one that is no message stays as it is."""
    message = _parse(line)
    if message.get("type") == "diagnostic":
        return _framed(message["diagnostic"])
    return f"{message['@message']}\n" if "@message" in message else line


def _framed(diagnostic: dict[str, Any]) -> str:
    """An error or a warning, with the place that it is about."""
    lines = [f"{diagnostic['severity'].capitalize()}: {diagnostic['summary']}", ""]
    if address := diagnostic.get("address"):
        lines.append(f"  with {address},")
    if place := diagnostic.get("range"):
        lines += [f"  on {place['filename']} line {place['start']['line']}:", ""]
    lines += str(diagnostic.get("detail", "")).splitlines()
    return "\n".join(["╷", *(f"│ {line}" for line in lines), "╵"]) + "\n"


def _parse(line: str) -> dict[str, Any]:
    """The message in a line; empty where there is none, as in what tflocal says of itself."""
    if not line.startswith("{"):
        return {}
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
