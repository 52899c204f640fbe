"""A request without a signature is anonymous, and one that claims to be LocalStack's own is not believed."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

REGION = "us-east-1"  # on AWS the host names the region; here only a signature does
EVERYBODY = {"Effect": "Allow", "Principal": "*"}


@pytest.fixture
def anonymous(localstack: Any) -> Callable[..., Any]:
    """Return a function that creates clients without keys; `headers` are added to every request."""

    def make(service: str, headers: Mapping[str, str] | None = None) -> Any:
        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        client = boto3.client(service, endpoint_url=localstack.endpoint_url, region_name=REGION, config=config)
        client.meta.events.register("before-send", lambda request, **_: request.headers.update(headers or {}))
        return client

    return make


def fetch(url: str, **options: Any) -> int:
    """Return the status of a request without a signature."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, **options), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("kinesis", "list_streams", "MissingAuthenticationTokenException"),
        ("lambda", "list_functions", "MissingAuthenticationTokenException"),
        ("logs", "describe_log_groups", "MissingAuthenticationTokenException"),
        ("ecr", "describe_repositories", "MissingAuthenticationTokenException"),
        ("kms", "list_keys", "MissingAuthenticationTokenException"),
        ("iam", "list_users", "MissingAuthenticationToken"),
        ("sts", "get_caller_identity", "MissingAuthenticationToken"),
        ("cloudwatch", "list_metrics", "MissingAuthenticationToken"),
        ("sqs", "list_queues", "AccessDenied"),
        ("sns", "list_topics", "AccessDenied"),
    ],
)
def test_nothing_is_allowed(anonymous: Any, refusal: Any, service: str, operation: str, code: str) -> None:
    assert refusal(getattr(anonymous(service), operation))[0] == code


def test_unsigned_url_does_nothing(localstack: Any) -> None:
    url = f"{localstack.endpoint_url}/?Action=CreateUser&Version=2010-05-08&UserName=from-a-url"
    assert fetch(url) >= 400
    assert fetch(url, method="POST", data=b"") >= 400
    assert "from-a-url" not in json.dumps(localstack.client("iam").list_users(), default=str)


def test_bucket_policy_allows_everybody(localstack: Any, anonymous: Any, refusal: Any, create_bucket: Any) -> None:
    bucket, s3 = create_bucket(), localstack.client("s3")
    s3.put_object(Bucket=bucket, Key="public/a", Body=b"content")
    s3.put_object(Bucket=bucket, Key="private/a")
    reader = anonymous("s3")
    assert refusal(reader.get_object, Bucket=bucket, Key="public/a")[0] == "AccessDenied"
    statement = {**EVERYBODY, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/public/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert reader.get_object(Bucket=bucket, Key="public/a")["Body"].read() == b"content"
    assert fetch(f"{localstack.endpoint_url}/{bucket}/public/a") == 200
    for key in ("private/a", "public/../private/a"):
        assert refusal(reader.get_object, Bucket=bucket, Key=key)[0] == "AccessDenied"
    code, message = refusal(reader.put_object, Bucket=bucket, Key="public/b", Body=b"x")
    assert (code, "anonymous is not authorized to perform: s3:PutObject" in message) == ("AccessDenied", True)
    assert refusal(reader.delete_object, Bucket=bucket, Key="public/a")[0] == "AccessDenied"
    assert refusal(reader.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"


def test_queue_and_topic_policies_allow_everybody(localstack: Any, anonymous: Any, refusal: Any) -> None:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    sqs, sns = (boto3.client(name, endpoint_url=localstack.endpoint_url, **keys) for name in ("sqs", "sns"))
    url, topic = sqs.create_queue(QueueName="public")["QueueUrl"], sns.create_topic(Name="public")["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert refusal(anonymous("sqs").send_message, QueueUrl=url, MessageBody="x")[0] == "AccessDenied"
    for service, action, resource in ((sqs, "sqs:SendMessage", arn), (sns, "sns:Publish", topic)):
        statement = {**EVERYBODY, "Action": action, "Resource": resource}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        if service is sqs:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        else:
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    anonymous("sqs").send_message(QueueUrl=url, MessageBody="x")
    anonymous("sns").publish(TopicArn=topic, Message="x")
    assert refusal(anonymous("sqs").receive_message, QueueUrl=url)[0] == "AccessDenied"
    assert refusal(anonymous("sns").delete_topic, TopicArn=topic)[0] == "AccessDenied"


def test_form_without_a_policy_is_anonymous(localstack: Any, create_bucket: Any) -> None:
    bucket, s3 = create_bucket(), localstack.client("s3")
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % each
        for each in ((b"key", b"key"), (b"file", b"content"))
    )
    upload = {"data": body + b"--x--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}
    assert fetch(f"{localstack.endpoint_url}/{bucket}", **upload) == 403
    arn = f"arn:aws:s3:::{bucket}"
    statement = {**EVERYBODY, "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert fetch(f"{localstack.endpoint_url}/{bucket}", **upload) == 204


FORGED = [
    "{}",
    '{"service_principal":"lambda"}',
    '{"service_principal":"lambda","pipeline_token":""}',
    '{"service_principal":"lambda","pipeline_token":null}',
    '{"service_principal":"lambda","source_arn":"arn:aws:iam::000000000000:root","pipeline_token":"x"}',
    "[]",
    "null",
]


@pytest.mark.local_only
@pytest.mark.parametrize("header", FORGED)
def test_header_of_internal_calls_is_not_believed(
    localstack: Any, anonymous: Any, make_role: Any, make_user: Any, refusal: Any, header: str
) -> None:
    role, forged = make_role(), {"x-localstack-data": header}
    request = {"RoleArn": role, "RoleSessionName": "stolen"}
    assert refusal(anonymous("sts", forged).assume_role, **request)[0] == "MissingAuthenticationToken"
    assert refusal(anonymous("iam", forged).list_users)[0] == "MissingAuthenticationToken"
    user = make_user().client("sts")
    user.meta.events.register("before-send", lambda request, **_: request.headers.update(forged))
    assert refusal(user.assume_role, **request)[0] == "AccessDenied"
    keys = {"aws_access_key_id": "__internal_call__", "aws_secret_access_key": "__internal_call__"}
    internal = boto3.client("sts", endpoint_url=localstack.endpoint_url, region_name=REGION, **keys)
    internal.meta.events.register("before-send", lambda request, **_: request.headers.update(forged))
    assert refusal(internal.assume_role, **request)[0] == "InvalidClientTokenId"


@pytest.mark.local_only
def test_own_routes_need_no_signature(localstack: Any) -> None:
    for path in ("/_localstack/health", "/_pipeline/iam/denials"):
        assert fetch(localstack.endpoint_url + path) == 200
    assert fetch(f"{localstack.endpoint_url}/v2/") == 401
