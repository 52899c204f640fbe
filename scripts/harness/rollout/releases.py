"""Keeps promoted models in `.cache/releases`, because a stack's registry is deleted with it and they must not be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from harness.machine.files import remove
from harness.model import current as current_model
from harness.rollout.model_versions import Version


def keep(version: Version, folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Stores a checked model atomically; a stored model never changes.

    Args:
        version: its version.
        folder: its files, which are copied.
        found: what its check found out about it (`current.check`).

    Returns:
        A training result: `model_dir`, `model_key`, `run_id` and so on.
    """
    target = current_model.releases() / version.run_id
    known = current_model.kept(version.run_id)
    if known is None:
        remove(target)
        draft = current_model.releases() / f"{version.run_id}.new"
        remove(draft)
        shutil.copytree(folder, draft / "model")
        result = {
            **found,
            "run_id": version.run_id,
            "experiment_id": version.experiment_id,
            "model_version": version.number,
            "model_dir": str(target / "model"),
            "model_key": version.key,
            "metrics": version.metrics,
        }
        (draft / "result.json").write_text(json.dumps(result, indent=2))
        draft.rename(target)
        return result
    return known
