"""A deployment in a separate process, for tests to kill: python deployment.py <stage's folder> <endpoint>."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.errors import HarnessError
from harness.stack import state as stacks
from harness.stages import deploy
from harness.stages.access import Access
from harness.stages.stage import load

if __name__ == "__main__":
    folder, endpoint = Path(sys.argv[1]), sys.argv[2]
    try:
        checkout = folder / "checkout"
        deploy.deploy(load("stg", checkout / "infrastructure", folder=folder), Access(stacks.REGION, endpoint))
    except HarnessError as error:
        sys.exit(f"{error.cause}\n{error.next_step}")
