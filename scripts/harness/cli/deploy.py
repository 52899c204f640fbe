"""Commands that deploy to AWS, or rehearse it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from harness.cli import options
from harness.cli.everyday import runtime
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.stages.access import Access
    from harness.stages.stage import Stage


def _stages(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from harness.stages.stage import NAMES

    return [CompletionItem(name) for name in NAMES if name.startswith(incomplete)]


stage_argument = click.argument("stage", shell_complete=_stages, help="The stage: stg or prod.")
yes = options.setting("--yes", envvar="YES", is_flag=True, help="Answer every yes/no question with yes.")


def _opened(name: str) -> tuple[Stage, Access]:
    """A stage, and access to its account."""
    from harness.stages.access import Access
    from harness.stages.stage import load

    stage = load(name)
    return stage, Access(stage.region)


@click.command()
@runtime
@options.option(
    "--from", "former", envvar="FROM", metavar="COMMIT",
    show_default="the one before the modules last changed",
    help="Commit whose stack is upgraded first.",
)  # fmt: skip
def rehearse(former: str | None) -> None:
    """Rehearse a complete deployment to stg on an empty LocalStack; needs no account.

    Deploys an earlier commit, upgrades it, deploys again, smoke-tests, destroys, and looks for leftovers.
    """
    from harness import reports
    from harness.stages import rehearsal

    done = "deployed, deployed again without a change, smoke-tested and destroyed; nothing is left"
    with reports.of_steps("rehearse-stg", "Rehearsal of the deployment to stg", done):
        rehearsal.rehearse(former)


@click.command()
@stage_argument
def plan(stage: str) -> None:
    """Show what a deployment would change on AWS; change nothing."""
    from harness.stages import deploy

    deploy.plan(*_opened(stage))


@click.command()
@stage_argument
@yes
def deploy(stage: str) -> None:
    """Check, plan, ask, apply that plan to AWS, and smoke-test it."""
    from harness.stages import deploy as deployments

    deployments.deploy(*_opened(stage))


@click.command()
@stage_argument
def smoke(stage: str) -> None:
    """Send a few events through a stage on AWS and give the ledger's verdict."""
    from harness.stages import deploy

    deploy.smoke_test(*_opened(stage))


@click.command()
@stage_argument
def compare(stage: str) -> None:
    """Show what differs between a stage on AWS and the local stack, and what of it matters; change nothing."""
    from harness import comparison
    from harness.stack import state as stacks

    comparison.run(stacks.here(), *_opened(stage))


@click.command()
@stage_argument
@yes
def destroy(stage: str) -> None:
    """List what would be deleted on AWS, ask, and delete it; the state bucket stays."""
    from harness.stages import destroy as deletions

    deletions.destroy(*_opened(stage))


@click.command()
@stage_argument
@options.option(
    "--lock", envvar="LOCK", default="", metavar="ID", help="ID of the lock, as Terraform's message names it.",
)  # fmt: skip
@yes
def unlock(stage: str, lock: str) -> None:
    """Remove the lock that a killed run left on a stage's Terraform state."""
    from harness.stages import deploy

    deploy.unlock(*_opened(stage), lock=lock)


@click.command()
@options.option(
    "--model", "choice", envvar="MODEL", default="", metavar="VERSION|RUN|ALIAS",
    help="The model in MLflow's registry: its version, run id or alias.",
)  # fmt: skip
@options.option(
    "--stage", envvar="STAGE", default="", show_default=False, metavar="local|stg|prod", help="The stage that gets it."
)
@options.flag("--shadow", envvar="SHADOW", help="Let it predict alongside the live model, to compare.")
def promote(choice: str, stage: str, shadow: bool) -> None:
    """Check a registered model and make it the one a stage serves."""
    from harness.machine import environment
    from harness.stack import state as stacks

    environment.prepare_for_mlflow()
    from harness.rollout import promote as rollout  # imports MLflow

    stacks.check_owner(stacks.name())
    stack = stacks.load(stacks.name())
    rollout.run(choice, stage, stack if stack and stack.alive() else None, shadow=shadow)


@click.command()
@options.option("--stage", envvar="STAGE", default="", metavar="stg|prod", help="The stage.")
@options.option(
    "--version", envvar="VERSION", default="", metavar="NUMBER|latest",
    show_default="the one before the live one",
    help="The function's version; latest ends a rollback.",
)  # fmt: skip
@yes
def rollback(stage: str, version: str) -> None:
    """Serve an earlier version of a stage's function, with its model, again."""
    from harness.rollout import rollback as rollout
    from harness.stages import deploy

    rollout.rollback(*_opened(stage), version, deploy.deploy)


stage_of_settings = options.option(
    "--stage",
    envvar="STAGE",
    default="stg",
    show_default=True,
    metavar="stg|prod",
    help="The stage with the settings.",
)


@click.command()
@options.rate("several rates")
@stage_of_settings
@options.option(
    "--duration", envvar="DURATION_MS", callback=options.number(float), metavar="MILLISECONDS",
    show_default="as measured",
    help="Duration of an invocation.",
)  # fmt: skip
def cost(rate: float | None, stage: str, duration: float | None) -> None:
    """Show what a stage costs per month at AWS's list prices."""
    from harness.cost import table

    table.run(rate, stage, duration)


@click.command()
@options.rate("required")
@options.option(
    "--record-bytes", envvar="RECORD_BYTES", callback=options.number(int), metavar="BYTES",
    show_default="the samples' size",
    help="Size of an event with its partition key.",
)  # fmt: skip
@stage_of_settings
@options.option(
    "--duration", envvar="DURATION_MS", callback=options.number(float), metavar="MILLISECONDS",
    show_default="measured on the running stack",
    help="Duration of an invocation with a full batch, on a full core.",
)  # fmt: skip
def capacity(rate: float | None, record_bytes: int | None, stage: str, duration: float | None) -> None:
    """Show whether a stage's settings carry a rate of events, which limit is met first, and what would carry it."""
    from harness.capacity import report

    if rate is None:
        raise HarnessError("capacity needs a rate", "for example: make capacity RATE=5000 STAGE=prod")
    report.run(rate, record_bytes, stage, duration)


COMMANDS = (rehearse, plan, deploy, smoke, compare, destroy, unlock, promote, rollback, cost, capacity)
AT_AWS = tuple(command.name for command in COMMANDS if command not in (rehearse, cost, capacity))
