"""`destroy-<stage>`: takes a stage away, and leaves the bucket of its state."""

from __future__ import annotations

from harness import console
from harness import stack as stacks
from harness.stages import guards, prompts, state_bucket
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.stages.terraform import StageTerraform

BY_NAME = ("prod",)  # stages whose end takes more than a y


def destroy(stage: Stage, access: Access) -> None:
    """Names everything that a stage consists of, asks, and deletes it.

    Args:
        stage: which.
        access: to its account.

    Raises:
        HarnessError: a check refuses, the user does, or something could not be deleted.
    """
    guards.check_for_destroy(stage, access)
    with stacks.locked(stage.lock):
        if not state_bucket.exists(stage, access):
            console.say(f"{stage.name} is not deployed: there is no state bucket {stage.backend['bucket']}")
            return
        terraform = StageTerraform(stage, access)
        with console.step("Terraform init"):
            terraform.init()
        with console.step("Terraform plan, the end of everything") as step:
            plan = terraform.plan(destroy=True)
            step.result = f"{len(plan.changes)} resources"
        if plan.is_empty:
            console.say(f"{stage.name} is not deployed: its state holds nothing")
            return
        plan.show()
        question = f"Delete all this from account {access.account()}?"
        if stage.name in BY_NAME:
            prompts.confirm_by_name(question, stage.variables["project_id"])
        else:
            prompts.confirm(question)
        with console.step("Terraform destroy, that plan") as step:
            terraform.apply(plan, step)
    console.say(f"the state bucket {stage.backend['bucket']} was kept, with the state's history")
