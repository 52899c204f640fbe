"""Which model the next `make local-up` lets predict beside the live one (make promote … STAGE=local SHADOW=1)."""

from __future__ import annotations

from pathlib import Path

from harness.machine.files import write_whole
from harness.pipeline.definition import Pipeline

VARIABLE = "shadow_run_id"  # of Terraform


def chosen(pipeline: Pipeline) -> str:
    """Return the run id of a pipeline's shadow model; empty for none."""
    try:
        return _file(pipeline).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def choose(pipeline: Pipeline, run_id: str) -> None:
    """Make a promoted model the shadow."""
    write_whole(_file(pipeline), run_id)


def end(pipeline: Pipeline) -> None:
    """End shadow mode with the next `make local-up`."""
    _file(pipeline).unlink(missing_ok=True)


def _file(pipeline: Pipeline) -> Path:
    return pipeline.cache / "shadow-model"
