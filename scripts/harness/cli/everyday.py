"""Everyday commands: a pipeline on this machine, its model, and events through it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from harness import console
from harness.cli import options

runtime = options.setting(
    "--runtime", envvar="RUNTIME", metavar="embedded|docker",
    show_default="docker if a container engine answers",
    help="Where it runs: embedded (processes of this machine) or docker (containers).",
)  # fmt: skip


@click.command()
def setup() -> None:
    """Install everything the pipeline needs, with pinned, hash-checked dependencies."""
    from harness.setup import install

    install.everything()
    console.say("Ready. Next: make local-up")


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path), default=".", metavar="[FOLDER]", help="With Terraform in it, or below."
)
@options.file(
    "--sample", envvar="SAMPLE", show_default="a file with a usual name, such as event.json",
    help="File of sample events: JSON objects, one per line, or a test event of Lambda.",
)  # fmt: skip
@options.setting("--yes", envvar="YES", is_flag=True, help="Do not ask: take the likeliest answers.")
def init(folder: Path, sample: Path | None) -> None:
    """Write the pipeline.toml of a Terraform folder, from a plan of it."""
    from harness import init as inits

    inits.run(folder, sample)


page_port = options.setting(
    "--dashboard-port", envvar="DASHBOARD_PORT", metavar="NUMBER",
    show_default="LocalStack's plus 4000, or any free one",
    help="Port of the page, on this machine only.",
)  # fmt: skip


@click.command()
@runtime
@options.setting(
    "--port", envvar="LOCALSTACK_PORT", metavar="NUMBER",
    show_default="that of the running stack, or 4566",
    help="LocalStack's port.",
)  # fmt: skip
@options.setting(
    "--persistence", envvar="PERSISTENCE", metavar="0|1",
    show_default="as in the running stack, or 0",
    help="1: Kinesis records and the function's position in them survive a crash of LocalStack.",
)  # fmt: skip
@options.setting(
    "--iam", envvar="IAM_ENFORCEMENT", values=("on", "soft", "off"), metavar="on|soft|off",
    show_default="on",
    help="on: refuse what IAM does not allow; soft: serve it and list it; off: do not check.",
)  # fmt: skip
@options.setting(
    "--faults", envvar="FAULTS", values=("0", "1"), metavar="0|1",
    show_default="1",
    help="0: the stack injects no faults, so make chaos cannot run.",
)  # fmt: skip
@options.setting(
    "--dashboard", envvar="DASHBOARD", values=("0", "1"), metavar="0|1",
    show_default="1",
    help="0: do not start the page that shows the pipeline.",
)  # fmt: skip
@page_port
@options.setting(
    "--mlflow", envvar="MLFLOW", values=("0", "1"), metavar="0|1",
    show_default="1 with containers",
    help="0: start no MLflow server; the model is logged in a folder, as without containers.",
)  # fmt: skip
@options.setting(
    "--refresh", envvar="REFRESH", values=("0", "1"), metavar="0|1", show_default="0",
    help="1: run all of Terraform, even if nothing has changed since its last apply.",
)  # fmt: skip
@options.flag("--watch", envvar="WATCH", help="Then carry every saved file into the pipeline, until Ctrl-C.")
def local_up(watch: bool) -> None:
    """Start the pipeline on this machine and answer one event.

    Brings a running one up to date.
    """
    from harness import traffic
    from harness.local import lifecycle, page
    from harness.stack import state as stacks

    name = stacks.name()
    stacks.check_owner(name)
    port = lifecycle.wanted_port(name)
    stack, answer = lifecycle.up(name, "local", port, with_page=page.wanted())
    traffic.show_started(stack, answer)
    if watch:
        from harness.local import watching

        watching.run(watching.Watcher(stack, lambda: lifecycle.up(name, "local", port)[0]))


@click.command()
@page_port
def dashboard() -> None:
    """Print the address of the page that shows the running pipeline; start the page if it does not run."""
    from harness.local import page
    from harness.stack import state as stacks

    print(page.start(stacks.here()).url)


@click.command()
@options.option(
    "--port", envvar="DEBUG_PORT", type=click.IntRange(1, 65535), default=5678, show_default=True,
    help="Port for the debugger, on this machine only.",
)  # fmt: skip
def debug(port: int) -> None:
    """Let a debugger attach to the function, until Ctrl-C; print what to enter in VS Code and PyCharm.

    While it is attached, one environment answers the function's events, one batch at a time, and nothing times out.
    """
    from harness.local.debugging import command
    from harness.stack import state as stacks

    command.run(stacks.running(stacks.name()), port)


@click.command()
def local_down() -> None:
    """Stop the pipeline and remove everything it made.

    Environments, downloads, base images and models stay.
    """
    from harness.local import lifecycle
    from harness.stack import state as stacks

    stacks.check_owner(stacks.name())
    if not lifecycle.down(stacks.name()):
        console.say("no pipeline runs here")


@click.command()
def local_status() -> None:
    """Show what runs and whether it is healthy."""
    from harness.local import status
    from harness.stack import state as stacks

    status.show(stacks.here())


@click.command()
@options.flag("--follow", envvar="FOLLOW", help="Keep printing new lines until Ctrl-C.")
def local_logs(follow: bool) -> None:
    """Show the function's log, the newest line last."""
    from harness import traffic
    from harness.stack import state as stacks

    traffic.show_logs(stacks.here(), follow=follow)


@click.command()
def outputs() -> None:
    """Print the stack's Terraform outputs, endpoint and region as one flat JSON object.

    With make, `make -s outputs` prints nothing else.
    """
    from harness.stack import state as stacks

    stack = stacks.here()
    print(json.dumps(stack.outputs | {"endpoint_url": stack.endpoint_url, "aws_region": stack.region}, indent=2))


@click.command()
@options.file(
    "--data", envvar="DATA",
    show_default="the default data",
    help="CSV file with the columns date,store,sales,promo,holiday (of this pipeline); `default`: the default data.",
)  # fmt: skip
def train(data: Path | None) -> None:
    """Train a model, log it to MLflow, and serve it from the next local-up on."""
    from harness import traffic
    from harness.local import kept_runs
    from harness.model import current as current_model
    from harness.setup import install
    from harness.stack import state as stacks

    stacks.check_owner(stacks.name())
    with install.exclusive("training"):
        known = stacks.load(stacks.name())
        stack = known if known and known.alive() else None
        result = current_model.train(data, stack)
        if stack:
            kept_runs.keep(stack)
    traffic.show_trained(result)


@click.command()
@options.file(
    "--file", envvar="FILE", show_default="made-up events",
    help="File of events to send: a JSON object per line, or one JSON document.",
)  # fmt: skip
@options.count(10, "Number of made-up events.")
@options.rate("as fast as it goes")
def send(file: Path | None, count: int, rate: float | None) -> None:
    """Put events on the source stream: made-up ones, or the lines of a file."""
    from harness import traffic
    from harness.stack import state as stacks

    traffic.send(stacks.here(), file, count, rate)


@click.command()
def watch() -> None:
    """Show what happens, and each answer as it arrives, until Ctrl-C.

    If the output is no terminal, only the answers are printed, one on a line.
    """
    from harness.dashboard import watch as watching
    from harness.stack import state as stacks

    watching.watch(stacks.here())


@click.command()
def failed_events() -> None:
    """List failed events with their reasons, counted by reason."""
    from harness import traffic
    from harness.stack import state as stacks

    traffic.show_failed(stacks.here())


@click.command()
def redrive() -> None:
    """Put failed events back on the source stream.

    If it is interrupted, run it again: nothing is lost.
    """
    from harness import traffic
    from harness.stack import state as stacks

    traffic.redrive(stacks.here())


@click.command()
def ecr_login() -> None:
    """Log Docker in to the stack's ECR, to pull its images and push your own."""
    from harness.local import containers
    from harness.stack import state as stacks

    containers.login(stacks.here())


@click.command()
def iam_denials() -> None:
    """List what IAM refused, with the policies that decided."""
    from harness.stack import denials
    from harness.stack import state as stacks

    denials.show(stacks.here(ready=False))  # a refusal may be why the start failed


COMMANDS = (
    *(setup, init, local_up, local_down, local_status, local_logs, dashboard, debug, outputs, train, send, watch),
    *(failed_events, redrive, ecr_login, iam_denials),
)
