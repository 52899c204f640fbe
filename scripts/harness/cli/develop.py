"""Commands for work on the project itself."""

from __future__ import annotations

import subprocess

import click
from click import shell_completion

from harness import console
from harness.cli import options
from harness.errors import HarnessError

PROGRAM = "pipeline"
SHELLS = ("bash", "zsh", "fish")


@click.command("format")
def format_code() -> None:
    """Format Python and Terraform."""
    from harness.paths import VENV_BIN

    ruff = str(VENV_BIN / "ruff")
    _run(ruff, "format", "--quiet", ".")
    _run(ruff, "check", "--quiet", "--fix", ".")
    _run("terraform", "fmt", "-recursive", "infrastructure")


@click.command()
def lock() -> None:
    """Resolve all dependencies again and write the lock files."""
    _run("scripts/lock.sh")


def _run(*command: str) -> None:
    """Runs a program in the checkout and shows its output."""
    from harness.paths import ROOT

    try:
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
    except FileNotFoundError:
        raise HarnessError(f"'{command[0]}' is not on the PATH", f"install {command[0]}, then run it again") from None
    if status != 0:
        raise HarnessError(f"'{' '.join(command)}' failed", "fix what it reports above, then run it again")


@click.command()
@options.option(
    "--image", envvar="IMAGE", default="", metavar="NAME",
    show_default="built from the checkout",
    help="Another image to describe.",
)  # fmt: skip
def sbom(image: str) -> None:
    """Write the CycloneDX bill of materials of the function's image."""
    from harness.machine import engine
    from harness.supply import sbom as bills

    if lack := engine.missing():
        raise HarnessError(lack, "start a Docker engine: the image is built and read by it")
    bills.run(image)


@click.command()
@options.option(
    "--osv-url", envvar="OSV_URL", default="", metavar="URL",
    show_default="PyPI, then osv.dev",
    help="Your own OSV server.",
)  # fmt: skip
@options.option(
    "--advisories", envvar="ADVISORIES", type=click.Choice(["required", "optional"]), default="required",
    show_default=True,
    help="optional: only warn if no source of advisories can be reached.",
)  # fmt: skip
def audit(osv_url: str, advisories: str) -> None:
    """Look for known vulnerabilities in all locked dependencies."""
    from harness.supply import audit as audits

    audits.run(osv_url, optional=advisories == "optional")


@click.command()
@click.option("--serve", is_flag=True, help="Serve the site to this machine until Ctrl-C.")
@click.option(
    "--port", default="8000", callback=options.port, show_default=True, metavar="NUMBER",
    help="Port for --serve; 0: any free one.",
)  # fmt: skip
def docs(serve: bool, port: int) -> None:
    """Build the documentation as a site in .cache/site; fails on a broken link.

    The site needs no network.
    """
    from harness.paths import shown
    from harness.site import build

    page = build.build()
    console.say(shown(page))
    if serve:
        build.serve(page.parent, port)


@click.command()
def clean() -> None:
    """Stop everything and remove environments, downloads, builds, images and trained models."""
    from harness.local import cleaning

    cleaning.everything()


@click.command()
@click.pass_context
def settings(context: click.Context) -> None:
    """Print every setting, with its default and what it does."""
    from harness.cli import settings_page

    print(settings_page.text(_all_commands(context)), end="")


@click.command()
@click.option("--write", is_flag=True, help="Write the pages instead of checking them.")
@click.pass_context
def reference(context: click.Context, write: bool) -> None:
    """Check the pages that are written from the code: commands, settings, keys, metrics, errors, Terraform."""
    from harness.cli import reference as references

    references.run(_all_commands(context), write=write)


def _all_commands(context: click.Context) -> click.Group:
    group = context.find_root().command
    assert isinstance(group, click.Group)
    return group


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), help="Your shell.")
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    r"""Print the script that makes a shell complete this command's words.

    \b
    Put .venv/bin on the PATH, then:
      bash  source <(pipeline completion bash)
      zsh   source <(pipeline completion zsh)
      fish  pipeline completion fish | source

    To keep it, add the line to ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish.
    """
    complete = shell_completion.get_completion_class(shell)
    assert complete is not None
    print(complete(context.find_root().command, {}, PROGRAM, "_PIPELINE_COMPLETE").source())


COMMANDS = (format_code, lock, sbom, audit, settings, reference, completion, docs, clean)
