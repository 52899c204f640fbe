"""The bucket of a stage's state: made once, by the bootstrap module, after asking."""

from __future__ import annotations

import shutil

from botocore.exceptions import ClientError

from harness import commands, console
from harness.errors import HarnessError
from harness.paths import shown
from harness.stages import ask
from harness.stages.access import Access
from harness.stages.stage import Stage

DEADLINE = 300.0


def exists(stage: Stage, access: Access) -> bool:
    """Whether the bucket is there and is ours.

    Raises:
        HarnessError: somebody else has the name, or the credentials may not look.
    """
    bucket = stage.backend["bucket"]
    try:
        access.client("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        if status == 403:
            raise HarnessError(
                f"the state bucket {bucket} belongs to another account, or these credentials may not use it",
                f"choose another name in {shown(stage.backend_file)}: names are unique in all of AWS",
            ) from None
        raise
    return True


def ensure(stage: Stage, access: Access) -> None:
    """Makes the bucket if it is missing, after asking.

    Raises:
        HarnessError: the answer was no, or it could not be made.
    """
    if exists(stage, access):
        return
    bucket = stage.backend["bucket"]
    ask.confirm(f"There is no state bucket {bucket} in {stage.backend['region']}. Make it?")
    with console.step(f"Make the state bucket {bucket}"):
        _make(stage, access)


def _make(stage: Stage, access: Access) -> None:
    """Applies the bootstrap module, whose own state is needed no more afterwards (bootstrap/terraform.tf)."""
    folder = stage.folder / "bootstrap"
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns(".terraform", "*.tfstate*")
    shutil.copytree(stage.infrastructure / "bootstrap", folder / "bootstrap", ignore=ignored)
    shutil.copytree(stage.infrastructure / "modules", folder / "modules", ignore=ignored)
    variables = {
        "state_bucket": stage.backend["bucket"],
        "aws_region": stage.backend["region"],
        "allowed_account_ids": "[" + ", ".join(f'"{account}"' for account in stage.accounts) + "]",
    }
    options = [f"-var={name}={text}" for name, text in variables.items()]
    for words in (["init"], ["apply", "-auto-approve", *options]):
        commands.run(
            ["terraform", *words[:1], "-input=false", "-no-color", *words[1:]],
            cwd=folder / "bootstrap", env=access.environment(), log=stage.log("bootstrap"), deadline=DEADLINE,
        )  # fmt: skip
