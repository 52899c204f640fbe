"""How failures of Terraform and AWS are explained. The inputs are what these programs report."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from harness import paths
from harness.errors import CommandFailedError, CredentialsError, DeniedError, HarnessError
from harness.stages import explain, explain_aws
from harness.stages.stage import Stage
from harness.terraform.json_output import Diagnostic, Errors

REFUSED = "https response error StatusCode: 400, RequestID: 1"
DENIED = Diagnostic(
    f"creating Kinesis Stream (sales-events-stg): operation error Kinesis: CreateStream, {REFUSED}, api error "
    "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/deploy/me is not authorized to perform: "
    "kinesis:CreateStream on resource: arn:aws:kinesis:ap-south-1:123456789012:stream/sales-events-stg because no "
    "identity-based policy allows the kinesis:CreateStream action"
)
DENIED_BY_S3 = Diagnostic(
    "reading S3 Bucket (b): operation error S3: GetBucketVersioning, https response error StatusCode: 403, "
    "RequestID: 1, HostID: 2, api error AccessDenied: Access Denied"
)
DENIED_HEAD = Diagnostic(
    "reading S3 Object (k): operation error S3: HeadObject, https response error StatusCode: 403, RequestID: 1, "
    "HostID: 2, api error UnknownError: UnknownError"
)
DENIED_IN_A_COMMAND = Diagnostic(
    "local-exec provisioner error",
    "Error running command 'log in': exit status 1. Output: An error occurred (AccessDeniedException) when calling the "
    "GetAuthorizationToken operation: User: arn:aws:iam::1:user/me is not authorized to perform: "
    "ecr:GetAuthorizationToken on resource: * because",
)
TAKEN = Diagnostic(
    "creating S3 Bucket (store-sales-models-stg): operation error S3: CreateBucket, https response error StatusCode: "
    "409, RequestID: 1, HostID: 2, BucketAlreadyExists: "
)
OURS = Diagnostic(TAKEN.summary.replace("BucketAlreadyExists", "BucketAlreadyOwnedByYou"))
NO_STATE = Diagnostic(
    'Failed to get existing workspaces: S3 bucket "state" does not exist.',
    "Error: operation error S3: ListObjectsV2, https response error StatusCode: 404, RequestID: 1, HostID: 2, "
    "NoSuchBucket: ",
)
IMAGE = Diagnostic(
    f"creating Lambda Function (store_sales_stg): operation error Lambda: CreateFunction, {REFUSED}, "
    "InvalidParameterValueException: Source image 123456789012.dkr.ecr.ap-south-1.amazonaws.com/x:1 does not exist. "
    "Provide a valid source image."
)
EXPIRED = Diagnostic(
    f"waiting for Kinesis Stream (sales-events-stg) create: operation error Kinesis: DescribeStreamSummary, {REFUSED}, "
    "api error ExpiredTokenException: The security token included in the request is expired"
)
UNKNOWN = Diagnostic(  # the innermost error has the cause
    "operation error S3: ListObjectsV2, get identity: get credentials: operation error STS: AssumeRole, https response "
    "error StatusCode: 403, RequestID: 1, api error InvalidClientTokenId: The security token is invalid"
)
NO_CREDENTIALS = Diagnostic("No valid credential sources found", "Please see the documentation.")
NO_PROVIDER = Diagnostic(
    "Failed to query available provider packages",
    "Could not retrieve the list of available versions for provider hashicorp/aws: could not connect to the registry",
)
OTHER = Diagnostic(
    f"creating Lambda Event Source Mapping: operation error Lambda: CreateEventSourceMapping, {REFUSED}, "
    "InvalidParameterValueException: no such stream"
)
LOCK = """Error message: operation error S3: PutObject, https response error StatusCode: 412, RequestID: 1, HostID: 2, api error PreconditionFailed: x
Lock Info:
  ID:        b21a
  Path:      state/k
  Operation: OperationTypeApply
  Who:       me@there
  Version:   1.11.4
  Created:   2026-11-28 10:00:00 UTC
"""  # noqa: E501
LOCKED = Diagnostic("Error acquiring the state lock", LOCK)
FAILED = CommandFailedError("terraform apply", 1, "its last lines", "read the log")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage that exists in files only."""
    return Stage(
        "stg",
        tmp_path,
        paths.SERVICE,
        tmp_path,
        tmp_path / "stg.tfvars",
        tmp_path / "stg.s3.tfbackend",
        {},
        {"bucket": "state", "key": "k", "region": "ap-south-1"},
    )


@pytest.mark.parametrize(
    ("diagnostic", "cause", "next_step"),
    [
        (
            DENIED,
            "assumed-role/deploy/me is not allowed to perform kinesis:CreateStream on arn:aws:kinesis:",
            "allow kinesis:CreateStream",
        ),
        (DENIED_BY_S3, "AWS denies s3:GetBucketVersioning", "allow s3:GetBucketVersioning for"),
        (DENIED_HEAD, "AWS denies s3:HeadObject", "allow s3:HeadObject for"),
        (DENIED_IN_A_COMMAND, "user/me is not allowed to perform ecr:GetAuthorizationToken on *", "allow ecr:"),
        (TAKEN, "the bucket name store-sales-models-stg is taken by another account", "choose another in"),
        (OURS, "the bucket store-sales-models-stg already exists in this account", "import it"),
        (NO_STATE, "the state bucket state does not exist", "make deploy-stg creates it"),
        (
            IMAGE,
            "does not accept the image 123456789012.dkr.ecr.ap-south-1.amazonaws.com/x:1: it does not",
            "image_uri",
        ),
        (EXPIRED, "the AWS credentials have expired", "continues where it stopped"),
        (NO_CREDENTIALS, "the AWS credentials have expired", "log in"),
        (UNKNOWN, "does not recognize these credentials (InvalidClientTokenId)", "log in"),
        (NO_PROVIDER, "provider could not be fetched", "check the network"),
        (LOCKED, "the state is locked by me@there since 2026-11-28 10:00:00 UTC", "make unlock-stg LOCK=b21a"),
        (OTHER, "Error: creating Lambda Event Source Mapping: operation", "the whole output is in"),
    ],
)
def test_a_failure_gets_a_cause_and_a_next_step(
    stage: Stage, diagnostic: Diagnostic, cause: str, next_step: str
) -> None:
    explained = explain.failure(stage, FAILED, [diagnostic])
    assert cause in explained.cause
    assert next_step in explained.next_step


def test_a_known_cause_among_several_errors_is_the_one_reported(stage: Stage) -> None:
    assert "have expired" in explain.failure(stage, FAILED, [OTHER, EXPIRED]).cause


def test_other_failures_keep_terraforms_own_errors(stage: Stage) -> None:
    explained = explain.failure(stage, FAILED, [OTHER, OTHER])
    assert explained.cause == f"Terraform failed:\n{OTHER}\n\n{OTHER}"
    assert "terraform.log" in explained.next_step


def test_a_value_refused_by_a_module_is_reported_with_the_roots_variable(stage: Stage, tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (module / "variables.tf").write_text(
        """
variable "memory_size_mb" {
  validation {
    condition     = var.memory_size_mb >= 128
    error_message = "memory_size_mb must be at least 128."
  }
}
"""
    )
    (tmp_path / "main.tf").write_text(
        """
variable "lambda_memory_size_mb" {}
module "lambda" {
  source         = "./module"
  memory_size_mb = var.lambda_memory_size_mb
}
"""
    )
    subprocess.run(["terraform", "init"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    command = ["terraform", "plan", "-json", "-input=false"]
    for given, words in (
        (["-var=lambda_memory_size_mb=64"], "lambda_memory_size_mb: memory_size_mb must be at least 128."),
        ([], 'main.tf:2: The root module input variable "lambda_memory_size_mb" is not set'),
    ):
        done = subprocess.run([*command, *given], cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60)
        errors = Errors()
        for line in done.stdout.splitlines():
            errors.read(line)
        explained = explain.failure(stage, FAILED, errors.found)
        assert explained.cause.startswith(words)
        assert "stg.tfvars" in explained.next_step


def test_a_command_without_terraforms_errors_is_not_explained(stage: Stage) -> None:
    assert explain.failure(stage, FAILED, []) is FAILED


@pytest.mark.parametrize(
    ("code", "kind", "cause"),
    [
        ("ExpiredToken", CredentialsError, "have expired"),
        ("InvalidClientTokenId", CredentialsError, r"does not recognize these credentials \(InvalidClientTokenId\)$"),
        ("403", DeniedError, "AWS denies HeadBucket"),
        ("AccessDenied", DeniedError, "AWS denies HeadBucket"),
        (
            "NoSuchBucket",
            HarnessError,
            "AWS responded: .* not accessible: AccessDenied",
        ),
    ],
)
def test_an_aws_error_is_explained_by_its_code(code: str, kind: type[HarnessError], cause: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "not accessible: AccessDenied"}}, "HeadBucket")
    explained = explain_aws.failure(error)
    assert type(explained) is kind
    assert re.search(cause, explained.cause)
