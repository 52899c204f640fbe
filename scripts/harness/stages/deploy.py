"""`plan-<stage>`, `deploy-<stage>`, `smoke-<stage>`: from the checks through a saved plan to the smoke test.

Also `unlock-<stage>`, which removes the state lock that a killed run left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness import console
from harness.errors import HarnessError
from harness.stack import state as stacks
from harness.stages import function_version, guards, models, package, prompts, smoke, state_bucket
from harness.stages.access import Access
from harness.stages.function_version import Version
from harness.stages.guards import names
from harness.stages.plan import Plan
from harness.stages.stage import Stage
from harness.stages.terraform import StageTerraform


def plan(stage: Stage, access: Access) -> None:
    """Show what a deployment would change, without changing anything.

    Args:
        stage: to plan.
        access: to its account.

    Raises:
        HarnessError: a check failed, or the plan could not be made.
    """
    guards.check(stage, access, guards.Level.PLAN)
    with stacks.locked(stage.lock):
        bucket_there = state_bucket.exists(stage, access)
        if not bucket_there:
            console.say(f"there is no state bucket {stage.backend['bucket']} yet: make deploy-{stage.name} creates it")
        package.build(stage)
        terraform = StageTerraform(stage, access)
        _init(terraform, state=bucket_there)
        _show(_planned(terraform, lock=False))


def deploy(stage: Stage, access: Access) -> Plan:
    """Update a stage, and run the smoke test on its own streams.

    An interrupted deployment continues with the next run.

    Args:
        stage: to deploy.
        access: to its account.

    Returns:
        What was changed.

    Raises:
        HarnessError: a check failed, the user declined, a step failed, or the smoke test failed and the previous
            version serves again.
    """
    guards.check(stage, access)
    with stacks.locked(stage.lock):
        state_bucket.ensure(stage, access)
        package.build(stage)
        terraform = StageTerraform(stage, access)
        _init(terraform)
        before = terraform.outputs()
        changes = _planned(terraform)
        _show(changes)
        if not stage.pipeline.is_default:
            names.check_planned(changes, access)
        if not changes.is_empty:
            prompts.confirm(f"Apply this plan to {stage.name}?")
        bucket = stage.model_bucket(before)
        models.publish(stage, access, bucket)  # before the function that reads it
        outputs = _applied(terraform, changes)
        if bucket is None:
            models.publish(stage, access, stage.model_bucket(outputs))
        with console.step("Wait until the function is ready") as step:
            version = function_version.wait_until_ready(stage, access, outputs)
            step.result = version.title
        if not smoke.run(stage, access, outputs, version):
            _roll_back(stage, access, terraform, before, version)
    console.say(f"{stage.name} serves {version.title}")
    return changes


def smoke_test(stage: Stage, access: Access) -> None:
    """Run the smoke test alone.

    Args:
        stage: to test.
        access: to its account.

    Raises:
        HarnessError: a check failed, the stage is not deployed, or events were lost or wrong.
    """
    guards.check(stage, access, guards.Level.PLACE)
    outputs = deployed(stage, access)
    version = function_version.wait_until_ready(stage, access, outputs)
    if not smoke.run(stage, access, outputs, version):
        way_back = f", or: make rollback STAGE={stage.name}" if stage.pipeline.is_default else ""
        raise HarnessError(
            "not every event was predicted correctly and in order",
            f"look at the alarms and the log group {version.log_group}{way_back}",
        )


def deployed(stage: Stage, access: Access) -> dict[str, Any]:
    """Return Terraform's outputs of a deployed stage.

    Raises:
        HarnessError: it is not deployed.
    """
    outputs: dict[str, Any] = {}
    with stacks.locked(stage.lock):
        if state_bucket.exists(stage, access):
            terraform = StageTerraform(stage, access)
            _init(terraform)
            outputs = terraform.outputs()
    if not outputs:
        raise HarnessError(f"{stage.name} is not deployed", f"make deploy-{stage.name}")
    return outputs


def unlock(stage: Stage, access: Access, lock: str) -> None:
    """Remove the lock with this id, after asking; any other lock stays.

    Args:
        stage: whose state is locked.
        access: to its account.
        lock: the lock's id, from the error message.

    Raises:
        HarnessError: a check failed, the user declined, or there is no such lock.
    """
    if not lock:
        raise HarnessError("no lock id is given", f"make unlock-{stage.name} LOCK=<id from the error message>")
    guards.check(stage, access, guards.Level.PLACE)
    with stacks.locked(stage.lock):
        if not state_bucket.exists(stage, access):
            raise HarnessError(f"there is no state bucket {stage.backend['bucket']}", f"make deploy-{stage.name}")
        prompts.confirm(
            f"Are you sure that the run holding lock {lock} has ended? Two concurrent runs would damage the state."
        )
        with console.step("Terraform force-unlock"):
            StageTerraform(stage, access).unlock(lock)
    console.say(f"unlocked; next: make plan-{stage.name}")


PIN = "live_version"  # Terraform's variable for the version that serves, and the output with its number


def _init(terraform: StageTerraform, *, state: bool = True) -> None:
    with console.step("Terraform init"):
        terraform.init(state=state)


def _planned(terraform: StageTerraform, variables: Mapping[str, str] | None = None, *, lock: bool = True) -> Plan:
    with console.step("Terraform plan") as step:
        made = terraform.plan(variables, lock=lock)
        step.result = "nothing to change" if made.is_empty else made.summary()
    return made


def _show(changes: Plan) -> None:
    if not changes.is_empty:
        changes.show()


def _applied(terraform: StageTerraform, changes: Plan) -> dict[str, Any]:
    if not changes.is_empty:
        with console.step("Terraform apply") as step:
            terraform.apply(changes, step)
    return terraform.outputs()


def _roll_back(
    stage: Stage, access: Access, terraform: StageTerraform, before: Mapping[str, Any], failed: Version
) -> None:
    """Go back to the version that served before this deployment; always raises."""
    former = before.get(PIN) if stage.declares(PIN) else None
    if not former or former == failed.number:
        raise HarnessError(
            "the smoke test failed, and there is no earlier version to go back to",
            f"look at the log group {failed.log_group}, fix the error, then: make deploy-{stage.name}",
        )
    console.warn(f"the smoke test failed: going back to version {former}")
    _applied(terraform, _planned(terraform, {PIN: former}))
    with console.step("Wait until the function is ready"):
        version = function_version.wait_until_ready(stage, access, terraform.outputs())
    raise HarnessError(
        f"the smoke test failed; {version.title} serves again",
        f"look at the log group {version.log_group}, fix the error, then: make deploy-{stage.name}",
    )
