"""Copies a model to a stage's bucket, in the layout the function reads. Existing objects are never overwritten."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError
from harness.model import in_bucket
from harness.model.current import files
from harness.pipeline.schema import Literal
from harness.stages import variables
from harness.stages.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ABSENT = ("404", "NoSuchBucket")


@dataclass(frozen=True)
class Copy:
    """A copy of a model that has passed all checks.

    Attributes:
        bucket: the model bucket's name.
        key: prefix of the model's objects.
        folder: the model's files.
        missing: the files that the bucket lacks, in the order in which they are copied.
    """

    bucket: str
    key: str
    folder: Path
    missing: list[Path]

    @property
    def place(self) -> str:
        """URL of the model in the bucket."""
        return f"s3://{self.bucket}/{self.key}"

    def run(self, s3: S3Client) -> None:
        """Copy the missing files.

        Raises:
            HarnessError: a file cannot be written to the bucket.
        """
        try:
            for file in self.missing:
                s3.upload_file(str(file), self.bucket, f"{self.key}/{_name(self.folder, file)}")
        except Exception as error:  # boto3 wraps the service's error in its own
            raise HarnessError(
                f"the model cannot be copied to {self.place}: {error}",
                "the role needs s3:PutObject on the bucket; then run it again: it continues where it stopped",
            ) from None


def of_stage(stage: Stage) -> str | None:
    """Return the name of a stage's model bucket; None if only Terraform's outputs tell it."""
    if stage.pipeline.is_default:
        return variables.bucket_name(stage, "model_bucket")
    named = stage.pipeline.file.outputs.model_bucket
    return named.name if isinstance(named, Literal) else None


def exists(s3: S3Client, bucket: str, account: str) -> bool:
    """Return whether the bucket exists and belongs to the account.

    Args:
        s3: client of the stage.
        bucket: its name, unique in all of AWS.
        account: the account that must own it.

    Raises:
        HarnessError: another account owns it, the role may not list it, or S3 cannot be reached.
    """
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ABSENT:
            return False
        if code in ("403", "AccessDenied"):
            raise HarnessError(
                f"bucket {bucket} belongs to another account, or the role lacks s3:ListBucket (403)",
                "choose another name for model_bucket in the stage's tfvars, or use a role that has s3:ListBucket "
                f"in account {account}",
            ) from None
        raise HarnessError(f"bucket {bucket} cannot be accessed: {error}", "check region and credentials") from None
    except BotoCoreError as error:
        raise _unreachable(bucket, error) from None
    return True


def prepare(s3: S3Client, bucket: str, key: str, folder: Path, run_id: str) -> Copy:
    """Compare a model's folder with the bucket, without changing anything.

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
    """Return the folders of a run's models in the bucket.

    Raises:
        HarnessError: it cannot be read.
    """
    try:
        return in_bucket.folders(s3, bucket, run_id)
    except ClientError as error:
        raise _forbidden(bucket, error) from None
    except BotoCoreError as error:
        raise _unreachable(bucket, error) from None


def _same(s3: S3Client, bucket: str, key: str, file: Path) -> bool:
    """Return whether the object exists with the same content; different content is an error."""
    try:
        content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return False
    if content != file.read_bytes():
        raise HarnessError(
            f"s3://{bucket}/{key} differs from the registry's file: one of them was changed",
            "find out which is right; to publish the registry's, delete the object first, or train a new version",
        )
    return True


def _check_only_one(s3: S3Client, bucket: str, key: str, run_id: str) -> None:
    """Refuse a second model of a run, because the function does not choose between two."""
    others = [found for found in in_bucket.folders(s3, bucket, run_id) if found != key]
    if others:
        raise HarnessError(
            f"bucket {bucket} has another model of run {run_id}: {others[0]}",
            "the function could not tell which one to serve: delete the wrong one",
        )


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()


def _forbidden(bucket: str, error: ClientError) -> HarnessError:
    return HarnessError(
        f"bucket {bucket} cannot be read: {error}", "the role needs s3:ListBucket and s3:GetObject on it"
    )


def _unreachable(bucket: str, error: BotoCoreError) -> HarnessError:
    return HarnessError(
        f"bucket {bucket} cannot be accessed: {error}",
        "sign in to the stage's account (aws sts get-caller-identity must work), then try again",
    )
