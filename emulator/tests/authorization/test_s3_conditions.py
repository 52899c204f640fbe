"""S3's condition keys, in the policies of buckets and users."""

import json
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

REGION = "ap-south-1"


@pytest.fixture
def bucket(root: Any) -> str:
    """Return the name of a bucket with object lock and an object `key`."""
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    where = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    root("s3").create_bucket(Bucket=name, ObjectLockEnabledForBucket=True, **where)
    root("s3").put_object(Bucket=name, Key="key", Body=b"content")
    return name


def deny(root: Any, bucket: str, condition: Any) -> None:
    """Deny everything in a bucket under a condition."""
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources, "Condition": condition}
    root("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def test_the_mode_of_a_retention_can_be_denied(make_user: Any, bucket: str, refusal: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html"""
    compliance = {"StringEquals": {"s3:object-lock-mode": "COMPLIANCE"}}
    long = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": "10"}}
    held = {"StringEquals": {"s3:object-lock-legal-hold": "ON"}}
    on_all = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    s3 = make_user(
        {"Action": "s3:*", "Resource": "*"}, *({**on_all, "Condition": each} for each in (compliance, long, held))
    ).client("s3")
    named, now = {"Bucket": bucket, "Key": "key"}, datetime.now(UTC)
    for mode, days in (("COMPLIANCE", 1), ("GOVERNANCE", 11)):
        retention = {"Mode": mode, "RetainUntilDate": now + timedelta(days=days)}
        assert "explicit deny" in refusal(s3.put_object_retention, **named, Retention=retention)[1]
    assert "explicit deny" in refusal(s3.put_object_legal_hold, **named, LegalHold={"Status": "ON"})[1]
    s3.put_object_retention(**named, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": now + timedelta(days=10)})
    s3.put_object_legal_hold(**named, LegalHold={"Status": "OFF"})


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        {"StringNotEquals": {"s3:ResourceAccount": "000000000000"}},
        {"StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}},
        {"StringEquals": {"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}},
        {"StringEquals": {"s3:RequestObjectTag/team": "b"}},
        {"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": "owner"}},
        {"StringLike": {"s3:x-amz-grant-full-control": "*"}},
    ],
)
def test_a_deny_under_a_condition_that_does_not_hold_refuses_nothing(
    make_user: Any, root: Any, bucket: str, condition: Any
) -> None:
    deny(root, bucket, condition)
    s3 = make_user({"Action": "s3:*", "Resource": "*"}).client("s3")
    s3.put_object(Bucket=bucket, Key="new", Body=b"x", Tagging="team=a")
    assert s3.get_object(Bucket=bucket, Key="new")["Body"].read() == b"x"


def test_tags_that_an_object_gets_can_be_denied(make_user: Any, root: Any, bucket: str, refusal: Any) -> None:
    deny(root, bucket, {"StringEquals": {"s3:RequestObjectTag/team": "b"}})
    s3 = make_user({"Action": "s3:*", "Resource": "*"}).client("s3")
    assert refusal(s3.put_object, Bucket=bucket, Key="new", Body=b"x", Tagging="team=b")[0] == "AccessDenied"


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls_can_be_denied(make_user: Any, root: Any, bucket: str, localstack: Any, version: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html"""
    deny(root, bucket, {"StringNotEquals": {"s3:authType": "REST-HEADER"}})
    user = make_user({"Action": "s3:*", "Resource": "*"})
    assert user.client("s3").get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
    config = Config(signature_version=version, s3={"addressing_style": "path"})
    s3 = boto3.client("s3", endpoint_url=localstack.endpoint_url, region_name=REGION, config=config, **user.credentials)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "key"})
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(url, timeout=10)
    assert raised.value.code == 403
    raised.value.close()
