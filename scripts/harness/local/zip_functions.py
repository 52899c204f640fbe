"""Tells which functions from Zips LocalStack is going to refuse: their runtime or architecture cannot run here."""

from __future__ import annotations

import os
import platform
import re
import runpy
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from harness import paths
from harness.errors import HarnessError
from harness.machine import environment
from harness.paths import shown

VERSIONS = paths.EMULATOR / "pipeline_emulator" / "lambda_runtime" / "runtimes" / "versions.py"
# Blocks as `terraform fmt` leaves them.
_FUNCTION = re.compile(r'^resource "aws_lambda_function" "([\w-]+)" {\n(.*?)^}', re.MULTILINE | re.DOTALL)
_MAY_BE_ABSENT = re.compile(r"^\s*(?:count|for_each)\s*=", re.MULTILINE)
_ARGUMENT = re.compile(r"^\s*(runtime|architectures|package_type)\s*=\s*(.*)$", re.MULTILINE)
_QUOTED = re.compile(r'"([^"]*)"')
_LITERAL = re.compile(r'"[^"$]*"|\["[^"$]*"\]')
OF_AWS = "x86_64"  # of a function without architectures
LOCALSTACKS = "python3.13"  # LocalStack itself runs on it
INTERPRETERS = "LAMBDA_INTERPRETERS"
SECONDS = 60.0


@cache
def runtimes() -> tuple[str, ...]:
    """Return the runtimes that functions from Zips may have without containers."""
    return tuple(runpy.run_path(str(VERSIONS))["IDENTIFIERS"])


def architecture() -> str:
    """Return this machine's architecture, as Lambda calls it."""
    return "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def refusal(values: Mapping[str, Any], *, in_containers: bool = False) -> tuple[str, str] | None:
    """Return why LocalStack is going to refuse a function, and the remedy; None if it is not.

    Args:
        values: arguments of an aws_lambda_function.
        in_containers: functions run in AWS's base images, of which there is one for every runtime.
    """
    if values.get("package_type") == "Image":
        return None
    runtime, wanted = values.get("runtime"), values.get("architectures") or [OF_AWS]
    if runtime and not in_containers and runtime not in runtimes():
        return (
            f"without containers, functions from Zips have no runtime {runtime}",
            f"use RUNTIME=docker, or choose one of {', '.join(runtimes())}",
        )
    if (own := architecture()) not in wanted:
        return (
            f"it is for {' and '.join(wanted)}, and functions from Zips run on this machine, which is {own}",
            f"set its architectures to {own}, or make it a function from an image",
        )
    return None


def check(root: Path, *, in_containers: bool = False) -> None:
    """Check the functions whose runtime and architecture are in the text of a root module.

    Args:
        root: its folder.
        in_containers: as for `refusal`.

    Raises:
        HarnessError: LocalStack is going to refuse one, after most of the apply.
    """
    for name, values in _functions(root):
        if found := refusal(values, in_containers=in_containers):
            raise HarnessError(f"{name} cannot run here: {found[0]}", found[1])


def check_interpreters(root: Path) -> None:
    """Check that this machine has the interpreters of those functions; the emulator must be installed.

    Raises:
        HarnessError: one is missing. LocalStack would say so after most of the apply.
    """
    used = {str(values["runtime"]): name for name, values in _functions(root) if values["package_type"] != "Image"}
    wanted = [runtime for runtime in used if runtime not in ("", LOCALSTACKS)]
    if not wanted:
        return
    own = {INTERPRETERS: named} if (named := os.environ.get(INTERPRETERS)) else {}
    launcher = str(paths.EMULATOR_VENV / "bin" / "pipeline-emulator")
    try:
        done = subprocess.run(
            [launcher, "doctor", *(f"--runtime={name}" for name in wanted)],
            env=environment.for_emulator(**own), capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:  # a busy machine: the apply is going to tell
        return
    for line in done.stdout.splitlines():
        failed, _, text = line.partition("  ")
        runtime, _, reason = text.partition(": ")
        if failed == "FAIL":
            raise HarnessError(f"{used[runtime]} cannot run here: {reason}", "install it, or use RUNTIME=docker")


def _functions(root: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield place and literal arguments of the functions in the text of a root module that are always made."""
    for file in sorted(root.glob("*.tf")):
        for name, body in _FUNCTION.findall(file.read_text(encoding="utf-8", errors="replace")):
            if not _MAY_BE_ABSENT.search(body):
                yield f"{shown(file)}: aws_lambda_function.{name}", _values(body)


def _values(body: str) -> dict[str, Any]:
    """Return the arguments of a function that its block has literally; what Terraform computes is no obstacle."""
    computed = {"package_type": "Image", "runtime": "", "architectures": architecture()}  # nothing to refuse
    literal: dict[str, Any] = {"package_type": "Zip", "runtime": "", "architectures": [OF_AWS]}
    for name, value in _ARGUMENT.findall(body):
        words = _QUOTED.findall(value) if _LITERAL.fullmatch(value.strip()) else [computed[name]]
        literal[name] = words if name == "architectures" else words[0]
    return literal
