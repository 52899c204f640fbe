"""Deploys the stack of an earlier commit, so that the rehearsal can upgrade it."""

from __future__ import annotations

import subprocess

from harness import console, paths
from harness.errors import HarnessError
from harness.stages import models, state_bucket
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.stages.terraform import StageTerraform

MODULES = ("infrastructure/*.tf", "infrastructure/modules")
GIT_SECONDS = 30.0


def choose(asked: str | None) -> str | None:
    """Choose the commit whose stack is upgraded.

    Args:
        asked: a revision; None for the one before the modules last changed.

    Returns:
        Its hash; None, with a warning, if no earlier commit is available.

    Raises:
        HarnessError: the requested revision does not exist.
    """
    if asked:
        found = _git("rev-parse", "--verify", "--quiet", f"{asked}^{{commit}}")
        if found is None:
            raise HarnessError(f"there is no commit {asked}", "choose another: make rehearse-stg FROM=<commit>")
        return found
    changed = _git("log", "-1", "--format=%H", "--", *MODULES)
    found = changed and _git("rev-parse", "--verify", "--quiet", f"{changed}^")
    if not found:
        console.warn("no earlier commit is available (no git, or a shallow clone): not rehearsing the upgrade")
    return found or None


def _git(*words: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", paths.ROOT, *words], capture_output=True, text=True, timeout=GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def deploy(stage: Stage, access: Access) -> None:
    """Apply an earlier commit's modules and publish the model. Later steps of today's deployment may not exist yet.

    Args:
        stage: made of that commit's files.
        access: to an empty account.
    """
    state_bucket.ensure(stage, access)
    terraform = StageTerraform(stage, access)
    with console.step("Terraform init"):
        terraform.init()
    with console.step("Terraform plan"):
        plan = terraform.plan()
    with console.step("Terraform apply") as step:
        terraform.apply(plan, step)
    models.publish(stage, access, terraform.outputs()["model_bucket"])
