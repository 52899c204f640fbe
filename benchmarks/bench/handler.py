"""The function's own code: records per second by batch size, cold start, peak memory; without emulator and mapping."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.bench import figures
from benchmarks.bench.figures import Figure
from harness import events, paths
from harness.console import Step
from harness.errors import HarnessError
from harness.stack.clients import Clients
from harness.stack.state import EMBEDDED, Stack

PROGRAM = Path(__file__).with_name("function_process.py")
SIZES = (1, 100, 500)
MEMORY_SIZE = 100  # the mapping's batch size
INITS, ROUNDS, ROUND_SECONDS = 7, 5, 0.5
EVENTS = 5_000
DEADLINE = 120.0
RATE_UNIT = "records/s of CPU time"


def rate_key(size: int) -> str:
    """The name of a batch size's rate in the report."""
    return f"handler_rate_{size}"


TITLES = {
    **{rate_key(size): f"handler alone, batches of {size}" for size in SIZES},
    "handler_init": "handler alone, start to first prediction",
    "handler_memory": f"handler alone, peak memory with batches of {MEMORY_SIZE}",
}


def measured(stack: Stack, step: Step) -> dict[str, Figure]:
    """Runs the Zip's code as processes beside a stack of ours, which has its model and its streams.

    Raises:
        HarnessError: the function failed or did not end.
    """
    events_text = "".join(f"{data.decode()}\n" for data, _ in events.made_up(stack, EVENTS))
    found: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory(prefix="bench-handler-") as name:
        folder = Path(name)
        with zipfile.ZipFile(stack.pipeline.zip_file) as archive:
            archive.extractall(folder)
        environment = _environment(stack, folder)

        def run(size: int, rounds: int) -> dict[str, Any]:
            return _run([str(size), str(ROUND_SECONDS), str(rounds)], events_text, environment, folder)

        for size in SIZES:
            step.note(f"batches of {size}")
            found[rate_key(size)] = figures.of_rounds(run(size, ROUNDS)["rates"], RATE_UNIT)
        step.note("start")
        starts = [run(MEMORY_SIZE, 0) for _ in range(INITS)]
    found["handler_init"] = figures.of_rounds([one["init"] for one in starts], "s")
    found["handler_memory"] = figures.of_rounds([one["peak_mib"] for one in starts], "MiB")
    return found


def _environment(stack: Stack, folder: Path) -> Mapping[str, str]:
    """The variables that Terraform gives the function, and what Lambda adds."""
    function = Clients(stack).functions.get_function_configuration(FunctionName=stack.resources.function)
    return {
        **function.get("Environment", {}).get("Variables", {}),
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": f"{folder}{os.pathsep}{paths.LAMBDA_RUNTIME}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": stack.region,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "LOG_LEVEL": "ERROR",
    }


def _run(arguments: list[str], given: str, environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    program = shutil.copy(PROGRAM, folder / PROGRAM.name)  # so that this repository is not on Python's path
    try:
        done = subprocess.run(
            [sys.executable, "-S", program, *arguments],
            input=given, env=dict(environment), cwd=folder, capture_output=True, text=True, check=False,
            timeout=DEADLINE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise HarnessError(f"the function's process did not end within {DEADLINE:.0f} s", "measure again") from None
    if done.returncode:
        raise HarnessError(f"the function's process failed: {done.stderr.strip()[-500:]}", "read the traceback")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def applies_to(stack: Stack) -> bool:
    """Whether the target is the one beside which the function's code is measured: the same code runs in all."""
    return stack.pipeline.is_default and stack.runtime == EMBEDDED and stack.name == f"bench-{EMBEDDED}"
