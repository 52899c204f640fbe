"""Deploys the stack of an earlier commit, so that the rehearsal can upgrade it."""

from __future__ import annotations

import subprocess

from harness import console
from harness.errors import HarnessError
from harness.pipeline.definition import Pipeline
from harness.stages import models, state_bucket
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.stages.terraform import StageTerraform

OWN = ("*.tf", "modules")
GIT_SECONDS = 30.0


def choose(pipeline: Pipeline, asked: str | None) -> str | None:
    """Choose the commit whose stack is upgraded.

    Args:
        pipeline: in a git repository.
        asked: a revision; None for the one before the modules last changed.

    Returns:
        Its hash; None, with a warning, if no earlier commit is available.

    Raises:
        HarnessError: the requested revision does not exist.
    """
    if asked:
        found = _git(pipeline, "rev-parse", "--verify", "--quiet", f"{asked}^{{commit}}")
        if not found:
            raise HarnessError(f"there is no commit {asked}", "choose another: make rehearse-stg FROM=<commit>")
        return found
    changed = _git(pipeline, "log", "-1", "--format=%H", "--", *(OWN if pipeline.is_default else ["."]))
    found = changed and _git(pipeline, "rev-parse", "--verify", "--quiet", f"{changed}^")
    if found and not _git(pipeline, "rev-parse", "--verify", "--quiet", f"{found}:./"):
        found = None  # its Terraform began after that
    if not found:
        why = "no git, a shallow clone, or Terraform that never changed"
        console.warn(f"not rehearsing an upgrade: no earlier commit is available ({why})")
    return found or None


def _git(pipeline: Pipeline, *words: str) -> str | None:
    """Run git in the folder of the pipeline's root module; None if it fails."""
    try:
        answer = subprocess.run(
            ["git", "-C", pipeline.root, *words], capture_output=True, text=True, timeout=GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


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
    models.publish(stage, access, stage.model_bucket(terraform.outputs()))
