"""Terraform's and AWS's failures in words that name the cause and the next step."""

from __future__ import annotations

import re

from harness.commands import CommandFailedError
from harness.errors import HarnessError
from harness.paths import shown
from harness.stages.stage import Stage

_LOCK = re.compile(r"ID:\s+(?P<id>\S+).*?Who:\s+(?P<who>.+?)\s*\n.*?Created:\s+(?P<created>.+?)\s*\n", re.DOTALL)
_DENIED = re.compile(r"(?:not authorized to perform: |AccessDenied\w*: )(?P<action>[\w:]+)?", re.DOTALL)
_TAKEN = re.compile(r"Bucket(?:Already(?:Exists|OwnedByYou))|requested bucket name is not available")


def failure(stage: Stage, error: CommandFailedError) -> HarnessError | None:
    """The error to show in place of Terraform's own; None where Terraform's says it best.

    Args:
        stage: what Terraform worked on.
        error: how it ended.
    """
    text = re.sub(r"^[│╷╵ ]+", "", error.output, flags=re.MULTILINE)
    if "Error acquiring the state lock" in text:
        return _locked(stage, text)
    return None


def _locked(stage: Stage, text: str) -> HarnessError:
    if not (found := _LOCK.search(text)):
        return HarnessError(
            f"the state s3://{stage.backend['bucket']}/{stage.backend['key']} is locked",
            f"wait for the other run, then try again; its lock is described in {shown(stage.log('terraform'))}",
        )
    return HarnessError(
        f"the state is locked by {found['who']} since {found['created']}",
        f"wait for that run to end. If it is certain that it was killed: make unlock-{stage.name} LOCK={found['id']}",
    )
