"""A public access block keeps everybody out whom a bucket's policy or an ACL would let in; websites ask the policy.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def policy(bucket: str, **more: Any) -> str:
    statement = {**EVERYBODY, "Resource": f"arn:aws:s3:::{bucket}/*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def bucket(root: Any, create_bucket: Any) -> str:
    name = str(create_bucket())
    root("s3").put_object(Bucket=name, Key="key", Body=b"content")
    return name


@pytest.fixture
def anonymous(localstack: Any) -> Any:
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client("s3", endpoint_url=localstack.endpoint_url, region_name="ap-south-1", config=config)


def block(s3: Any, bucket: str, **settings: bool) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=settings)


def test_public_policies_are_refused(root: Any, make_user: Any, bucket: str, refusal: Any) -> None:
    s3, user = root("s3"), make_user({"Action": "s3:*", "Resource": "*"}).client("s3")
    block(s3, bucket, BlockPublicPolicy=True)
    for client in (s3, user):
        code, message = refusal(client.put_bucket_policy, Bucket=bucket, Policy=policy(bucket))
        assert (code, "by the BlockPublicPolicy setting" in message) == ("AccessDenied", True)
    limited = {"StringEquals": {"aws:SourceAccount": "000000000000"}}
    user.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, Condition=limited))
    block(s3, bucket, BlockPublicPolicy=False)
    user.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))


def test_buckets_with_public_policies_are_for_their_account_only(
    root: Any, make_user: Any, bucket: str, refusal: Any, anonymous: Any
) -> None:
    s3 = root("s3")
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    assert anonymous.get_object(Bucket=bucket, Key="key")["Body"].read() == b"content"
    block(s3, bucket, RestrictPublicBuckets=True)
    code, message = refusal(anonymous.get_object, Bucket=bucket, Key="key")
    assert (code, "by the RestrictPublicBuckets setting" in message) == ("AccessDenied", True)
    assert make_user().client("s3").get_object(Bucket=bucket, Key="key")
    s3.delete_public_access_block(Bucket=bucket)
    assert anonymous.get_object(Bucket=bucket, Key="key")


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("put_bucket_acl", {"ACL": "public-read"}),
        ("put_bucket_acl", {"GrantRead": f"uri={ALL_USERS}"}),
        ("put_object_acl", {"Key": "key", "ACL": "authenticated-read"}),
        ("put_object", {"Key": "key", "ACL": "public-read-write"}),
        ("copy_object", {"Key": "copy", "ACL": "public-read"}),
        ("create_multipart_upload", {"Key": "key", "ACL": "public-read"}),
    ],
)
def test_public_acls_are_refused(
    root: Any, make_user: Any, bucket: str, refusal: Any, operation: str, request_: dict[str, Any]
) -> None:
    s3 = root("s3")
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    request = {"Bucket": bucket, **request_}
    if operation == "copy_object":
        request["CopySource"] = f"{bucket}/key"
    block(s3, bucket, BlockPublicAcls=True)
    user = make_user({"Action": "s3:*", "Resource": "*"}).client("s3")
    for client in (s3, user):
        code, message = refusal(getattr(client, operation), **request)
        assert (code, "by the BlockPublicAcls setting" in message) == ("AccessDenied", True), message
    block(s3, bucket, BlockPublicAcls=False)
    getattr(user, operation)(**request)


def page(localstack: Any, bucket: str, path: str) -> tuple[int, bytes]:
    """Return status and body of a page of a bucket's website."""
    address = urlsplit(localstack.endpoint_url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    connection.request("GET", path, headers={"Host": f"{bucket}.s3-website.localhost.localstack.cloud:{address.port}"})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_a_website_has_what_everybody_may_read(localstack: Any, root: Any, make_user: Any, bucket: str) -> None:
    s3 = root("s3")
    make_user({"Action": "s3:PutBucketWebsite", "Resource": "*"}).client("s3").put_bucket_website(
        Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "key"}}
    )
    for path in ("/key", "/missing"):
        status, body = page(localstack, bucket, path)
        assert (status, b"content" in body) == (403, False)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    assert page(localstack, bucket, "/key") == (200, b"content")
    assert page(localstack, bucket, "/missing") == (404, b"content")
    block(s3, bucket, RestrictPublicBuckets=True)
    assert page(localstack, bucket, "/key")[0] == 403
