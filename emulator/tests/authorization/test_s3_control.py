"""S3 Control: the tags of buckets."""

import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT, OTHER, REGION = "000000000000", "111111111111", "ap-south-1"


def client(localstack: Any, credentials: Mapping[str, str]) -> Any:
    """Return a client that sends requests to the endpoint itself: the account's own host resolves to nothing here."""
    config = Config(retries={"total_max_attempts": 1})
    place = {"endpoint_url": localstack.endpoint_url, "region_name": REGION, "config": config}
    made = boto3.client("s3control", **place, **credentials)

    def address(request: Any, **_: Any) -> None:
        parts = urlsplit(request.url)
        request.url = f"{localstack.endpoint_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")

    made.meta.events.register("before-sign.s3-control", address)
    return made


@pytest.fixture
def bucket(root: Any) -> str:
    """Return the ARN of a bucket."""
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return f"arn:aws:s3:::{name}"


def test_a_user_tags_the_buckets_of_the_policy(localstack: Any, make_user: Any, bucket: str, refusal: Any) -> None:
    of_team = {"Condition": {"StringEquals": {"aws:RequestTag/team": "a"}}}
    user = make_user(
        {"Action": "s3:TagResource", "Resource": bucket, **of_team},
        {"Action": ["s3:ListTagsForResource", "s3:UntagResource"], "Resource": bucket},
    )
    s3 = client(localstack, user.credentials)
    named = {"AccountId": ACCOUNT, "ResourceArn": bucket}
    s3.tag_resource(**named, Tags=[{"Key": "team", "Value": "a"}])
    assert s3.list_tags_for_resource(**named)["Tags"] == [{"Key": "team", "Value": "a"}]
    code, message = refusal(s3.tag_resource, **named, Tags=[{"Key": "team", "Value": "b"}])
    assert (code, f"perform: s3:TagResource on resource: {bucket} because" in message) == ("AccessDenied", True)
    s3.untag_resource(**named, TagKeys=["team"])
    assert s3.list_tags_for_resource(**named)["Tags"] == []


def test_a_refusal_has_s3s_status(localstack: Any, make_user: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as raised:
        client(localstack, make_user().credentials).list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=bucket)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("account", [ACCOUNT, OTHER])
def test_another_accounts_root_user_needs_the_buckets_policy(
    localstack: Any, root: Any, bucket: str, refusal: Any, account: str
) -> None:
    s3 = client(localstack, {"aws_access_key_id": OTHER, "aws_secret_access_key": "any"})
    named = {"AccountId": account, "ResourceArn": bucket}
    assert refusal(s3.list_tags_for_resource, **named)[0] == "AccessDenied"
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": "s3:ListTagsForResource",
        "Resource": bucket,
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    root("s3").put_bucket_policy(Bucket=bucket.rpartition(":")[2], Policy=document)
    assert s3.list_tags_for_resource(**named)["Tags"] == []
