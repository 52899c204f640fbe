"""Account and region of a request are those of the credential that signs it, wherever the signature is."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

ACCOUNT, OTHER, REGION, ELSEWHERE = "000000000000", "111111111111", "ap-south-1", "eu-west-1"
ROOT, OTHER_ROOT = Credentials("test", "test"), Credentials(OTHER, "any")
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
type Query = Callable[..., tuple[int, str]]


def fetched(request: AWSRequest, **headers: str) -> tuple[int, str]:
    """Send a signed request, with further headers that are not signed."""
    ready = request.prepare()
    sent = urllib.request.Request(
        ready.url, data=ready.body, headers={**dict(ready.headers), **headers}, method=request.method
    )
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def presigned(localstack: Any) -> Query:
    """Return a function that sends a presigned request to a service with the query protocol."""

    def send(service: str, who: Credentials, version: str, region: str = REGION, **parameters: str) -> tuple[int, str]:
        query = urlencode({**parameters, "Version": version})
        request = AWSRequest("GET", f"{localstack.endpoint_url}/?{query}")
        SigV4QueryAuth(who, service, region, expires=60).add_auth(request)
        return fetched(request)

    return send


def client(localstack: Any, service: str, key: str = "test", region: str = REGION) -> Any:
    """A client of a root user, in any account and region."""
    return boto3.client(
        service,
        endpoint_url=localstack.endpoint_url, region_name=region, aws_access_key_id=key, aws_secret_access_key="any",
    )  # fmt: skip


def of(identity: Any) -> Credentials:
    found: Credentials = identity.client("sts")._request_signer._credentials
    return found


def test_another_accounts_root_user_does_not_become_this_ones(presigned: Query, root: Any, make_user: Any) -> None:
    name = make_user().arn.rpartition("/")[2]
    for action in ("GetUser", "CreateAccessKey", "DeleteUser"):
        status, text = presigned("iam", OTHER_ROOT, "2010-05-08", Action=action, UserName=name)
        assert (status, "NoSuchEntity" in text) == (404, True), text
    assert presigned("iam", ROOT, "2010-05-08", Action="GetUser", UserName=name)[0] == 200
    root("iam").get_user(UserName=name)


def test_a_presigned_request_is_made_in_its_region(presigned: Query, localstack: Any) -> None:
    name = f"q-{uuid.uuid4().hex[:8]}"
    localstack.client("sqs").create_queue(QueueName=name)
    for region, expected in ((REGION, 200), ("us-east-1", 400)):
        status, text = presigned("sqs", ROOT, "2012-11-05", region, Action="GetQueueUrl", QueueName=name)
        assert status == expected, text


def test_a_presigned_request_is_its_users(presigned: Query, make_user: Any, root: Any) -> None:
    user, queue = make_user({"Action": "sqs:GetQueueUrl", "Resource": f"arn:aws:sqs:{REGION}:*"}), "presigned-queue"
    root("sqs").create_queue(QueueName=queue)
    for action, expected in (("GetQueueUrl", 200), ("CreateQueue", 403)):
        status, text = presigned("sqs", of(user), "2012-11-05", Action=action, QueueName=queue)
        assert status == expected, text


def test_the_caller_identity_is_the_signers(presigned: Query, make_user: Any) -> None:
    user = make_user()
    for who, expected in ((of(user), user.arn), (OTHER_ROOT, f"arn:aws:iam::{OTHER}:root")):
        _, text = presigned("sts", who, "2011-06-15", Action="GetCallerIdentity")
        assert ElementTree.fromstring(text).findtext(".//{*}Arn") == expected


def test_a_presigned_request_keeps_the_sessions_transitive_tags(presigned: Query, make_user: Any, root: Any) -> None:
    user = make_user({"Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"})
    arn = role(
        root, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, {"Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}
    )
    session = user.client("sts").assume_role(
        RoleArn=arn, RoleSessionName="first", Tags=[{"Key": "team", "Value": "guest"}], TransitiveTagKeys=["team"]
    )["Credentials"]
    who = Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    tag = {"Tags.member.1.Key": "team", "Tags.member.1.Value": "admin"}
    status, text = presigned(
        "sts", who, "2011-06-15", Action="AssumeRole", RoleArn=arn, RoleSessionName="second", **tag
    )
    assert status in (400, 403), text


def role(root: Any, trusts: Mapping[str, str], *statements: Mapping[str, Any]) -> str:
    """The ARN of a role that also lets sessions be tagged."""
    iam, name = root("iam"), f"role-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": trusts, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    policies = [{"Effect": "Allow", **each} for each in statements]
    arn = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
    )
    iam.put_role_policy(
        RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": policies})
    )
    return str(arn["Role"]["Arn"])


@pytest.fixture
def name(localstack: Any, root: Any) -> str:
    """The name of a repository, and of log groups in two regions, each with an event that names it."""
    name = f"g-{uuid.uuid4().hex[:8]}"
    root("ecr").create_repository(repositoryName=name)
    for region in (REGION, ELSEWHERE):
        logs = client(localstack, "logs", region=region)
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        event = {"timestamp": int(time.time() * 1000), "message": f"from {region}"}
        logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])
    return name


@pytest.fixture
def read(localstack: Any, name: str) -> Query:
    """Return a function that reads the events or the repository, with more in URL and headers than an SDK sends."""
    requests = {
        "logs": ("Logs_20140328.FilterLogEvents", {"logGroupName": name}),
        "ecr": ("AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", {"repositoryNames": [name]}),
    }

    def send(service: str, who: Credentials, query: str = "", **headers: str) -> tuple[int, str]:
        target, parameters = requests[service]
        own = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
        request = AWSRequest(
            "POST", f"{localstack.endpoint_url}/{query}", headers=own, data=json.dumps(parameters).encode()
        )
        SigV4Auth(who, service, REGION).add_auth(request)
        return fetched(request, **headers)

    return send


@pytest.mark.parametrize("header", ["x-moto-account-id", "X-Moto-Account-Id"])
@pytest.mark.parametrize("service", ["logs", "ecr"])
def test_no_header_chooses_the_account(read: Query, service: str, header: str) -> None:
    assert read(service, ROOT)[0] == 200
    assert read(service, ROOT, **{header: OTHER})[0] == 200
    status, text = read(service, OTHER_ROOT, **{header: ACCOUNT})
    assert (status, "NotFoundException" in text) == (400, True)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"User-Agent": f"x region/{ELSEWHERE}"}),
        (f"?x=.{ELSEWHERE}.amazonaws.com", {}),
        (f"?{ELSEWHERE}", {"X-Amz-Region": ELSEWHERE}),
    ],
)
def test_nothing_else_chooses_the_region(read: Query, query: str, headers: dict[str, str]) -> None:
    status, text = read("logs", ROOT, query, **headers)
    assert (status, f"from {REGION}" in text, f"from {ELSEWHERE}" in text) == (200, True, False)


def test_another_accounts_root_user_names_two_targets(root: Any, localstack: Any) -> None:
    topic = root("sns").create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    layer = root("lambda").publish_layer_version(LayerName=f"l-{uuid.uuid4().hex[:8]}", Content={"ZipFile": LAYER})
    sns, functions = client(localstack, "sns", OTHER), client(localstack, "lambda", OTHER)
    own = sns.create_topic(Name="own")["TopicArn"]
    assert sns.publish(TopicArn=own, Message="m")["MessageId"]
    for request in ({"TopicArn": topic, "TargetArn": own}, {"TopicArn": topic, "PhoneNumber": "+4930123456"}):
        with pytest.raises(ClientError) as error:
            sns.publish(Message="m", **request)
        assert error.value.response["Error"]["Code"] in ("AuthorizationError", "AccessDenied", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        functions.list_layer_versions(LayerName=layer["LayerArn"])
    assert functions.list_layer_versions(LayerName="own")["LayerVersions"] == []


LAYER = (
    b"PK\x05\x06" + b"\x00" * 18  # an empty Zip
)


def test_conditions_see_the_client_of_a_queues_url(localstack: Any, make_user: Any, root: Any) -> None:
    url = root("sqs").create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    condition = {"Condition": {"StringLike": {"aws:UserAgent": "good*"}}}
    user = make_user({"Action": "sqs:*", "Resource": "*", **condition})
    for agent, expected in (("good client", 200), ("evil client", 403)):
        for address in (f"{url}?Action=GetQueueAttributes&AttributeName.1=QueueArn",):
            request = AWSRequest("GET", address, headers={"User-Agent": agent})
            SigV4Auth(of(user), "sqs", REGION).add_auth(request)
            status, text = fetched(request, **{"User-Agent": agent})
            assert status == expected, text
