"""Copies a model to a stage's bucket, in the layout the function reads; what is there already is never overwritten."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError
from harness.model.current import files
from harness.stages import variables
from harness.stages.stage import Stage
from store_sales.location import models_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ABSENT = ("404", "NoSuchBucket")


@dataclass(frozen=True)
class Copy:
    """What is to be copied, after all that can be wrong has been looked for.

    Attributes:
        bucket: the model bucket's name.
        key: prefix of the model's objects.
        missing: the files that are not there yet, in the order in which they go.
    """

    bucket: str
    key: str
    folder: Path
    missing: list[Path]

    @property
    def place(self) -> str:
        """Where the model is then."""
        return f"s3://{self.bucket}/{self.key}"

    def run(self, s3: S3Client) -> None:
        """Copies what is missing.

        Raises:
            HarnessError: the bucket does not take it.
        """
        try:
            for file in self.missing:
                s3.upload_file(str(file), self.bucket, f"{self.key}/{_name(self.folder, file)}")
        except Exception as error:  # boto3 hides the service's error behind one of its own
            raise HarnessError(
                f"the model cannot be copied to {self.place}: {error}",
                "the role needs s3:PutObject on the bucket; repeated, this goes on where it ended",
            ) from None


def of_stage(stage: Stage) -> str:
    """The name of a stage's model bucket, as Terraform composes it."""
    return variables.bucket_name(stage, "model_bucket")


def exists(s3: S3Client, bucket: str, account: str) -> bool:
    """Whether the bucket is there and the account's own.

    Args:
        s3: client of the stage.
        bucket: its name, unique in all of AWS.
        account: the account that must own it.

    Raises:
        HarnessError: it is somebody else's, may not be asked for, or nobody answers.
    """
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ABSENT:
            return False
        if code in ("403", "AccessDenied"):
            raise HarnessError(
                f"bucket {bucket} belongs to somebody else, or the role may not list it (403)",
                "choose another name for model_bucket in the stage's tfvars, or use a role that has s3:ListBucket "
                f"in account {account}",
            ) from None
        raise HarnessError(f"bucket {bucket} cannot be looked at: {error}", "look at region and credentials") from None
    except BotoCoreError as error:
        raise _unreachable(bucket, error) from None
    return True


def prepare(s3: S3Client, bucket: str, key: str, folder: Path, run_id: str) -> Copy:
    """Compares a model's folder with what the bucket has; nothing is changed.

    Args:
        s3: client of the stage.
        bucket: must exist.
        key: prefix of the model's objects.
        folder: the model's files.
        run_id: its run.

    Raises:
        HarnessError: the bucket has other files there, or another model of the same run.
    """
    try:
        missing = [file for file in files(folder) if not _same(s3, bucket, f"{key}/{_name(folder, file)}", file)]
        _check_only_one(s3, bucket, key, run_id)
    except ClientError as error:
        raise _forbidden(bucket, error) from None
    except BotoCoreError as error:
        raise _unreachable(bucket, error) from None
    return Copy(bucket, key, folder, missing)


def models(s3: S3Client, bucket: str, run_id: str) -> list[str]:
    """The keys of the ONNX files that the bucket has of a run.

    Raises:
        HarnessError: it cannot be read.
    """
    try:
        return models_of(s3, bucket, run_id)
    except ClientError as error:
        raise _forbidden(bucket, error) from None
    except BotoCoreError as error:
        raise _unreachable(bucket, error) from None


def _same(s3: S3Client, bucket: str, key: str, file: Path) -> bool:
    """Whether the object is there and equal; an object that differs is an error."""
    try:
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return False
    if content != file.read_bytes():
        raise HarnessError(
            f"s3://{bucket}/{key} differs from the registry's file: somebody has changed one of them",
            "find out which is right; to publish the registry's, delete the object first, or train a new version",
        )
    return True


def _check_only_one(s3: S3Client, bucket: str, key: str, run_id: str) -> None:
    """The function refuses to choose between two models of a run."""
    others = [found for found in models_of(s3, bucket, run_id) if found.rpartition("/")[0] != key]
    if others:
        raise HarnessError(
            f"bucket {bucket} has another model of run {run_id}: {others[0]}",
            "the function would not know which to serve: delete the one that is wrong",
        )


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()


def _forbidden(bucket: str, error: ClientError) -> HarnessError:
    return HarnessError(
        f"bucket {bucket} cannot be read: {error}", "the role needs s3:ListBucket and s3:GetObject on it"
    )


def _unreachable(bucket: str, error: BotoCoreError) -> HarnessError:
    return HarnessError(
        f"bucket {bucket} cannot be looked at: {error}",
        "sign in to the stage's account (aws sts get-caller-identity must answer), then try again",
    )
