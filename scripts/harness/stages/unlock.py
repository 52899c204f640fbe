"""`unlock-<stage>`: removes a lock that a killed run left on the state."""

from __future__ import annotations

from harness import console
from harness import stack as stacks
from harness.errors import HarnessError
from harness.stages import guards, prompts, state_bucket
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.stages.terraform import StageTerraform


def unlock(stage: Stage, access: Access, lock: str) -> None:
    """Remove the lock with this id, after asking; any other lock stays.

    Args:
        stage: whose state is locked.
        access: to its account.
        lock: the lock's id, as the error message names it.

    Raises:
        HarnessError: a check failed, the user declined, or there is no such lock.
    """
    if not lock:
        raise HarnessError("no lock is named", f"make unlock-{stage.name} LOCK=<id, as the error message names it>")
    guards.check(stage, access, guards.Level.PLACE)
    with stacks.locked(stage.lock):
        if not state_bucket.exists(stage, access):
            raise HarnessError(f"there is no state bucket {stage.backend['bucket']}", f"make deploy-{stage.name}")
        prompts.confirm(f"Has the run with lock {lock} certainly ended? Two runs at once would damage the state.")
        with console.step("Terraform force-unlock"):
            StageTerraform(stage, access).unlock(lock)
    console.say(f"unlocked; next: make plan-{stage.name}")
