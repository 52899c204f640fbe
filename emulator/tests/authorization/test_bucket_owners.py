"""A request that expects a bucket's owner is refused for a bucket of another account, for every caller."""

import json
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

OWN, OTHER = "000000000000", "111111111111"
DENIED = ("AccessDenied", "Access Denied")
REQUESTS: dict[str, dict[str, Any]] = {
    "get_object": {"Key": "k"},
    "head_object": {"Key": "k"},
    "put_object": {"Key": "k"},
    "delete_object": {"Key": "other"},
    "delete_objects": {"Delete": {"Objects": [{"Key": "other"}]}},
    "create_multipart_upload": {"Key": "k"},
    "put_bucket_notification_configuration": {"NotificationConfiguration": {}},
    "get_bucket_website": {},
    "list_objects_v2": {},
}


@pytest.fixture
def bucket(root: Any, create_bucket: Any) -> str:
    """Return the name of a bucket with an object `k`."""
    name = str(create_bucket())
    root("s3").put_object(Bucket=name, Key="k", Body=b"content")
    return name


@pytest.mark.parametrize("operation", REQUESTS)
def test_every_operation_checks_the_owner(root: Any, make_user: Any, refusal: Any, bucket: str, operation: str) -> None:
    request = {"Bucket": bucket, **REQUESTS[operation]}
    for client in (root("s3"), make_user({"Action": "s3:*", "Resource": "*"}).client("s3")):
        code, _ = refusal(getattr(client, operation), **request, ExpectedBucketOwner=OTHER)
        assert code == ("403" if operation == "head_object" else "AccessDenied")
        if operation != "get_bucket_website":  # there is none
            getattr(client, operation)(**request, ExpectedBucketOwner=OWN)


def test_a_copy_checks_both_owners(root: Any, refusal: Any, bucket: str) -> None:
    copy, request = root("s3").copy_object, {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/k"}
    assert refusal(copy, **request, ExpectedSourceBucketOwner=OTHER) == DENIED
    assert refusal(copy, **request, ExpectedBucketOwner=OTHER) == DENIED
    copy(**request, ExpectedBucketOwner=OWN, ExpectedSourceBucketOwner=OWN)


def test_an_anonymous_request_checks_the_owner(localstack: Any, root: Any, refusal: Any, bucket: str) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    root("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    config = Config(signature_version=UNSIGNED, s3={"addressing_style": "path"})
    reader = boto3.client("s3", endpoint_url=localstack.endpoint_url, region_name="us-east-1", config=config)
    assert len(reader.get_object(Bucket=bucket, Key="k", ExpectedBucketOwner=OWN)["Body"].read()) == 7
    assert refusal(reader.get_object, Bucket=bucket, Key="k", ExpectedBucketOwner=OTHER) == DENIED


def test_missing_buckets_and_malformed_accounts_get_their_own_errors(root: Any, refusal: Any, bucket: str) -> None:
    get = root("s3").get_object
    assert refusal(get, Bucket="there-is-none", Key="k", ExpectedBucketOwner=OWN)[0] == "NoSuchBucket"
    code, _ = refusal(get, Bucket=bucket, Key="k", ExpectedBucketOwner="me")
    assert code == "InvalidBucketOwnerAWSAccountID"
