"""`make` for the reader of a page: python reader.py <stage's folder> <endpoint> <target> [VARIABLE=value].

Runs the command behind a target as it is, with the files and the endpoint of a rehearsed stage. `pull` is what `git
pull` brings: another setting of the function.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from harness.cli import deploy
from harness.cli.main import main
from harness.rollout import promote
from harness.stack import state as stacks
from harness.stages import tfvars
from harness.stages.access import Access
from harness.stages.stage import Stage, load

PULLED = {"lambda_environment": {"LOG_LEVEL": "DEBUG"}}


def run(folder: Path, endpoint: str, target: str, *variables: str) -> None:
    """Run a target."""
    os.environ.update(dict(variable.split("=", 1) for variable in variables))
    stage = load("stg", folder / "checkout" / "infrastructure", folder=folder)
    if target == "pull":
        values = tfvars.read(stage.vars_file) | PULLED
        stage.vars_file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
        return
    _stand_in(stage, endpoint)
    command, _, name = target.partition("-")
    sys.argv = ["pipeline", command, *([name] if name else [])]
    main()


def _stand_in(stage: Stage, endpoint: str) -> None:
    """Let commands open the rehearsed stage in place of the one on AWS."""

    def access(region: str) -> Access:
        return Access(region, endpoint)

    for module, name, value in (
        (deploy, "_opened", lambda _name: (stage, access(stacks.REGION))),
        (promote, "load", lambda _name: stage),
        (promote, "Access", access),
    ):
        assert hasattr(module, name)
        setattr(module, name, value)


if __name__ == "__main__":
    run(Path(sys.argv[1]), *sys.argv[2:])
