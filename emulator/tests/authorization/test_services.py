"""Every service refuses in its own format, and resource policies count."""

import json
import urllib.error
import urllib.request
import uuid
from typing import Any

import boto3
import pytest
from botocore.config import Config

REQUESTS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("kinesis", "put_record", {"StreamName": "a", "Data": b"", "PartitionKey": "k"}, "kinesis:PutRecord", "Exception"),
    ("lambda", "get_function", {"FunctionName": "a"}, "lambda:GetFunction", "Exception"),
    ("logs", "create_log_group", {"logGroupName": "a"}, "logs:CreateLogGroup", "Exception"),
    ("ecr", "create_repository", {"repositoryName": "aa"}, "ecr:CreateRepository", "Exception"),
    ("s3", "list_buckets", {}, "s3:ListAllMyBuckets", ""),
    ("sqs", "create_queue", {"QueueName": "a"}, "sqs:CreateQueue", ""),
    ("iam", "list_users", {}, "iam:ListUsers", ""),
    ("cloudwatch", "list_metrics", {}, "cloudwatch:ListMetrics", ""),
]


@pytest.mark.parametrize(("service", "operation", "request_", "action", "suffix"), REQUESTS)
def test_the_error_has_the_services_code_and_names_the_action(
    make_user: Any,
    refusal: Any,
    denials: Any,
    service: str,
    operation: str,
    request_: dict[str, Any],
    action: str,
    suffix: str,
) -> None:
    user = make_user()
    code, message = refusal(getattr(user.client(service), operation), **request_)
    assert code == f"AccessDenied{suffix}"
    assert message.startswith(f"User: {user.arn} is not authorized to perform: {action} on resource: ")
    [denial] = denials(user.arn)
    assert (denial["action"], denial["refused"], denial["count"]) == (action, True, 1)
    assert denial["message"] == message


@pytest.fixture
def bucket(root: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    root("s3").put_object(Bucket=name, Key="there", Body=b"content")
    return name


def test_only_a_caller_who_may_list_learns_that_a_copys_source_is_missing(
    make_user: Any, root: Any, bucket: str, refusal: Any
) -> None:
    objects = {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::{bucket}/*"}
    reader = make_user(objects).client("s3")
    lister = make_user(objects, {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}).client("s3")
    upload = root("s3").create_multipart_upload(Bucket=bucket, Key="copy")["UploadId"]
    for operation, more in (("copy_object", {}), ("upload_part_copy", {"UploadId": upload, "PartNumber": 1})):
        request = {"Bucket": bucket, "Key": "copy", "CopySource": f"{bucket}/missing", **more}
        code, message = refusal(getattr(reader, operation), **request)
        assert (code, "s3:ListBucket on resource" in message) == ("AccessDenied", True)
        assert refusal(getattr(lister, operation), **request)[0] == "NoSuchKey"
        assert getattr(reader, operation)(**{**request, "CopySource": f"{bucket}/there"})


REGION_OF = "aws:RequestedRegion"


def test_the_requested_region_of_a_bucket_is_its_own(
    localstack: Any, make_user: Any, bucket: str, refusal: Any
) -> None:
    """A signature for another region does not change it."""
    elsewhere, config = f"bucket-{uuid.uuid4().hex[:8]}", Config(s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-west-1"}
    s3 = boto3.client("s3", endpoint_url=localstack.endpoint_url, config=config, **keys)
    s3.create_bucket(Bucket=elsewhere, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    everything = {"Action": "s3:*", "Resource": "*"}
    only = {**everything, "Effect": "Deny", "Condition": {"StringNotEquals": {REGION_OF: "ap-south-1"}}}
    client = make_user(everything, only).client("s3")
    assert client.list_buckets()["Buckets"]
    client.put_object(Bucket=bucket, Key="k")
    code, message = refusal(client.put_object, Bucket=elsewhere, Key="k")
    assert (code, "with an explicit deny" in message) == ("AccessDenied", True)


def test_the_requested_region_of_iam_is_us_east_1(make_user: Any, refusal: Any) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-requested-region.html."""
    listing = {"Action": "iam:ListUsers", "Resource": "*"}
    allowed = make_user({**listing, "Condition": {"StringEquals": {REGION_OF: "us-east-1"}}}).client("iam")
    assert allowed.list_users()["Users"]
    other = make_user({**listing, "Condition": {"StringEquals": {REGION_OF: "ap-south-1"}}}).client("iam")
    assert refusal(other.list_users)[0] == "AccessDenied"


def test_only_a_caller_who_may_list_learns_that_an_object_is_missing(make_user: Any, bucket: str, refusal: Any) -> None:
    objects = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    reader = make_user(objects).client("s3")
    lister = make_user(objects, {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}).client("s3")
    assert reader.get_object(Bucket=bucket, Key="there")["Body"].read() == b"content"
    code, message = refusal(reader.get_object, Bucket=bucket, Key="missing")
    assert (code, "s3:ListBucket on resource" in message) == ("AccessDenied", True)
    assert refusal(lister.get_object, Bucket=bucket, Key="missing")[0] == "NoSuchKey"


def test_a_bucket_policy_grants_and_denies(make_user: Any, root: Any, bucket: str, refusal: Any) -> None:
    user = make_user()
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": user.arn},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }

    def put(*statements: Any) -> None:
        root("s3").put_bucket_policy(
            Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        )

    put(statement)
    assert user.client("s3").get_object(Bucket=bucket, Key="there")
    put(statement, {**statement, "Effect": "Deny", "Principal": "*"})
    _, message = refusal(user.client("s3").get_object, Bucket=bucket, Key="there")
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_a_presigned_url_has_the_signers_permissions(make_user: Any, bucket: str) -> None:
    def answer(user: Any) -> int:
        url = user.client("s3").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "there"})
        try:
            with urllib.request.urlopen(url, timeout=10) as found:
                return int(found.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert answer(make_user({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"})) == 200
    assert answer(make_user()) == 403


def test_get_records_needs_permission_on_the_iterators_stream(make_user: Any, root: Any, refusal: Any) -> None:
    kinesis, name = root("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    iterator = kinesis.get_shard_iterator(
        StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    arn = f"arn:aws:kinesis:ap-south-1:000000000000:stream/{name}"
    reader = make_user({"Action": "kinesis:GetRecords", "Resource": arn})
    assert reader.client("kinesis").get_records(ShardIterator=iterator)["Records"] == []
    other = make_user({"Action": "kinesis:GetRecords", "Resource": f"{arn}-other"})
    _, message = refusal(other.client("kinesis").get_records, ShardIterator=iterator)
    assert f"kinesis:GetRecords on resource: {arn} because" in message


def test_an_unknown_service_is_refused_with_the_reason(make_user: Any, refusal: Any) -> None:
    _, message = refusal(make_user({"Action": "*", "Resource": "*"}).client("secretsmanager").list_secrets)
    assert "does not know which actions and resources of secretsmanager" in message
