"""Leftovers: files and variables that would change what Terraform does but are not in the stage's own files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness import console
from harness.errors import HarnessError
from harness.paths import shown
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.terraform import relative_paths
from harness.terraform.working_copy import OVERRIDES

# Terraform reads these automatically.
VALUES = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
# What tflocal, or Terraform run by hand, would read. TF_CLI_CONFIG_FILE and TF_PLUGIN_CACHE_DIR are kept.
DROPPED = ("TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR", "S3_HOSTNAME", "USE_LEGACY_PORTS", "EDGE_PORT")


def check(stage: Stage, _access: Access) -> None:
    """Refuse leftover files beside the stage's configuration, and report variables that are not passed on.

    Variables are no reason to refuse: none of them reaches Terraform (`Access.environment`).

    Args:
        stage: names the folder.

    Raises:
        HarnessError: there is such a file.
    """
    # Another pipeline may keep values in files that Terraform reads by itself; the plan shows what they do.
    patterns = (OVERRIDES, VALUES) if stage.pipeline.is_default else (OVERRIDES,)
    found = {file for each in patterns for file in _found(stage.infrastructure, each)}
    if not stage.pipeline.is_default:  # modules beside the root module are copied without overrides, too
        found |= {file for file in relative_paths.configuration(stage.infrastructure) if _is_override(file)}
    if found:
        files = " ".join(shown(file) for file in sorted(found))
        raise HarnessError(
            f"Terraform would read leftover files beside the configuration: {files}",
            f"move what {stage.name} needs to {shown(stage.vars_file)}, then: rm {files}",
        )
    if ignored := sorted(name for name in os.environ if name.startswith(DROPPED)):
        console.say(f"not passed to Terraform: {', '.join(ignored)}; only {stage.name}'s own files count")


def _is_override(file: Path) -> bool:
    return any(file.match(pattern) for pattern in OVERRIDES)


def _found(infrastructure: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for root in (infrastructure, infrastructure / "bootstrap", infrastructure / "modules"):
        for pattern in patterns:
            for file in root.glob(f"**/{pattern}" if root.name == "modules" else pattern):
                if ".terraform" not in file.parts:
                    yield file
