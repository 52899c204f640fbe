"""The `pipeline` commands of this package."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options
from harness.cli.sections import in_section

Measure = in_section("Measure")


@click.command(cls=Measure)
@options.option(
    "--targets", envvar="TARGETS", default="", metavar="NAME,...",
    show_default="all",
    help="Emulators to run the suite against: ours, core, ministack, localemu.",
)  # fmt: skip
def conformance(targets: str) -> None:
    """Run the event source mapping's conformance suite on this emulator and others, and write the table.

    20 minutes; TARGETS=ours takes 2.
    """
    from benchmarks.conformance import comparison

    comparison.run(comparison.chosen(targets))


@click.command(cls=Measure)
@options.option(
    "--suites", envvar="PEER_SUITES", required=True, metavar="FOLDER", type=Path,
    help="Folder with a checkout of LocalStack, in its folder localstack. `make test-all` runs them if this is set.",
)  # fmt: skip
@options.option(
    "--targets", envvar="TARGETS", default="ours", metavar="NAME,...", show_default=True,
    help="Emulators to run them against: ours, core. Core is only counted.",
)  # fmt: skip
@options.flag("--write", envvar="WRITE", help="Write the table to the docs.")
def peers(suites: Path, targets: str, write: bool) -> None:
    """Run the tests that other projects publish on this emulator, and compare the failures with the expected ones.

    15 minutes for each target.
    """
    from benchmarks.peers import localstack
    from benchmarks.peers.targets import chosen

    localstack.run(suites, chosen(targets), write=write)


@click.command(hidden=True)
@click.argument("name", help="The tool's name.")
def restart_tool(name: str) -> None:
    """Restart a tool under test by the conformance suite."""
    from benchmarks.rivals import tools

    tools.restart(name)


@click.command(cls=Measure)
@options.option(
    "--targets", envvar="TARGETS", default="", metavar="NAME,...",
    show_default="all",
    help="What to measure: embedded, docker, ministack, core.",
)  # fmt: skip
@options.option(
    "--events", "counts", envvar="EVENTS", default="", metavar="NUMBER,...",
    show_default="10000,100000",
    help="Event counts, one measurement each.",
)  # fmt: skip
def bench(targets: str, counts: str) -> None:
    """Measure the pipeline in both runtimes and on other emulators, each in its own stack.

    Latency, throughput, CPU time and memory. All targets take up to 20 minutes.
    """
    from benchmarks.bench import benchmark
    from benchmarks.bench.targets import chosen

    benchmark.run(chosen(targets), benchmark.event_counts(counts))


@click.command(cls=Measure)
def bench_iam() -> None:
    """Measure the cost of authorizing every request: IAM_ENFORCEMENT=on against off.

    Fails if it costs a tenth of the requests per second.
    """
    from benchmarks.bench import authorization

    authorization.run()


@click.command(cls=Measure)
@options.flag("--resources", envvar="RESOURCES", help="Create, change, import and destroy resources of many types.")
@options.flag("--write", envvar="WRITE", help="Write the tables to the docs.")
def fidelity(resources: bool, write: bool) -> None:
    """Show what the emulator does with each attribute that Terraform sets.

    3 minutes; RESOURCES=1 takes 4.
    """
    from benchmarks.fidelity import measurement
    from benchmarks.fidelity.resources import life

    if resources:
        life.run(write=write)
    else:
        measurement.run(write=write)
