"""Keeps promoted models in `.cache/releases`, because a stack's registry is deleted with it and they must not be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from harness import paths
from harness.machine.files import remove
from harness.model import current as current_model
from harness.rollout.model_versions import Version
from store_sales.model import Model


def keep(version: Version, folder: Path, loaded: Model) -> dict[str, Any]:
    """Stores a checked model atomically; a stored model never changes.

    Args:
        version: its version.
        folder: its files, which are copied.
        loaded: the loaded model.

    Returns:
        A training result: `model_dir`, `model_key`, `run_id` and so on.
    """
    target = paths.RELEASES / version.run_id
    known = current_model.kept(version.run_id)
    if known is None:
        remove(target)
        draft = paths.RELEASES / f"{version.run_id}.new"
        remove(draft)
        shutil.copytree(folder, draft / "model")
        first, last = loaded.date_range
        result = {
            "run_id": version.run_id,
            "experiment_id": version.experiment_id,
            "model_version": version.number,
            "model_dir": str(target / "model"),
            "model_key": version.key,
            "metrics": version.metrics,
            "stores": list(loaded.profiles.stores),
            "date_range": [first.isoformat(), last.isoformat()],
        }
        (draft / "result.json").write_text(json.dumps(result, indent=2))
        draft.rename(target)
        return result
    return known
