"""`destroy-<stage>`: deletes a stage, except its state bucket."""

from __future__ import annotations

from harness import console
from harness.stack import state as stacks
from harness.stages import guards, package, prompts, state_bucket
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.stages.terraform import StageTerraform

BY_NAME = ("prod",)  # stages whose name must be typed


def destroy(stage: Stage, access: Access) -> None:
    """List everything that a stage consists of, ask, and delete it.

    Args:
        stage: to destroy.
        access: to its account.

    Raises:
        HarnessError: a check failed, the user declined, or something could not be deleted.
    """
    guards.check_for_destroy(stage, access)
    with stacks.locked(stage.lock):
        if not state_bucket.exists(stage, access):
            console.say(f"{stage.name} is not deployed: there is no state bucket {stage.backend['bucket']}")
            return
        package.build(stage)  # a plan to destroy evaluates the configuration, too
        terraform = StageTerraform(stage, access)
        with console.step("Terraform init"):
            terraform.init()
        with console.step("Terraform plan -destroy") as step:
            plan = terraform.plan(destroy=True)
            step.result = f"{len(plan.changes)} resources"
        if plan.is_empty:
            console.say(f"{stage.name} is not deployed: its state is empty")
            return
        plan.show()
        question = f"Delete all of this from account {access.account()}?"
        if stage.name in BY_NAME:
            prompts.confirm_by_name(question, stage.title)
        else:
            prompts.confirm(question)
        with console.step("Terraform destroy") as step:
            terraform.apply(plan, step)
    console.say(f"kept the state bucket {stage.backend['bucket']}, with the state's history")
