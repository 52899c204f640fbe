"""The entry point of `pipeline`: the command group, and the handling of failures."""

from __future__ import annotations

import os
import signal
import sys

import click

from harness import console
from harness.cli import deploy, develop, everyday, failures, given, prove, snapshots, wording
from harness.cli.sections import SHORT, Sections
from harness.errors import EXIT_INTERRUPTED, HarnessError
from harness.machine import environment


@click.group(cls=Sections)
@click.version_option(package_name="pipeline-harness", prog_name=develop.PROGRAM)
@click.pass_context
def commands(context: click.Context) -> None:
    """Run, test and deploy a Kinesis, Lambda and S3 pipeline.

    Each make target is one of these commands. Options are also read from the environment, because make exports its
    variables: `make send COUNT=100` is `pipeline send --count 100`, or `pipeline send COUNT=100`.

    PIPELINE=folder chooses another pipeline than that of the working directory or of the checkout.
    """
    given.check(context)
    if context.invoked_subcommand not in deploy.AT_AWS:  # only these may reach AWS with the user's own settings
        environment.clean_this_process()


commands.add("Everyday", *everyday.COMMANDS, *snapshots.COMMANDS)
commands.add("Prove", *prove.COMMANDS)
commands.add("Deploy", *deploy.COMMANDS)
commands.add("Develop", *develop.COMMANDS)


def main() -> None:
    """Runs a command; every failure ends in a message with the next step, never in a traceback."""
    take_signals()
    words: list[str] = []
    console.word(wording.of(develop.PROGRAM, commands.commands))
    try:
        words, variables = given.split(sys.argv[1:])
        commands.main(args=words, prog_name=develop.PROGRAM, standalone_mode=False, obj=variables)
    except HarnessError as error:
        _fail(error)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(error.exit_code)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else _called(words)
        console.fail(error.format_message(), f"{path} --help lists what it takes")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        console.say("interrupted")
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:  # make watch | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        _fail(failures.explained(error))


def _called(words: list[str]) -> str:
    """Return the command that some words call, as far as there is one."""
    return " ".join([develop.PROGRAM, *(word for word in words[:1] if word in {*commands.commands, *SHORT})])


def _fail(error: HarnessError) -> None:
    console.fail(error.cause, error.next_step)
    sys.exit(1)


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
