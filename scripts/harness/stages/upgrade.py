"""A stack that an earlier commit made, to be upgraded."""

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
    """The commit whose stack is upgraded.

    Args:
        asked: a revision; None for the one before the modules last changed.

    Returns:
        Its hash; None, said to the user, where no earlier commit is at hand.

    Raises:
        HarnessError: the revision that was asked for is not there.
    """
    if asked:
        found = _git("rev-parse", "--verify", "--quiet", f"{asked}^{{commit}}")
        if found is None:
            raise HarnessError(f"there is no commit {asked} here", "name one: make rehearse-stg FROM=<commit>")
        return found
    changed = _git("log", "-1", "--format=%H", "--", *MODULES)
    found = changed and _git("rev-parse", "--verify", "--quiet", f"{changed}^")
    if not found:
        console.warn("no earlier commit is at hand (no git, or a shallow clone): the upgrade is not rehearsed")
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
    """Applies an earlier commit's modules and publishes the model; what else today's deployment does it may not know.

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
    with console.step("Terraform apply, that plan") as step:
        terraform.apply(plan, step)
    models.publish(stage, access, terraform.outputs()["model_bucket"])
