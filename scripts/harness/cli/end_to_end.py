"""`pipeline e2e` for another pipeline than the repository's: what can be proved of any pipeline."""

from __future__ import annotations

import os

from harness import console, reports
from harness.cli import ledger_runs
from harness.errors import HarnessError
from harness.local import deployment, kept_logs, lifecycle
from harness.machine import ports
from harness.pipeline.definition import Pipeline
from harness.terraform.runner import Terraform

EVENTS, EVENTS_UNDER_FAULTS, SEED = 2000, 500, 7


def run(pipeline: Pipeline) -> None:
    """Start a pipeline in a stack of its own, verify it, verify it under faults, and take it down.

    Raises:
        HarnessError: a step failed, or a plan after the apply is not empty.
    """
    done = f"{EVENTS} events verified, {EVENTS_UNDER_FAULTS} under faults, and the plan is empty"
    with reports.of_steps("e2e", f"End to end: {pipeline.name}", done):
        _prove(pipeline)
    console.say(f"{pipeline.name}: {done}")


def _prove(pipeline: Pipeline) -> None:
    prefix = f"e2e-{pipeline.name}"
    lifecycle.remove_abandoned(prefix)
    name = f"{prefix}-{os.getpid()}"
    try:
        with kept_logs.after_failure(name):
            stack, _ = lifecycle.up(name, "e2e", ports.free_ports(1)[0])
            with console.step("Terraform plan"):
                if not Terraform(stack, deployment.variables(stack, stack.run_id)).plan_is_empty():
                    raise HarnessError(
                        "right after the apply, a plan would change something",
                        f"see the plan in {stack.log('terraform')}; docs/fidelity.md says what the emulator keeps",
                    )
            ledger_runs.verify(stack, EVENTS, None, "e2e-verify")
            ledger_runs.chaos_of_one(stack, SEED, EVENTS_UNDER_FAULTS, "e2e-chaos")
    finally:
        lifecycle.down(name)
