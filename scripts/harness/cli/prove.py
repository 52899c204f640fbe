"""Commands that prove something: the delivery ledger and the test suites."""

from __future__ import annotations

import os

import click

from harness.cli import options
from harness.cli.everyday import runtime
from harness.errors import HarnessError


@click.command()
@options.count(500)
@options.rate("as fast as it goes")
def verify(count: int, rate: float | None) -> None:
    """Put events and give the delivery ledger's verdict on each.

    Predictions are compared with what the model answers offline.
    """
    from harness.cli import ledger_runs
    from harness.stack import state as stacks

    ledger_runs.verify(stacks.here(), count, rate)


@click.command()
@options.count(2_000)
@options.seed
@options.option(
    "--seeds", envvar="SEEDS", default="", metavar="RANGE",
    help="Several seeds, one run each: 100 for 1 to 100, or 7-12.",
)  # fmt: skip
def chaos(count: int, seed: int | None, seeds: str) -> None:
    """Put events under a seeded schedule of faults and give the ledger's verdict on each.

    On a stack with PERSISTENCE=1, LocalStack itself is killed and restarted. SEEDS runs many schedules, one line each;
    it stops at the first failure and prints the command that repeats it.
    """
    from harness.chaos import series
    from harness.cli import ledger_runs
    from harness.stack import state as stacks

    chosen = series.seeds(seeds) if seeds else None
    if chosen is not None and seed is not None:
        raise HarnessError("SEED and SEEDS are both set", "leave one of them out")
    if chosen is None:
        ledger_runs.chaos_of_one(stacks.here(), seed, count)
    else:
        ledger_runs.chaos_of_many(stacks.here(), chosen, count)


@click.command()
@options.count(200_000)
@options.rate("the highest rate it holds")
@options.seed
def soak(count: int, rate: float | None, seed: int | None) -> None:
    """Put many events at the highest steady rate under faults, and measure memory."""
    from harness.cli import ledger_runs
    from harness.stack import state as stacks

    ledger_runs.soak_test(stacks.here(), seed, count, rate)


def _run(suite: str) -> None:
    """Run a suite. All of them are about the repository's own pipeline."""
    from harness.pipeline import definition
    from harness.suites import tiers

    os.environ.pop(definition.VARIABLE, None)
    tiers.run(suite)


@click.command()
@runtime
def test() -> None:
    """Run the tests that every change must pass."""
    _run("test")


@click.command()
@runtime
def test_all() -> None:
    """Run the tests and the long proofs; what CI runs."""
    _run("test-all")


@click.command()
@runtime
def e2e() -> None:
    """Run the end-to-end suite alone, in its own stack; of another pipeline, what can be proved of any."""
    from harness.cli import end_to_end
    from harness.pipeline import definition

    if (pipeline := definition.current()).is_default:
        os.environ.setdefault("E2E_SNAPSHOT", "0" if os.environ.get("CI") else "1")
        _run("e2e")
    else:
        end_to_end.run(pipeline)


@click.command()
@click.argument(
    "name", default="", envvar="REPORT", help="A report's name: verify, chaos, soak, bench, e2e, rehearse-stg."
)
def report(name: str) -> None:
    """Open the report of the last run, or the last one of a command, and print its path."""
    from harness.cli import opening
    from harness.reports import find

    opening.open_page(find(name))


@click.command()
def check() -> None:
    """Run every static check: formatters, linters, types, policies."""
    _run("check")


@click.command()
def unit() -> None:
    """Run the unit tests of the harness, the service and the image build."""
    _run("unit")


@click.command()
def terraform_test() -> None:
    """Run terraform validate and terraform test."""
    _run("terraform-test")


@click.command()
def stages_test() -> None:
    """Test deployments of a stage that fail or are interrupted, against a LocalStack."""
    _run("stages")


@click.command()
def emulator_test() -> None:
    """Run the emulator's tests, with their own LocalStacks and containers."""
    _run("emulator-test")


@click.command()
@options.setting(
    "--actions", envvar="ACTIONS", metavar="all|NAME,...",
    show_default="a sample, by the seed",
    help="Permissions to remove: all, or names of actions and of parts (state, bucket, key, stream, function,"
    " repository).",
)  # fmt: skip
@options.setting("--seed", envvar="SEED", metavar="NUMBER", show_default="chosen at random", help="Seed of the sample.")
@options.setting("--write", envvar="WRITE", is_flag=True, help="Write the tables to docs/iam-deployer.md.")
def privileges_test() -> None:
    """Test that the function's role and the deployer's have exactly the permissions that they need."""
    _run("privileges")


@click.command(hidden=True)
@click.argument("name", help="The part's name.")
def suite(name: str) -> None:
    """Run one part of the tests, as `pipeline test` does."""
    _run(name)


COMMANDS = (
    *(verify, chaos, soak, report, test, test_all, e2e, check, unit, terraform_test, stages_test),
    *(emulator_test, privileges_test, suite),
)
