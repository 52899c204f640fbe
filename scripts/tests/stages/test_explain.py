"""How failures of Terraform and AWS are explained. The inputs are texts that these programs print."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from harness import paths
from harness.errors import CommandFailedError, CredentialsError, DeniedError, HarnessError
from harness.stages import explain, explain_aws
from harness.stages.stage import Stage

DENIED = """
╷
│ Error: creating Kinesis Stream (sales-events-stg): operation error Kinesis: CreateStream, https response error StatusCode: 400, RequestID: 1, api error AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/deploy/me is not authorized to perform: kinesis:CreateStream on resource: arn:aws:kinesis:ap-south-1:123456789012:stream/sales-events-stg because no identity-based policy allows the kinesis:CreateStream action
│
│   with module.source_stream.aws_kinesis_stream.this,
│   on modules/kinesis/main.tf line 1, in resource "aws_kinesis_stream" "this":
│    1: resource "aws_kinesis_stream" "this" {
│
╵
"""  # noqa: E501
# As Terraform writes to a file: without a frame, and wrapped at spaces.
DENIED_WRAPPED = textwrap.fill(re.sub("[│╷╵]", "", DENIED).strip(), 78, break_long_words=False)
DENIED_BY_S3 = """
│ Error: reading S3 Bucket (b): operation error S3: GetBucketVersioning, https response error StatusCode: 403, RequestID: 1, HostID: 2, api error AccessDenied: Access Denied
"""  # noqa: E501
TAKEN = """
│ Error: creating S3 Bucket (store-sales-models-stg): operation error S3: CreateBucket, https response error StatusCode: 409, RequestID: 1, HostID: 2, BucketAlreadyExists:
"""  # noqa: E501
OURS = TAKEN.replace("BucketAlreadyExists", "BucketAlreadyOwnedByYou")
IMAGE = """
│ Error: creating Lambda Function (store_sales_stg): operation error Lambda: CreateFunction, https response error StatusCode: 400, RequestID: 1, InvalidParameterValueException: Source image 123456789012.dkr.ecr.ap-south-1.amazonaws.com/x:1 does not exist. Provide a valid source image.
"""  # noqa: E501
EXPIRED = """
module.source_stream.aws_kinesis_stream.this: Still creating... [10s elapsed]
╷
│ Error: waiting for Kinesis Stream (sales-events-stg) create: operation error Kinesis: DescribeStreamSummary, https response error StatusCode: 400, RequestID: 1, api error ExpiredTokenException: The security token included in the request is expired
╵
"""  # noqa: E501
NO_PROVIDER = """
│ Error: Failed to query available provider packages
│
│ Could not retrieve the list of available versions for provider
│ hashicorp/aws: could not connect to the registry: dial tcp: lookup: no such host
"""
OTHER = """
module.x: Creating...
╷
│ Warning: Something old
│
│ Never mind.
╵
╷
│ Error: creating Lambda Event Source Mapping: InvalidParameterValueException: no such stream
│
│   with module.lambda.aws_lambda_event_source_mapping.this,
╵
Some last line
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage that exists in files only."""
    return Stage("stg", tmp_path, paths.SERVICE, tmp_path, {}, {"bucket": "state", "key": "k", "region": "ap-south-1"})


@pytest.mark.parametrize(
    ("output", "cause", "next_step"),
    [
        (
            DENIED,
            "assumed-role/deploy/me is not allowed to perform kinesis:CreateStream on arn:aws:kinesis:",
            "allow kinesis:CreateStr",
        ),
        (
            DENIED_WRAPPED,
            "is not allowed to perform kinesis:CreateStream on arn:aws:kinesis:",
            "allow kinesis:CreateStream",
        ),
        (DENIED_BY_S3, "AWS denies s3:GetBucketVersioning", "allow s3:GetBucketVersioning for"),
        (TAKEN, "the bucket name store-sales-models-stg is taken by another account", "choose another in"),
        (OURS, "the bucket store-sales-models-stg already exists in this account", "import it"),
        (
            IMAGE,
            "does not accept the image 123456789012.dkr.ecr.ap-south-1.amazonaws.com/x:1: it does not",
            "image_uri",
        ),
        (EXPIRED, "the AWS credentials have expired", "continues where it stopped"),
        (NO_PROVIDER, "provider could not be fetched", "check the network"),
        (OTHER, "Error: creating Lambda Event Source Mapping: Invalid", "the whole output is in"),
    ],
)
def test_a_failure_gets_a_cause_and_a_next_step(stage: Stage, output: str, cause: str, next_step: str) -> None:
    explained = explain.failure(stage, CommandFailedError("terraform apply", 1, output, "read the log"))
    assert cause in explained.cause
    assert next_step in explained.next_step


def test_other_failures_keep_only_terraforms_own_error(stage: Stage) -> None:
    explained = explain.failure(stage, CommandFailedError("terraform apply", 1, OTHER, "read the log"))
    assert "│" not in explained.cause
    assert "Warning" not in explained.cause
    assert "Some last line" not in explained.cause
    assert "terraform.log" in explained.next_step


def test_a_value_refused_by_a_module_is_reported_with_the_roots_variable(stage: Stage) -> None:
    output = """
╷
│ Error: Invalid value for variable
│
│   on main.tf line 81, in module "lambda":
│   81:   memory_size_mb        = var.lambda_memory_size_mb
│     ├────────────────
│     │ var.memory_size_mb is 64
│
│ memory_size_mb must be a whole number from 128 to 10240.
│
│ This was checked by the validation rule at modules/lambda/variables.tf:64,3-13.
╵
"""
    explained = explain.failure(stage, CommandFailedError("terraform", 1, output, ""))
    assert explained.cause == "lambda_memory_size_mb: memory_size_mb must be a whole number from 128 to 10240."
    assert "stg.tfvars" in explained.next_step


def test_output_without_terraforms_errors_is_not_changed(stage: Stage) -> None:
    error = CommandFailedError("terraform", 1, "killed", "read the log")
    assert explain.failure(stage, error) is error


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
