"""`rehearse-stg`: a complete deployment with plain Terraform against a new, empty LocalStack.

It takes the path of `deploy-stg`, with a role that has the deployer's policy, which is enforced. Only these differ: the
endpoint (`Access.endpoint_url`), questions answered with yes, and what this machine builds with (base image,
architecture; a Zip without a container engine).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from harness import console
from harness.errors import HarnessError
from harness.local import deployment, kept_logs, lifecycle, runtimes
from harness.machine import environment, ports
from harness.pipeline import definition
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack
from harness.stages import deploy, deployer, destroy, leftovers, rehearsal_files, state_bucket, upgrade
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.terraform import programs

NAME = "rehearsal"
STAGE = "stg"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def rehearse(former: str | None) -> None:
    """Deploy, deploy again, smoke-test and destroy the stage, and check that nothing is left.

    Args:
        former: git revision whose stack is upgraded; None for the one before the modules last changed.

    Raises:
        HarnessError: a step failed.
    """
    pipeline = definition.current()
    revision = upgrade.choose(pipeline, former)
    with empty_localstack(NAME) as stack, as_a_user_would():
        stage = rehearsal_files.of_checkout(stack)
        access = Access(stage.region, stack.endpoint_url)
        package = "a Zip, without a container engine" if stack.runtime == EMBEDDED else stack.base_image
        console.say(
            f"Differences from make deploy-{STAGE}: requests go to {stack.endpoint_url}, questions are answered with "
            f"yes, and the function is built with what this machine has ({package})."
        )
        if programs.needed(pipeline):
            programs.make(stack, stage.log("terraform"))
            os.environ.update(programs.variables(stack, os.environ))
        before = set(leftovers.found(stage, access))  # in containers, the bucket of the tracking server
        state_bucket.ensure(stage, access)
        role = deployer.as_deployer(stack, stage, access) if pipeline.is_default else contextlib.nullcontext()
        with role:
            access_of_role = Access(stage.region, stack.endpoint_url)
            if revision is not None:
                console.say(f"— a stack of commit {revision[:10]}")
                upgrade.deploy(rehearsal_files.of_revision(stack, revision), access_of_role)
            _rehearse(stage, access_of_role, upgrades=revision is not None)
        leftovers.check(stage, access, before)
    whose = "with the deployer's policy enforced" if pipeline.is_default else "as the account's root user"
    console.say(
        f"Rehearsed, {whose}. Not covered: quotas, image scanning, a GitHub workflow's "
        "token and everything else in docs/first-deployment.md that only AWS can show."
    )


def _rehearse(stage: Stage, access: Access, *, upgrades: bool) -> None:
    """Run the user's commands one after the other."""
    console.say(f"— make deploy-{STAGE}" + (", as an upgrade" if upgrades else ""))
    changes = deploy.deploy(stage, access)
    if lost := [change.address for change in changes.changes if change.loses_data]:
        raise HarnessError(f"the upgrade destroyed data: {', '.join(lost)}", "see git log for the Terraform")
    console.say(f"— make deploy-{STAGE} once more")
    if not deploy.deploy(stage, access).is_empty:
        raise HarnessError("the second deployment found changes", "see the plan above")
    console.say(f"— make destroy-{STAGE}")
    destroy.destroy(stage, access)


@contextmanager
def empty_localstack(prefix: str, runtime: str | None = None) -> Iterator[Stack]:
    """Start an empty LocalStack for the duration of the block.

    Args:
        prefix: of its name; the process id is added.
        runtime: None for what RUNTIME says.

    Yields:
        The stack, to which nothing has been applied.
    """
    lifecycle.remove_abandoned(prefix)
    name = f"{prefix}-{os.getpid()}"
    runtime = runtime or runtimes.wanted(name)
    deployment.prepare(definition.current(), runtime)
    stack = Stack(name, STAGE, ports.free_ports(1)[0], runtime)
    if deployment.takes_zip(stack.pipeline, runtime):
        with install.exclusive("packaging"):
            deployment.build_function(stack.pipeline)
    with stacks.locked(name):
        try:
            with kept_logs.after_failure(name):
                runtimes.of(stack).start(stack)
                yield stack
        finally:
            lifecycle.down_locked(name)


@contextmanager
def as_a_user_would() -> Iterator[None]:
    """Set credentials in the environment, and answer every question with yes."""
    before = dict(os.environ)
    environment.clean_this_process()
    os.environ.update(CREDENTIALS, YES="1")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
