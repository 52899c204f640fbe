"""The bucket of a stage's state: made once, by the bootstrap module, after asking."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from harness import commands, console
from harness.errors import CommandFailedError, HarnessError
from harness.paths import shown
from harness.stages import ask, explain, explain_aws
from harness.stages.access import Access
from harness.stages.stage import Stage

DEADLINE = 300.0
ADDRESS = "module.state_bucket.aws_s3_bucket.this"
# What S3 answers where a setting was never made.
UNSET = ("NoSuchPublicAccessBlockConfiguration", "ServerSideEncryptionConfigurationNotFoundError")


def exists(stage: Stage, access: Access) -> bool:
    """Whether the bucket is there and is ours.

    Raises:
        HarnessError: somebody else has the name, or the credentials may not look.
    """
    bucket = stage.backend["bucket"]
    try:
        access.client("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=access.account())
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        if status == 403:
            raise HarnessError(
                f"the state bucket {bucket} belongs to another account, or these credentials may not use it",
                f"choose another name in {shown(stage.backend_file)}: names are unique in all of AWS",
            ) from None
        raise explain_aws.failure(error) from None
    return True


def ensure(stage: Stage, access: Access) -> None:
    """Makes the bucket if it is missing, and completes one whose making was interrupted, after asking.

    Raises:
        HarnessError: the answer was no, or it could not be made.
    """
    bucket = stage.backend["bucket"]
    if not exists(stage, access):
        ask.confirm(f"There is no state bucket {bucket} in {stage.backend['region']}. Make it?")
        with console.step(f"Make the state bucket {bucket}"):
            _apply_bootstrap(stage, access)
    elif lacks := [*_interrupted(stage), *missing(access.client("s3"), bucket)]:
        ask.confirm(
            f"The state bucket {bucket} is not complete: {', '.join(lacks)}. "
            "Give it the settings of infrastructure/bootstrap (its policy and lifecycle rules are replaced)?"
        )
        with console.step(f"Complete the state bucket {bucket}"):
            _apply_bootstrap(stage, access, adopt=True)


def _interrupted(stage: Stage) -> list[str]:
    """Whether this machine has begun to make the bucket and not ended: its policy, say, may be missing."""
    return ["an earlier run did not finish it"] if _folder(stage).exists() else []


def _folder(stage: Stage) -> Path:
    """There while the bucket is being made."""
    return stage.folder / "bootstrap"


def missing(s3: Any, bucket: str) -> list[str]:
    """What a state bucket must have and this one has not, in words.

    Args:
        s3: a client of the bucket's account.
        bucket: a bucket of that account.
    """

    def public_access() -> bool:
        return all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())

    settings: dict[str, Callable[[], bool]] = {
        "it keeps no versions": lambda: s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled",
        "it is not encrypted": lambda: bool(s3.get_bucket_encryption(Bucket=bucket)),
        "public access is not blocked": public_access,
    }
    lacks = []
    for words, is_set in settings.items():
        try:
            if not is_set():
                lacks.append(words)
        except ClientError as error:
            if error.response["Error"]["Code"] in UNSET:
                lacks.append(words)
            elif error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
                # A pipeline's role need not be able to look: whoever made the bucket has.
                console.say(f"the state bucket's settings are not checked: {explain_aws.failure(error).cause}")
                break
            else:
                raise explain_aws.failure(error) from None
    return lacks


def _apply_bootstrap(stage: Stage, access: Access, *, adopt: bool = False) -> None:
    """Applies the bootstrap module, whose own state is needed no more afterwards (bootstrap/terraform.tf).

    Args:
        stage: names the bucket.
        access: to its account.
        adopt: the bucket is there, and becomes the module's; its settings are only ever set, never created.
    """
    folder = _folder(stage)
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
    _terraform(stage, access, folder / "bootstrap", "init")
    if adopt:
        _terraform(stage, access, folder / "bootstrap", "import", *options, ADDRESS, stage.backend["bucket"])
    _terraform(stage, access, folder / "bootstrap", "apply", "-auto-approve", *options)
    shutil.rmtree(folder)


def _terraform(stage: Stage, access: Access, folder: Path, word: str, *words: str) -> None:
    try:
        commands.run(
            ["terraform", word, "-input=false", "-no-color", *words],
            cwd=folder, env=access.environment(), log=stage.log("bootstrap"), deadline=DEADLINE,
        )  # fmt: skip
    except CommandFailedError as error:
        raise explain.failure(stage, error, "bootstrap") from None
