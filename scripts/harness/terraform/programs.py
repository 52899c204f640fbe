"""The `docker` and `aws` with which provisioners that name ECR's registries on AWS reach a stack's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from harness.machine import commands
from harness.paths import EMULATOR_VENV
from harness.pipeline.definition import Pipeline
from harness.setup import install
from harness.stack.state import Stack
from harness.terraform.working_copy import names_ecr

AWS_BASE = "public.ecr.aws/lambda/python"
DEADLINE = 120.0


def needed(pipeline: Pipeline) -> bool:
    """Return whether a pipeline's Terraform, or a script in its folder, names ECR's registries on AWS."""
    # The checkout around the repository's own root holds much, and no script that Terraform runs.
    return names_ecr(pipeline.root) or (not pipeline.is_default and names_ecr(pipeline.folder))


def make(stack: Stack, log: Path) -> None:
    """Make the programs in a stack's folder.

    Args:
        stack: has the registry.
        log: for the output of the command.

    Raises:
        HarnessError: they could not be made.
    """
    with install.exclusive("setup"):
        install.emulator()  # in containers, only this needs it
    commands.run(
        [EMULATOR_VENV / "bin" / "pipeline-emulator", "env", "--data", stack.folder / "programs",
         "--endpoint-url", stack.endpoint_url],
        env=install.terraform_environment(), log=log, deadline=DEADLINE,
    )  # fmt: skip


def variables(stack: Stack, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables with which the programs come first; empty without programs.

    Args:
        stack: for which they may have been made.
        environment: which the variables are for.
    """
    folder = stack.folder / "programs" / "clients"
    if not folder.is_dir():
        return {}
    found = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}",
        "DOCKER_CONFIG": str(folder / "docker"),
    }
    bases = "PIPELINE_BASE_IMAGES"
    if stack.base_image and not stack.base_image.startswith(AWS_BASE) and bases not in environment:
        found[bases] = f"{AWS_BASE}={stack.base_image}"  # AWS's could not be pulled
    return found
