"""The commands that this package adds to `pipeline`."""

from __future__ import annotations

import click


@click.command()
@click.option("--targets", envvar="TARGETS", default="")
def conformance(targets: str) -> None:
    """Runs the conformance suite against this emulator and others, and writes the table."""
    from benchmarks.conformance import comparison

    comparison.run(comparison.chosen(targets))


@click.command(hidden=True)
@click.argument("name")
def restart_tool(name: str) -> None:
    """Restarts a tool that the conformance suite runs against."""
    from benchmarks.rivals import tools

    tools.restart(name)


@click.command()
@click.option("--targets", envvar="TARGETS", default="")
@click.option("--events", "counts", envvar="EVENTS", default="")
def bench(targets: str, counts: str) -> None:
    """Measures the pipeline in both runtimes beside other emulators, in stacks of their own."""
    from benchmarks.bench import benchmark
    from benchmarks.bench.targets import chosen

    benchmark.run(chosen(targets), benchmark.event_counts(counts))


@click.command()
def bench_iam() -> None:
    """Measures what authorizing every request costs."""
    from benchmarks.bench import authorization

    authorization.run()


@click.command()
@click.option("--write", envvar="WRITE", is_flag=True)
def fidelity(write: bool) -> None:
    """Shows what the emulator does with each attribute that Terraform sets."""
    from benchmarks.fidelity import measurement

    measurement.run(write=write)
