"""The tables of docs/metrics.md, from the emulator's own catalog."""

from __future__ import annotations

from harness import paths
from harness.errors import HarnessError
from harness.machine import commands

CATALOG = "pipeline_emulator.metrics.catalog"
LOG = paths.CACHE / "logs" / "reference.log"
DEADLINE = 60.0


def tables() -> str:
    """Return the tables of metrics as Markdown.

    Raises:
        HarnessError: the emulator is not installed.
    """
    python = paths.EMULATOR_VENV / "bin" / "python"
    if not python.exists():
        raise HarnessError("the emulator is not installed, which lists its metrics", "make setup")
    return commands.run([python, "-m", CATALOG], log=LOG, deadline=DEADLINE).strip()
