"""The commands behind the Makefile's targets. They read a target's variables (COUNT, FILE …) from the environment."""

from __future__ import annotations

import importlib.metadata
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from harness import chaos as chaos_runs
from harness import console, containers, engine, environment, images, local, model, proving, traffic
from harness import setup as setup_parts
from harness import stack as stacks
from harness.chaos import series
from harness.chaos import soak as soaks
from harness.errors import HarnessError
from harness.local import NAME
from harness.paths import CACHE, shown
from harness.stack import REGION

EXIT_INTERRUPTED = 130
SUITES = (
    *("test", "test-all", "long-proofs", "check", "unit", "terraform-test", "stages", "emulator-test", "privileges"),
    "e2e",
)
AT_AWS = (["stage"], ["promote"], ["rollback"])


def main() -> None:
    """Runs a command; every failure ends in a message with the next step, never in a traceback."""
    take_signals()
    if sys.argv[1:2] not in AT_AWS:  # only a stage's commands are to reach AWS, by what the user's environment says
        environment.clean_this_process()
    try:
        commands.main(prog_name="make", standalone_mode=False)
    except HarnessError as error:
        console.fail(error.cause, error.next_step)
        sys.exit(1)
    except (ClientError, BotoCoreError) as error:
        told = _of_aws(error)
        console.fail(told.cause, told.next_step)
        sys.exit(1)
    except engine.ERRORS as error:
        console.fail(f"the container engine answered: {error}", "look at docker ps --all and the engine's log")
        sys.exit(1)
    except click.ClickException as error:
        console.fail(error.format_message(), "make help lists the targets and their variables")
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        console.say("interrupted")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # make watch | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        log = CACHE / "logs" / "harness.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc())
        console.fail(
            f"{type(error).__name__}: {error}", f"this is a mistake in the harness; details are in {shown(log)}"
        )
        sys.exit(1)


def _of_aws(error: ClientError | BotoCoreError) -> HarnessError:
    if sys.argv[1:2] not in AT_AWS:
        return HarnessError(
            f"the local AWS endpoint answered: {error}", "look at make local-status and make local-logs"
        )
    from harness.stages import explain_aws

    return explain_aws.failure(error)


def take_signals() -> None:
    """Lets SIGTERM clean up as Ctrl-C does.

    A script's background job ignores Ctrl-C, and so would all that it starts, which is ended by an interrupt: Terraform
    would be killed in place of saving its state, a test before it takes its stack down. A handler, unlike that, is not
    inherited.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)


def _interrupt(_signum: int, _frame: object) -> None:
    raise KeyboardInterrupt


@click.group()
def commands() -> None:
    """Runs the store-sales pipeline on one machine."""


def _number(
    name: str, kind: Callable[[str], float]
) -> Callable[[click.Context, click.Parameter, str | None], float | None]:
    def parse(_context: click.Context, _parameter: click.Parameter, text: str | None) -> float | None:
        if not text:
            return None
        try:
            value = kind(text)
        except ValueError:
            value = -1
        if not 0 < value < float("inf"):
            raise HarnessError(f"{name}={text} is not a number above 0", f"for example: {name}=100")
        return value

    return parse


count_option = click.option("--count", envvar="COUNT", callback=_number("COUNT", int))
rate_option = click.option("--rate", envvar="RATE", callback=_number("RATE", float))


@commands.command()
def setup() -> None:
    """Installs everything the pipeline needs."""
    setup_parts.everything()
    console.say("Ready. Next: make local-up")


@commands.command()
def local_up() -> None:
    """Starts the pipeline and answers one event."""
    stack, answer = local.up(NAME, "local", local.wanted_port(NAME))
    traffic.show_started(stack, answer)


@commands.command()
def local_down() -> None:
    """Stops the pipeline and removes what it left."""
    if not local.down(NAME):
        console.say("no pipeline runs here")


@commands.command()
def down_all() -> None:
    """Stops every stack of this checkout, also those that killed test runs left, and removes their images."""
    local.down_all()
    if engine.missing() is None:
        images.remove()


@commands.command()
def ecr_login() -> None:
    """Logs the container engine's command line in to the stack's ECR."""
    containers.login(stacks.running(NAME))


@commands.command()
def local_status() -> None:
    """Shows what runs."""
    traffic.show_status(stacks.running(NAME))


@commands.command()
@click.option("--follow", envvar="FOLLOW", is_flag=True)
def local_logs(follow: bool) -> None:
    """Shows the function's log."""
    traffic.show_logs(stacks.running(NAME), follow=follow)


@commands.command()
def iam_denials() -> None:
    """Lists what IAM did not allow."""
    from harness import denials

    denials.show(stacks.running(NAME))


@commands.command()
def outputs() -> None:
    """Prints the stack's Terraform outputs, endpoint and region as one flat JSON object."""
    stack = stacks.running(NAME)
    print(json.dumps(stack.outputs | {"endpoint_url": stack.endpoint_url, "aws_region": REGION}, indent=2))


@commands.command()
@click.option("--data", envvar="DATA", type=click.Path(path_type=Path))
def train(data: Path | None) -> None:
    """Trains a model and makes it the one that the next local-up serves."""
    with setup_parts.exclusive("training"):
        stack = stacks.load(NAME)
        result = model.train(data, stack if stack and stack.alive() else None)
    traffic.show_trained(result)


@commands.command()
@click.option("--file", envvar="FILE", type=click.Path(path_type=Path))
@count_option
@rate_option
def send(file: Path | None, count: float | None, rate: float | None) -> None:
    """Puts events on the source stream."""
    traffic.send(stacks.running(NAME), file, int(count or 10), rate)


@commands.command()
def watch() -> None:
    """Follows the predictions until Ctrl-C."""
    traffic.watch(stacks.running(NAME))


@commands.command()
def failed_events() -> None:
    """Lists failed events with their reasons."""
    traffic.show_failed(stacks.running(NAME))


@commands.command()
def redrive() -> None:
    """Puts failed events back on the source stream."""
    traffic.redrive(stacks.running(NAME))


@commands.command()
@count_option
@rate_option
def verify(count: float | None, rate: float | None) -> None:
    """Puts events and gives a verdict on each; exit status 1 when any is lost or wrong."""
    proving.verify(stacks.running(NAME), int(count or 500), rate)


def _seed(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    if text and not text.removeprefix("-").isdecimal():
        raise HarnessError(f"SEED={text} is not a whole number", "for example: SEED=7; without it one is chosen")
    return int(text) if text else None


seed_option = click.option("--seed", envvar="SEED", callback=_seed)


@commands.command()
@count_option
@seed_option
@click.option("--seeds", envvar="SEEDS", default="")
def chaos(count: float | None, seed: int | None, seeds: str) -> None:
    """Puts events under the schedule of faults of a seed, or of many, and gives the ledger's verdict."""
    number = int(count or chaos_runs.EVENTS)
    chosen = series.seeds(seeds) if seeds else None
    if chosen is not None and seed is not None:
        raise HarnessError("SEED and SEEDS are both set", "leave one of them out")
    if chosen is None:
        proving.chaos_of_one(stacks.running(NAME), seed, number)
    else:
        proving.chaos_of_many(stacks.running(NAME), chosen, number)


@commands.command()
@count_option
@rate_option
@seed_option
def soak(count: float | None, rate: float | None, seed: int | None) -> None:
    """Puts many events at the highest steady rate under faults, and measures memory."""
    proving.soaking(stacks.running(NAME), seed, int(count or soaks.EVENTS), rate)


@commands.command()
@click.argument("action", type=click.Choice(["plan", "deploy", "smoke", "destroy", "unlock"]))
@click.argument("name")
@click.option("--lock", envvar="LOCK", default="")
def stage(action: str, name: str, lock: str) -> None:
    """Works on a stage in a real AWS account."""
    from harness.stages import deploy, destroy, unlock
    from harness.stages.access import Access
    from harness.stages.stage import Stage, load

    actions: dict[str, Callable[[Stage, Access], object]] = {
        "plan": deploy.plan,
        "deploy": deploy.deploy,
        "smoke": deploy.smoke_test,
        "destroy": destroy.destroy,
        "unlock": partial(unlock.unlock, lock=lock),
    }
    wanted = load(name)
    actions[action](wanted, Access(wanted.region))


@commands.command()
@click.option("--model", "choice", envvar="MODEL", default="")
@click.option("--stage", "name", envvar="STAGE", default="")
@click.option("--shadow", envvar="SHADOW", is_flag=True)
def promote(choice: str, name: str, shadow: bool) -> None:
    """Makes a model of MLflow's registry, once checked, the one that a stage serves."""
    from harness.rollout import promote as rollout

    stack = stacks.load(NAME)
    rollout.run(choice, name, stack if stack and stack.alive() else None, shadow=shadow)


@commands.command()
@click.option("--stage", "name", envvar="STAGE", default="")
@click.option("--version", envvar="VERSION", default="")
def rollback(name: str, version: str) -> None:
    """Lets an earlier version of a stage's function, with its model, serve again."""
    from harness.rollout import rollback as rollout
    from harness.stages import deploy
    from harness.stages.access import Access
    from harness.stages.stage import load

    wanted = load(name)
    rollout.rollback(wanted, Access(wanted.region), version, deploy.deploy)


@commands.command()
@click.option("--from", "former", envvar="FROM")
def rehearse(former: str | None) -> None:
    """Rehearses a deployment against a LocalStack of its own."""
    from harness.stages import rehearsal

    rehearsal.rehearse(former)


@commands.command()
@click.argument("name", type=click.Choice(SUITES))
def suite(name: str) -> None:
    """Runs a test suite."""
    from harness import suites

    suites.run(name)


@commands.command()
@click.option("--image", envvar="IMAGE", default="")
def sbom(image: str) -> None:
    """Writes the software bill of materials of the function's image."""
    from harness.supply import sbom as bills

    if lack := engine.missing():
        raise HarnessError(lack, "start a Docker engine: the image is built and read by it")
    bills.run(image)


@commands.command()
@click.option("--osv-url", envvar="OSV_URL", default="")
@click.option("--advisories", envvar="ADVISORIES", type=click.Choice(["required", "optional", ""]), default="required")
def audit(osv_url: str, advisories: str) -> None:
    """Looks for known vulnerabilities of everything that is locked."""
    from harness.supply import audit as audits

    audits.run(osv_url, optional=advisories == "optional")


@commands.command()
@rate_option
@click.option("--stage", envvar="STAGE", default="stg")
@click.option("--duration", envvar="DURATION_MS", callback=_number("DURATION_MS", float))
def cost(rate: float | None, stage: str, duration: float | None) -> None:
    """Shows what a stage costs in a month at AWS's list prices."""
    from harness.cost import report

    report.run(rate, stage, duration)


for _plugin in importlib.metadata.entry_points(group="pipeline.commands"):  # what other packages add
    commands.add_command(_plugin.load())
