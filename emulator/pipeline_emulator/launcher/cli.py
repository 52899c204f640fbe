"""The command `pipeline-emulator`."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from pipeline_emulator.clients import folder
from pipeline_emulator.launcher import environment, instance, lambda_runtime, maintenance, shells
from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.settings import SETTINGS, Kind, Setting

Command = Callable[..., None]


def main() -> None:
    """Run the command. Errors that the user can fix are printed without a traceback."""
    try:
        commands()
    except EmulatorError as error:
        click.echo(f"error: {error.cause}\nnext:  {error.next_step}", err=True)
        sys.exit(1)


@click.group()
@click.version_option(package_name="pipeline-emulator")
def commands() -> None:
    """Run LocalStack core with a faithful Kinesis, Lambda and ECR on this machine."""


def _option(setting: Setting) -> Callable[[Command], Command]:
    text = setting.help.replace("`", "")
    if setting.help[0] != "`":
        text = text[0].upper() + text[1:]
    default = setting.documented_default.replace("`", "") or setting.default
    help_text = f"{text}.  [{setting.variable}; default: {default}]"
    if setting.kind is Kind.FLAG:
        switch = f"{setting.option}/--no-{setting.option.removeprefix('--')}"
        return click.option(switch, setting.name, default=None, help=help_text)
    metavar = "|".join(setting.choices) or setting.kind.value.upper()
    return click.option(setting.option, setting.name, metavar=metavar, help=help_text)


def every_setting(command: Command) -> Command:
    """Add an option for every setting to a command."""
    for setting in reversed(SETTINGS):
        command = _option(setting)(command)
    return command


data_option = click.option("--data", metavar="FOLDER", help="The emulator's data folder, as passed to `start`.")


@commands.command()
@every_setting
@click.option(
    "--env", "variables", multiple=True, metavar="NAME=VALUE", help="Another variable for LocalStack, such as DEBUG=1."
)
@click.option("--detach", is_flag=True, help="Start in the background and return when the emulator answers.")
def start(variables: tuple[str, ...], detach: bool, **settings: Any) -> None:
    """Start an emulator. Stop it with Ctrl-C.

    LocalStack gets these settings. From your environment it gets only their variables, the PATH, the locale and
    certificates.
    """
    pairs = _pairs(variables)
    if detach:
        started = instance.start(pairs, **settings)
        if lost := started.lost_records():
            click.echo(f"warning: {lost} ({started.log})", err=True)
        click.echo(f"{started.endpoint_url}  process {started.pid}, log {started.log}")
        _show_isolation(started)
        return
    instance.run(environment.resolve(settings, os.environ), pairs)


def _pairs(variables: tuple[str, ...]) -> dict[str, str]:
    for text in variables:
        if "=" not in text.lstrip("="):
            raise EmulatorError(f"--env {text} is not NAME=VALUE", "for example: --env DEBUG=1")
    return dict(text.split("=", 1) for text in variables)


@commands.command()
@data_option
def stop(data: str | None) -> None:
    """Stop the emulator that runs with a data folder, and remove what `env` has made in it."""
    folder.remove(folder.in_data_folder(_data(data)))
    found = _running(data)
    found.stop()
    click.echo(f"stopped {found.endpoint_url}")


@commands.command()
@data_option
def status(data: str | None) -> None:
    """Show the emulator that runs with a data folder.

    Also lists the settings that differ from the defaults.
    """
    found = _running(data)
    click.echo(f"{found.endpoint_url}  process {found.pid}, data {found.data}")
    defaults = environment.resolve({"data": found.data}, {})
    for setting in SETTINGS:
        if (value := found.settings.get(setting.name, "")) != defaults[setting.name]:
            click.echo(f"  {setting.variable}={value}")
    _show_isolation(found)
    if not found.is_ready():
        raise EmulatorError("the emulator does not answer", f"wait a moment, or read its log ({found.log})")


def _show_isolation(found: instance.Instance) -> None:
    if line := found.isolation():
        click.echo(f"  function isolation: {line}")


def _data(given: str | None) -> str:
    return environment.resolve({"data": given}, os.environ)["data"]


def _running(data: str | None) -> instance.Instance:
    if (found := instance.find(_data(data))) is None:
        cause = f"no emulator runs with the data folder {_data(data)}"
        raise EmulatorError(cause, "start one (pipeline-emulator start --detach), or choose another folder with --data")
    return found


@commands.command("env", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@data_option
@click.option("--endpoint-url", metavar="URL", help="The emulator's address, instead of its data folder.")
@click.option("--region", metavar="REGION", help="Region of clients; by default AWS_REGION or AWS_DEFAULT_REGION.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def env(data: str | None, endpoint_url: str | None, region: str | None, command: tuple[str, ...]) -> None:
    """Run a command that uses the emulator in place of AWS.

    AWS clients, Terraform and tflocal find the emulator. So does `docker`: login, build, push and others replace ECR's
    registries, <account>.dkr.ecr.<region>.amazonaws.com, with the emulator's. Without a command, print exports for
    `eval "$(pipeline-emulator env)"`; `pipeline-emulator stop` removes what they refer to.
    """
    url, chosen = shells.endpoint(endpoint_url, _data(data)), shells.default_region(region)
    if command:
        sys.exit(shells.run(command, url, chosen, os.environ))
    click.echo(shells.exports(url, chosen, _data(data), os.environ))


@commands.command("expire-images")
@data_option
@click.option("--endpoint-url", metavar="URL", help="The emulator's address, instead of its data folder.")
@click.option("--days", type=click.IntRange(0, 36_500), default=0, help="Expire what is too old in so many days.")
def expire_images(data: str | None, endpoint_url: str | None, days: int) -> None:
    """Run the lifecycle policies of all ECR repositories, and list what has expired.

    AWS does so within a day. Here nothing expires by itself.
    """
    found = maintenance.expire_images(shells.endpoint(endpoint_url, _data(data)), days)
    for one in found:
        tags = ", ".join(one["tags"]) or "no tag"
        click.echo(f"{one['repository']}  {one['digest']}  {tags}  rule {one['rule']}")
    click.echo(f"{len(found)} images expired")


@commands.command()
@click.option(
    "--runtime", "runtimes", multiple=True, metavar="NAME",
    help="Check only whether functions from Zips of this runtime, such as nodejs22.x, have an interpreter here.",
)  # fmt: skip
@every_setting
def doctor(runtimes: Sequence[str], **settings: Any) -> None:
    """Check what works on this machine.

    The exit status is 1 if an emulator with these settings cannot start, or if a runtime has no interpreter.
    """
    # Reads the metadata of all packages; no other command should wait for its imports.
    from pipeline_emulator.launcher import doctor as examination

    signs = {True: "ok  ", None: "note", False: "FAIL"}
    chosen = environment.resolve(settings, os.environ)
    findings = list(examination.examine_runtimes(runtimes, chosen) if runtimes else examination.examine(chosen))
    for finding in findings:
        click.echo(f"{signs[finding.works]}  {finding.what}: {finding.text}")
    if any(finding.works is False for finding in findings):
        sys.exit(1)


@commands.command("lambda-runtime")
@click.option("--folder", metavar="FOLDER", help="Where to install, instead of the default folder.")
def install_lambda_runtime(folder: str | None) -> None:
    """Install what functions from Zips need.

    That is awslambdaric and boto3, as in AWS's managed runtimes, for every supported version of Python.
    """
    target = Path(environment.resolve({"lambda_runtime_dir": folder}, os.environ)["lambda_runtime_dir"])
    if lambda_runtime.missing_versions(target):
        for version, reason in lambda_runtime.install(target, os.environ).items():
            click.echo(f"warning: functions of Python {version} will fail: {reason}", err=True)
    click.echo(str(target))
