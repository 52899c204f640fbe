"""Runs the suite against one tool at a time, and writes the table."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.conformance import results, table
from benchmarks.conformance.results import Result
from benchmarks.rivals import tools
from benchmarks.rivals.tools import Tool
from harness import console, paths
from harness.errors import HarnessError
from harness.machine import environment
from harness.paths import shown
from harness.setup import install

SUITE = Path(__file__).parent / "suite"
SECONDS = 20.0  # per wait: many times what a poller with an interval of a second needs
TEST_SECONDS = 150  # per test
DEADLINE = 3600.0  # per tool


def run(names: Sequence[str]) -> None:
    """Measures tools and writes the table from their results and the last results of the others.

    Args:
        names: of the tools to measure.

    Raises:
        HarnessError: our emulator failed a test or did not start.
    """
    known = tools.known()
    for name in names:
        measure(known[name]).save()
        table.write([results.load(tool.name) or _unmeasured(tool, "not run") for tool in known.values()], SECONDS)
    console.say(f"written to {shown(table.PATH)} and {shown(results.FOLDER)}")
    ours = results.load("ours")
    if "ours" in names and ours and (ours.unmeasured or ours.count("failed")):
        raise HarnessError(
            ours.unmeasured or f"{ours.count('failed')} tests failed on our emulator", f"read {shown(_log('ours'))}"
        )


def chosen(text: str) -> list[str]:
    """Parses a comma-separated list of tools; an empty list means all.

    Raises:
        HarnessError: a name is unknown.
    """
    known = list(tools.known())
    names = [name.strip() for name in text.split(",") if name.strip()] or known
    for name in names:
        if name not in known:
            raise HarnessError(f"TARGETS={text}: '{name}' is unknown", f"choose from {','.join(known)}")
    return list(dict.fromkeys(names))


def measure(tool: Tool) -> Result:
    """Starts a tool, runs the suite against it and stops it; failing to start is also a result."""
    try:
        with tools.opened(tool) as stack, console.step(f"Conformance of {tool.title}") as step:
            result = _suite(tool, stack.endpoint_url)
            step.result = f"{result.count('passed')} of {len(result.cases)}"
            return result
    except HarnessError as error:
        console.warn(f"{tool.title}: {error.cause}")
        return _unmeasured(tool, error.cause.splitlines()[0])


def _suite(tool: Tool, endpoint_url: str) -> Result:
    found = results.FOLDER / f"{tool.name}.tests.json"
    found.parent.mkdir(parents=True, exist_ok=True)
    found.unlink(missing_ok=True)
    env = environment.clean(
        CONFORMANCE_ENDPOINT_URL=endpoint_url,
        CONFORMANCE_SECONDS=str(SECONDS),
        CONFORMANCE_RESTART=tools.restart_command(tool),
        CONFORMANCE_RESULTS=str(found),
    )
    command: list[str | Path] = [install.PYTHON, "-m", "pytest", "-v", "--tb=short", f"--timeout={TEST_SECONDS}", SUITE]
    log = _log(tool.name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        try:
            subprocess.run(
                command, cwd=paths.ROOT, env=env, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                timeout=DEADLINE, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise HarnessError(f"the suite took longer than {DEADLINE:.0f} s", f"read {shown(log)}") from None
    if not found.exists():
        raise HarnessError("the suite ended without results", f"read {shown(log)}")
    return Result(tool.name, tool.title, tool.remark, _today(), cases=results.cases(found))


def _unmeasured(tool: Tool, reason: str) -> Result:
    return Result(tool.name, tool.title, tool.remark, _today(), reason)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _log(name: str) -> Path:
    return paths.CACHE / "logs" / f"conformance-{name}.log"
