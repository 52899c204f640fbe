"""The bucket of a stage's state: created once, by the bootstrap module, after asking."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from harness import console
from harness.errors import CommandFailedError, HarnessError
from harness.machine import commands
from harness.paths import INFRASTRUCTURE, shown
from harness.stages import explain, explain_aws, prompts
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.terraform.json_output import Errors, as_text

DEADLINE = 300.0
# The configuration that imports an existing bucket.
ADOPTION = """import {{
  to = module.state_bucket.aws_s3_bucket.this
  id = {bucket}
}}
"""
# S3's errors for settings that were never made.
UNSET = ("NoSuchPublicAccessBlockConfiguration", "ServerSideEncryptionConfigurationNotFoundError")


def exists(stage: Stage, access: Access) -> bool:
    """Return whether the bucket exists and is ours.

    Raises:
        HarnessError: another account owns the name, or the credentials may not access it.
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
                f"choose another name in {shown(stage.backend_file)}: bucket names are globally unique",
            ) from None
        raise explain_aws.failure(error) from None
    return True


def ensure(stage: Stage, access: Access) -> None:
    """Create the bucket if it is missing, or complete one whose creation was interrupted, after asking.

    Raises:
        HarnessError: the answer was no, or it could not be created.
    """
    bucket = stage.backend["bucket"]
    if not exists(stage, access):
        prompts.confirm(f"There is no state bucket {bucket} in {stage.backend['region']}. Create it?")
        with console.step(f"Create the state bucket {bucket}"):
            _apply_bootstrap(stage, access)
    elif not stage.pipeline.is_default:
        if lacks := missing(access.client("s3"), bucket):  # somebody's own, which may hold other states, too
            console.warn(f"the state bucket {bucket}: {', '.join(lacks)}")
    elif lacks := [*_interrupted(stage), *missing(access.client("s3"), bucket)]:
        prompts.confirm(
            f"The state bucket {bucket} is not complete: {', '.join(lacks)}. "
            "Give it the settings of infrastructure/bootstrap (its policy and lifecycle rules are replaced)?"
        )
        with console.step(f"Complete the state bucket {bucket}"):
            _apply_bootstrap(stage, access, adopt=True)


def _interrupted(stage: Stage) -> list[str]:
    """Return a note if this machine did not finish creating the bucket; its policy, for example, may be missing."""
    return ["an earlier run did not finish it"] if _folder(stage).exists() else []


def _folder(stage: Stage) -> Path:
    """Return the folder that exists while the bucket is being created."""
    return stage.folder / "bootstrap"


def missing(s3: Any, bucket: str) -> list[str]:
    """Return the required settings that a state bucket lacks, in words.

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
                # A CI job's role may lack the permission. The settings were checked when the bucket was created.
                console.say(f"the state bucket's settings are not checked: {explain_aws.failure(error).cause}")
                break
            else:
                raise explain_aws.failure(error) from None
    return lacks


def _apply_bootstrap(stage: Stage, access: Access, *, adopt: bool = False) -> None:
    """Apply the bootstrap module, whose own state is not needed afterwards (bootstrap/terraform.tf).

    Args:
        stage: names the bucket.
        access: to its account.
        adopt: import an existing bucket and set its settings.
    """
    folder = _folder(stage)
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns(".terraform", "*.tfstate*")
    root = stage.infrastructure if stage.pipeline.is_default else INFRASTRUCTURE
    shutil.copytree(root / "bootstrap", folder / "bootstrap", ignore=ignored)
    shutil.copytree(root / "modules", folder / "modules", ignore=ignored)
    variables = {
        "state_bucket": stage.backend["bucket"],
        "aws_region": stage.backend["region"],
        "allowed_account_ids": "[" + ", ".join(f'"{account}"' for account in stage.accounts) + "]",
    }
    if adopt:
        (folder / "bootstrap" / "adopt.tf").write_text(ADOPTION.format(bucket=json.dumps(stage.backend["bucket"])))
    _terraform(stage, access, folder / "bootstrap", "init")
    options = [f"-var={name}={text}" for name, text in variables.items()]
    _terraform(stage, access, folder / "bootstrap", "apply", "-auto-approve", *options)
    shutil.rmtree(folder)


def _terraform(stage: Stage, access: Access, folder: Path, word: str, *words: str) -> None:
    errors = Errors()
    try:
        commands.run(
            ["terraform", word, "-input=false", "-json", *words],
            cwd=folder, env=access.environment(), log=stage.log("bootstrap"), deadline=DEADLINE,
            on_line=errors.read, as_text=as_text,
        )  # fmt: skip
    except CommandFailedError as error:
        raise explain.failure(stage, error, errors.found, "bootstrap") from None
