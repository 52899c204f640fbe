"""Runs Terraform with a deadline, and turns its diagnostics into errors."""

import contextlib
import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.testing import terraform_setup

_CHANGES = 2  # exit status of `plan -detailed-exitcode`
_ENDING_SECONDS = 60.0  # on an interrupt, Terraform finishes the requests under way and writes its state


@dataclass(frozen=True)
class Terraform:
    """Runs Terraform in a folder.

    Attributes:
        folder: the root module.
        environment: all of Terraform's environment.
        timeout: seconds that a command may take.
        variables: options for plan, apply and destroy.
    """

    folder: Path
    environment: Mapping[str, str]
    timeout: float
    variables: Sequence[str]

    def run(self, command: str, *options: str) -> None:
        """Run a command that reports in JSON lines.

        Raises:
            EmulatorError: it failed, with Terraform's own diagnostics, or took too long.
        """
        self._run(command, *options)

    def has_resources(self) -> bool:
        """Return whether the state, a file in the folder, has resources."""
        try:
            return bool(json.loads((self.folder / "terraform.tfstate").read_text())["resources"])
        except FileNotFoundError:
            return False

    def region(self) -> str | None:
        """Return the region of most resources in the state; None if no ARN names one."""
        values = json.loads(self.call("show", "-json")).get("values", {})
        arns = (str(resource["values"].get("arn")).split(":") for resource in _resources(values.get("root_module", {})))
        found = Counter(parts[3] for parts in arns if len(parts) > 5 and parts[3])
        return max(found, key=found.__getitem__, default=None)

    def check_unchanged(self) -> None:
        """Check that a plan has no changes.

        Raises:
            EmulatorError: it has, or failed.
        """
        status, lines = self._run("plan", "-detailed-exitcode", *self.variables)
        if status == _CHANGES:
            changed = [
                f"{each['change']['action']} {each['change']['resource']['addr']}"
                for each in lines
                if each.get("type") == "planned_change"
            ]
            cause = f"right after the apply, Terraform would change {self.folder.name} again: {', '.join(changed)}"
            raise EmulatorError(cause, "does the module set what the emulator ignores? See docs/fidelity.md")

    def call(self, *command: str) -> str:
        """Run a command and return what it prints.

        Raises:
            EmulatorError: it failed or took too long.
        """
        status, out, err = self._execute(*command)
        if status:
            raise EmulatorError(f"terraform {command[0]} failed:\n{err.strip()}", "correct what it names")
        return out

    def _run(self, command: str, *options: str) -> tuple[int, list[dict[str, Any]]]:
        status, out, err = self._execute(command, "-json", "-input=false", *options)
        lines = list(_messages(out))
        if status not in (0, _CHANGES if "-detailed-exitcode" in options else 0):
            told = "\n".join(_text(each["diagnostic"]) for each in lines if each.get("@level") == "error")
            raise EmulatorError(f"terraform {command} failed:\n{told or err.strip()}", "correct what it names")
        return status, lines

    def _execute(self, *command: str) -> tuple[int, str, str]:
        full = [terraform_setup.program(), f"-chdir={self.folder}", *command]
        process = subprocess.Popen(
            full,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(self.environment),
            start_new_session=True,  # Ctrl-C reaches it once, through us
        )
        try:
            out, err = process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            raise EmulatorError(
                f"terraform {command[0]} took longer than {self.timeout:.0f} s", "give it more time: timeout=…"
            ) from None
        except BaseException:  # Ctrl-C
            _end(process)
            raise
        return process.returncode, out, err


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_ENDING_SECONDS)
    process.kill()
    process.wait()


def _messages(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            message = json.loads(line)
            if isinstance(message, dict):
                yield message


def _text(diagnostic: Mapping[str, Any]) -> str:
    place = diagnostic.get("range") or {}
    where = f" ({place['filename']}:{place['start']['line']})" if place else ""
    address = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
    return f"{address}{diagnostic['summary']}{where}\n{diagnostic.get('detail', '')}".strip()
