"""`rehearse-stg`: the whole of a deployment through plain Terraform, against a LocalStack of its own that is empty.

The path is that of `deploy-stg`, with a role that has the deployer's policy, which is enforced. What differs is where
requests go (`Access.endpoint_url`), that questions are answered with yes, and what this machine builds with (base
image, instruction set; a Zip where there is no container engine).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from harness import console, environment, function, local, processes, runtimes, setup
from harness import stack as stacks
from harness.errors import HarnessError
from harness.stack import EMBEDDED, Stack
from harness.stages import deploy, deployer, destroy, leftovers, rehearsal_files, state_bucket, upgrade
from harness.stages.access import Access
from harness.stages.stage import Stage

NAME = "rehearsal"
STAGE = "stg"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def rehearse(former: str | None) -> None:
    """Deploys, deploys again, smoke-tests and destroys the stage, and shows that nothing is left.

    Args:
        former: git revision whose stack is upgraded; the one before the modules last changed when None.

    Raises:
        HarnessError: a step failed.
    """
    revision = upgrade.choose(former)
    with empty_localstack(NAME) as stack, as_a_user_would():
        access = Access(stacks.REGION, stack.endpoint_url)
        stage = rehearsal_files.of_checkout(stack)
        package = "a Zip, since no container engine is used" if stack.runtime == EMBEDDED else stack.base_image
        console.say(
            f"What differs from make deploy-{STAGE}: requests go to {stack.endpoint_url}, questions are answered with "
            f"yes, and the function is built with this machine's means ({package})."
        )
        before = set(leftovers.found(stage, access))  # in containers, the bucket of the tracking server
        state_bucket.ensure(stage, access)
        with deployer.as_deployer(stack, stage, access):
            access_of_role = Access(stacks.REGION, stack.endpoint_url)
            if revision is not None:
                console.say(f"— a stack that commit {revision[:10]} made")
                upgrade.deploy(rehearsal_files.of_revision(stack, revision), access_of_role)
            _rehearse(stage, access_of_role, upgrades=revision is not None)
        leftovers.check(stage, access, before)
    console.say(
        "Rehearsed, with the deployer's policy enforced. Not shown by this: quotas, image scanning, the token of a "
        "GitHub workflow and everything else in docs/first-deployment.md that only AWS can answer."
    )


def _rehearse(stage: Stage, access: Access, *, upgrades: bool) -> None:
    """What a user does, one command after the other."""
    console.say(f"— make deploy-{STAGE}" + (", which upgrades it" if upgrades else ""))
    changes = deploy.deploy(stage, access)
    if lost := [change.address for change in changes.changes if change.loses_data]:
        raise HarnessError(f"the upgrade took away what holds data: {', '.join(lost)}", "see git log infrastructure")
    console.say(f"— make deploy-{STAGE} once more")
    if not deploy.deploy(stage, access).is_empty:
        raise HarnessError("the second deployment found something to change", "the plan stands above")
    console.say(f"— make destroy-{STAGE}")
    destroy.destroy(stage, access)


@contextmanager
def empty_localstack(prefix: str, runtime: str | None = None) -> Iterator[Stack]:
    """A LocalStack that holds nothing, and goes with the block.

    Args:
        prefix: of its name; the process id is added.
        runtime: as RUNTIME says when None.

    Yields:
        The stack, to which nothing was applied.
    """
    local.remove_abandoned(prefix)
    name = f"{prefix}-{os.getpid()}"
    runtime = runtime or runtimes.wanted(name)
    setup.for_runtime(runtime)
    if runtime == EMBEDDED:
        with setup.exclusive("packaging"):
            function.build()
    stack = Stack(name, STAGE, processes.free_ports(1)[0], runtime)
    with stacks.locked(name):
        try:
            runtimes.of(stack).start(stack)
            yield stack
        finally:
            local.down_locked(name)


@contextmanager
def as_a_user_would() -> Iterator[None]:
    """Credentials in the environment, and a yes to every question."""
    before = dict(os.environ)
    environment.clean_this_process()
    os.environ.update(CREDENTIALS, YES="1")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
