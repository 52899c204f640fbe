"""Git: what runs in production must be traceable to a pushed commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness import console
from harness.errors import HarnessError
from harness.stages.access import Access
from harness.stages.stage import Stage

STRICT = ("prod",)
SECONDS = 60.0
SHOWN = 5  # files


def check(stage: Stage, _access: Access) -> None:
    """For production, refuse changes that are not committed and pushed; otherwise report what is deployed.

    The detached, shallow checkout of a CI job passes, because its commit is on a branch of origin.

    Args:
        stage: to be deployed, with its folder.

    Raises:
        HarnessError: production would get code that nobody else has.
    """
    problem = _problem(stage.infrastructure)
    if problem is None:
        console.say(f"commit {_git(stage.infrastructure, 'rev-parse', '--short=12', 'HEAD').strip()}")
        return
    cause, next_step = problem
    if stage.name in STRICT:
        raise HarnessError(f"{stage.name} is deployed from pushed commits only: {cause}", next_step)
    console.warn(f"this deployment cannot be traced to a commit: {cause}")


def _problem(folder: Path) -> tuple[str, str] | None:
    """Return why the checkout is not a clean, pushed commit, and what to do; None if it is one."""
    try:
        commit = _git(folder, "rev-parse", "--short=12", "HEAD").strip()
        changed = _git(folder, "status", "--porcelain").splitlines()
        branches = _git(folder, "branch", "--remotes", "--list", "origin/*", "--contains", "HEAD").split()
    except FileNotFoundError:
        return "git is not installed", "install it"
    except subprocess.TimeoutExpired:
        return f"git did not finish within {SECONDS:.0f} s", "try `git status`"
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines()
        return said[0] if said else f"git ended with status {error.returncode}", "deploy from a git checkout"
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        files = ", ".join(line[3:] for line in changed[:SHOWN])
        return f"{commit} with uncommitted changes ({files}{more})", "commit or stash them, then push"
    if not branches:
        return f"commit {commit} is not on any branch of origin", "git push (in a CI job: git fetch origin <branch>)"
    return None


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True).stdout
