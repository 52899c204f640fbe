"""The entry point of `pipeline`: the command group, and the handling of failures."""

from __future__ import annotations

import os
import re
import signal
import sys
import traceback

import click

from harness import console
from harness.cli import deploy, develop, everyday, prove, wording
from harness.cli.sections import Sections
from harness.errors import EXIT_INTERRUPTED, HarnessError
from harness.machine import environment
from harness.paths import CACHE, shown

VARIABLE = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)", re.DOTALL)


@click.group(cls=Sections)
@click.version_option(package_name="pipeline-harness", prog_name=develop.PROGRAM)
@click.pass_context
def commands(context: click.Context) -> None:
    """Run, test and deploy a Kinesis, Lambda and S3 pipeline.

    Each make target is one of these commands. Options are also read from the environment, because make exports its
    variables: `make send COUNT=100` is `pipeline send --count 100`, or `pipeline send COUNT=100`.

    PIPELINE=folder chooses another pipeline than that of the working directory or of the checkout.
    """
    if context.invoked_subcommand not in deploy.AT_AWS:  # only these may reach AWS with the user's own settings
        environment.clean_this_process()


commands.add("Everyday", *everyday.COMMANDS)
commands.add("Prove", *prove.COMMANDS)
commands.add("Deploy", *deploy.COMMANDS)
commands.add("Develop", *develop.COMMANDS)


def main() -> None:
    """Runs a command; every failure ends in a message with the next step, never in a traceback."""
    take_signals()
    console.word(wording.of(develop.PROGRAM, commands.commands))
    try:
        commands.main(args=_without_variables(sys.argv[1:]), prog_name=develop.PROGRAM, standalone_mode=False)
    except HarnessError as error:
        _fail(error)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else develop.PROGRAM
        console.fail(error.format_message(), f"{path} --help lists what it takes")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        console.say("interrupted")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # make watch | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        _fail(_of_aws(error) or _of_engine(error) or _unexpected(error))


def _without_variables(words: list[str]) -> list[str]:
    """Put words like COUNT=100 in the environment, as make does, and return the others."""
    for word in words:
        if found := VARIABLE.fullmatch(word):
            os.environ[found["name"]] = found["value"]
    return [word for word in words if not VARIABLE.fullmatch(word)]


def _fail(error: HarnessError) -> None:
    console.fail(error.cause, error.next_step)
    sys.exit(1)


def _of_aws(error: Exception) -> HarnessError | None:
    """Adds a next step to an AWS client's exception; imports lazily, because most commands need no AWS client."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(error, ClientError | BotoCoreError):
        return None
    if sys.argv[1:2] and sys.argv[1] in deploy.AT_AWS:
        from harness.stages import explain_aws

        return explain_aws.failure(error)
    return HarnessError(f"the local AWS endpoint answered: {error}", "look at make local-status and make local-logs")


def _of_engine(error: Exception) -> HarnessError | None:
    from harness.machine import engine

    if not isinstance(error, engine.errors()):
        return None
    return HarnessError(f"the container engine answered: {error}", "look at docker ps --all and the engine's log")


def _unexpected(error: Exception) -> HarnessError:
    log = CACHE / "logs" / "harness.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("".join(traceback.format_exception(error)))
    return HarnessError(
        f"{type(error).__name__}: {error}", f"this is a bug in the harness; details are in {shown(log)}"
    )


def take_signals() -> None:
    """Lets SIGTERM clean up as Ctrl-C does.

    A script's background job ignores Ctrl-C, and so would everything it starts. Without interrupts, Terraform would be
    killed before it saves its state, and a test before it takes its stack down. A handler is not inherited.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)


def _interrupt(_signum: int, _frame: object) -> None:
    raise KeyboardInterrupt
