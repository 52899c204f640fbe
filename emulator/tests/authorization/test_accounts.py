"""Another account's root user may do what a resource's policy allows its account, and nothing else.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import http.client
import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only
ACCOUNT, OTHER, REGION = "000000000000", "111111111111", "ap-south-1"
SOURCE = "def handler(event, context):\n    return 1\n"
DENIED = {"AccessDenied", "AccessDeniedException", "KMSAccessDeniedException", "403"}


@pytest.fixture(scope="module")
def other(localstack: Any) -> Callable[[str], Any]:
    """Return a function that creates clients of the other account's root user."""
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": OTHER, "aws_secret_access_key": "any", "region_name": REGION}
    return lambda service: boto3.client(service, endpoint_url=localstack.endpoint_url, config=config, **keys)


@pytest.fixture
def names(root: Any, create_function: Any) -> dict[str, str]:
    """Resources of the first account, by kind."""
    name = f"r-{uuid.uuid4().hex[:8]}"
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    root("s3").put_object(Bucket=name, Key="key", Body=b"secret")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = root("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    root("kinesis").create_stream(StreamName=name, ShardCount=1)
    root("kinesis").get_waiter("stream_exists").wait(StreamName=name)
    root("logs").create_log_group(logGroupName=name)
    root("ecr").create_repository(repositoryName=name)
    return {
        "name": name,
        "queue": root("sqs").create_queue(QueueName=name)["QueueUrl"],
        "topic": root("sns").create_topic(Name=name)["TopicArn"],
        "function": create_function(SOURCE).arn,
        "role": role,
        "stream": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}",
        "group": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}",
        "key": root("kms").create_key()["KeyMetadata"]["Arn"],
        "policy": root("iam").create_policy(PolicyName=name, PolicyDocument=policy(EVERYTHING))["Policy"]["Arn"],
    }


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


CODE = {"Runtime": "python3.13", "Handler": "h.handler", "Code": {"ZipFile": b"PK"}}
# Service, operation, and request with the names above.
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "get_object", {"Bucket": "{name}", "Key": "key"}),
    ("s3", "put_object", {"Bucket": "{name}", "Key": "other", "Body": b""}),
    ("s3", "delete_objects", {"Bucket": "{name}", "Delete": {"Objects": [{"Key": "key"}]}}),
    ("s3", "list_objects_v2", {"Bucket": "{name}"}),
    ("s3", "head_bucket", {"Bucket": "{name}"}),
    ("s3", "put_bucket_policy", {"Bucket": "{name}", "Policy": policy(EVERYTHING)}),
    ("s3", "copy_object", {"Bucket": "{name}", "Key": "copy", "CopySource": "{name}/key"}),
    ("sqs", "receive_message", {"QueueUrl": "{queue}"}),
    ("sqs", "send_message", {"QueueUrl": "{queue}", "MessageBody": "m"}),
    ("sqs", "get_queue_attributes", {"QueueUrl": "{queue}", "AttributeNames": ["All"]}),
    ("sqs", "get_queue_url", {"QueueName": "{name}", "QueueOwnerAWSAccountId": ACCOUNT}),
    ("sqs", "delete_queue", {"QueueUrl": "{queue}"}),
    ("sns", "publish", {"TopicArn": "{topic}", "Message": "m"}),
    ("sns", "subscribe", {"TopicArn": "{topic}", "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{REGION}:{OTHER}:q"}),
    ("sns", "set_topic_attributes", {"TopicArn": "{topic}", "AttributeName": "DisplayName", "AttributeValue": "x"}),
    ("lambda", "invoke", {"FunctionName": "{function}"}),
    ("lambda", "get_function", {"FunctionName": "{function}"}),
    ("lambda", "delete_function", {"FunctionName": "{function}"}),
    ("lambda", "create_function", {"FunctionName": "{name}", "Role": "{role}", **CODE}),
    ("lambda", "list_tags", {"Resource": "{function}"}),
    ("ecr", "describe_images", {"registryId": ACCOUNT, "repositoryName": "{name}"}),
    ("ecr", "delete_repository", {"registryId": ACCOUNT, "repositoryName": "{name}"}),
    ("logs", "filter_log_events", {"logGroupIdentifier": "{group}"}),
    ("logs", "tag_resource", {"resourceArn": "{group}", "tags": {"a": "b"}}),
    ("kms", "encrypt", {"KeyId": "{key}", "Plaintext": b"x"}),
    ("kms", "describe_key", {"KeyId": "{key}"}),
    ("kms", "schedule_key_deletion", {"KeyId": "{key}"}),
    ("kinesis", "put_record", {"StreamARN": "{stream}", "Data": b"x", "PartitionKey": "k"}),
    ("kinesis", "delete_stream", {"StreamARN": "{stream}"}),
    ("iam", "create_policy_version", {"PolicyArn": "{policy}", "PolicyDocument": policy(EVERYTHING)}),
    ("iam", "delete_policy", {"PolicyArn": "{policy}"}),
    ("sts", "assume_role", {"RoleArn": "{role}", "RoleSessionName": "session"}),
]


def filled(value: Any, names: dict[str, str]) -> Any:
    """Return a request with the names of resources."""
    if isinstance(value, dict):
        return {key: filled(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, names) for each in value]
    found = names.get(value[1:-1]) if isinstance(value, str) and value.startswith("{") else None
    return found or (value.replace("{name}", names["name"]) if isinstance(value, str) else value)


def test_another_accounts_root_user_reaches_no_resource(other: Any, names: dict[str, str]) -> None:
    served: list[tuple[str, ...]] = []
    for service, operation, request in REQUESTS:
        try:
            getattr(other(service), operation)(**filled(request, names))
            served.append((service, operation))
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED:
                served.append((service, operation, str(error)))
    assert served == []


def test_a_resource_policy_lets_another_account_in(other: Any, root: Any, names: dict[str, str]) -> None:
    name, queue = names["name"], names["queue"]
    allow = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}}
    objects = {**allow, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    root("s3").put_bucket_policy(Bucket=name, Policy=policy(objects))
    sending = {**allow, "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"}
    root("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy(sending)})
    root("lambda").add_permission(
        FunctionName=names["function"], StatementId="other", Action="lambda:InvokeFunction", Principal=OTHER
    )
    assert other("s3").get_object(Bucket=name, Key="key")["Body"].read() == b"secret"
    assert other("sqs").send_message(QueueUrl=queue, MessageBody="m")["MessageId"]
    assert json.load(other("lambda").invoke(FunctionName=names["function"])["Payload"]) == 1
    with pytest.raises(ClientError, match="s3:PutObject"):
        other("s3").put_object(Bucket=name, Key="key", Body=b"changed")


def test_another_accounts_key_encrypts_only_for_whom_it_allows(other: Any, root: Any, names: dict[str, str]) -> None:
    bucket = f"own-{names['name']}"
    other("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    request = {
        "Bucket": bucket,
        "Key": "k",
        "Body": b"",
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": names["key"],
    }
    with pytest.raises(ClientError, match="kms:GenerateDataKey"):
        other("s3").put_object(**request)
    statement = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    allow = [{**statement, "Principal": {"AWS": account}} for account in (ACCOUNT, OTHER)]
    root("kms").put_key_policy(KeyId=names["key"], PolicyName="default", Policy=policy(*allow))
    assert other("s3").put_object(**request)["ETag"]


@pytest.mark.parametrize("service", ["sns", "sqs"])
def test_the_key_of_another_accounts_topic_or_queue_is_asked_for(
    other: Any, root: Any, refusal: Any, names: dict[str, str], service: str
) -> None:
    """The key that a topic or queue names by its identifier is one of its own account."""
    key, topic, queue = names["key"].rpartition("/")[2], names["topic"], names["queue"]
    anybody = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Resource": "*"}
    if service == "sns":
        allowed = policy({**anybody, "Action": "sns:Publish", "Resource": topic})
        for name, value in (("Policy", allowed), ("KmsMasterKeyId", key)):
            root("sns").set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
        send, request = other("sns").publish, {"TopicArn": topic, "Message": "m"}
    else:
        allowed = policy({**anybody, "Action": "sqs:SendMessage"})
        root("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": allowed, "KmsMasterKeyId": key})
        send, request = other("sqs").send_message, {"QueueUrl": queue, "MessageBody": "m"}
    code, message = refusal(send, **request)
    assert ("AccessDenied" in code, "kms:GenerateDataKey" in message) == (True, True)
    own = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
    using = {**anybody, "Action": ["kms:GenerateDataKey", "kms:Decrypt"]}
    root("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy(own, using))
    assert send(**request)["MessageId"]


def test_the_name_of_another_accounts_bucket_is_taken(other: Any, names: dict[str, str]) -> None:
    request = {"Bucket": names["name"], "CreateBucketConfiguration": {"LocationConstraint": REGION}}
    with pytest.raises(ClientError, match="BucketAlreadyExists"):
        other("s3").create_bucket(**request)


def test_managed_policies_of_aws_belong_to_every_account(other: Any, make_user: Any) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    user = make_user({"Action": "iam:GetPolicy", "Resource": "*"})
    for client in (other("iam"), user.client("iam")):
        assert client.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


@pytest.mark.parametrize("tag", ["_custom_id_", "_custom_key_material_"])
def test_only_the_root_user_chooses_identifiers(make_user: Any, root: Any, refusal: Any, tag: str) -> None:
    """LocalStack takes them from tags: a key with another's identifier would take its place."""
    user, key = make_user(EVERYTHING), root("kms").create_key()["KeyMetadata"]["KeyId"]
    for service, operation, request in (
        ("kms", "create_key", {"Tags": [{"TagKey": tag, "TagValue": key}]}),
        ("iam", "create_user", {"UserName": f"u{key[:8]}", "Tags": [{"Key": tag, "Value": "AIDAANOTHERS"}]}),
    ):
        assert "only the root user" in refusal(getattr(user.client(service), operation), **request)[1]
    assert root("kms").create_key(Tags=[{"TagKey": "_custom_id_", "TagValue": str(uuid.uuid4())}])


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_form_is_of_the_account_that_signs_it(
    localstack: Any, other: Any, names: dict[str, str], version: str
) -> None:
    """The key is in the form alone."""
    own, found = f"own-{names['name']}", []
    other("s3").create_bucket(Bucket=own, CreateBucketConfiguration={"LocationConstraint": REGION})
    for account, bucket in ((OTHER, names["name"]), (ACCOUNT, names["name"]), (OTHER, own)):
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "any", "region_name": REGION}
        config = Config(signature_version=version, s3={"addressing_style": "path"})
        s3 = boto3.client("s3", endpoint_url=localstack.endpoint_url, config=config, **keys)
        post = s3.generate_presigned_post(bucket, "form")
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in post["fields"].items()
        ]
        parts.append('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n')
        connection = http.client.HTTPConnection(urlsplit(localstack.endpoint_url).netloc, timeout=60)
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        connection.request("POST", f"/{bucket}", "".join(parts).encode(), headers)
        found.append(connection.getresponse().status)
        connection.close()
    assert found == [403, 204, 204]


@pytest.mark.parametrize("presigned", [False, True])
def test_addresses_outside_the_services_keep_another_account_out(
    localstack: Any, root: Any, names: dict[str, str], presigned: bool
) -> None:
    queue, function = names["queue"], names["function"]
    url = root("lambda").create_function_url_config(FunctionName=function, AuthType="AWS_IAM")["FunctionUrl"]
    listed = f"{localstack.endpoint_url}/_aws/sqs/messages/{REGION}/{ACCOUNT}/{names['name']}"
    for service, address in (("lambda", url), ("sqs", f"{queue}?Action=ReceiveMessage"), ("sqs", listed)):
        assert [status(service, address, account, presigned) for account in (ACCOUNT, OTHER)] == [200, 403], address


def status(service: str, url: str, account: str, presigned: bool) -> int:
    """Return the status of a GET that an account's root user signs."""
    request = AWSRequest("GET", url)
    (SigV4QueryAuth if presigned else SigV4Auth)(Credentials(account, "any"), service, REGION).add_auth(request)
    parts = urlsplit(request.url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
    try:
        headers = {**dict(request.headers.items()), "Host": parts.netloc}
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
