"""Commands for snapshots: the state of the pipeline on this machine, saved and loaded."""

from __future__ import annotations

import click

from harness.cli import options

name = click.argument("name", envvar="NAME", metavar="NAME", help="The snapshot's name.")


@click.command()
@name
@options.flag("--force", envvar="FORCE", help="Replace a snapshot of this name.")
def save(name: str, force: bool) -> None:
    """Save the running pipeline's whole state: streams, positions in them, buckets, functions, Terraform's state."""
    from harness.local.snapshots import saving
    from harness.stack import state as stacks

    saving.save(stacks.name(), name, force=force)


@click.command()
@name
@options.flag("--force", envvar="FORCE", help="Take down a pipeline that runs; what it holds is gone.")
def load(name: str, force: bool) -> None:
    """Start the pipeline with the state of a snapshot, without Terraform."""
    from harness import traffic
    from harness.local import page
    from harness.local.snapshots import loading
    from harness.stack import state as stacks

    stack = loading.load(stacks.name(), name, force=force)
    if page.wanted():
        page.start(stack)
    traffic.show_loaded(stack)


@click.command()
@options.option("--delete", envvar="DELETE", metavar="NAME", default="", help="Remove this snapshot.")
def snapshots(delete: str) -> None:
    """List the snapshots, or remove one."""
    from harness.local.snapshots import listing

    listing.remove(delete) if delete else listing.show()


COMMANDS = (save, load, snapshots)
