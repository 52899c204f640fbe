"""moto reads the HTTP request once more: what it finds must be what core found and IAM judged."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

REGION = "ap-south-1"
type Call = Callable[..., tuple[int, str]]


@pytest.fixture
def groups(root: Any) -> tuple[str, str]:
    """Two log groups with one event each; the test's user may use the first."""
    logs, names = root("logs"), [f"{kind}-{uuid.uuid4().hex[:8]}" for kind in ("own", "secret")]
    for name in names:
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        event = {"timestamp": int(time.time() * 1000), "message": f"event of {name}"}
        logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])
    return names[0], names[1]


@pytest.fixture
def call(localstack: Any, make_user: Any, groups: tuple[str, str]) -> Call:
    """Return a function that sends a JSON request of the user."""
    resource = [f"arn:aws:logs:{REGION}:000000000000:log-group:{groups[0]}:*"]
    user = make_user({"Action": "logs:*", "Resource": resource}, {"Action": "logs:DescribeQ*", "Resource": "*"})

    def send(
        operation: str, parameters: Mapping[str, Any], query: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        target = {"X-Amz-Target": f"Logs_20140328.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        url, body = f"{localstack.endpoint_url}/{query}", json.dumps(parameters).encode()
        request = AWSRequest("POST", url, headers={**target, **(headers or {})}, data=body)
        SigV4Auth(user.client("sts")._request_signer._credentials, "logs", REGION).add_auth(request)
        ready = request.prepare()
        try:
            sent = urllib.request.Request(ready.url, data=ready.body, headers=dict(ready.headers), method="POST")
            with urllib.request.urlopen(sent, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    return send


def messages(root: Any, group: str) -> list[str]:
    return [each["message"] for each in root("logs").get_log_events(logGroupName=group, logStreamName="s")["events"]]


def test_a_parameter_outside_the_json_reads_no_other_group(call: Call, groups: tuple[str, str]) -> None:
    own, secret = groups
    parameters, named = {"logGroupName": own, "logStreamName": "s"}, f"logGroupName={secret}"
    for query, headers, more in (
        (f"?{named}&logStreamName=s", {}, {}),
        ("", {"logGroupName": secret}, {}),
        ("", {}, {"nextToken": f"&{named}&logStreamName=s&"}),
    ):
        _, body = call("GetLogEvents", {**parameters, **more}, query, headers)
        assert f"event of {secret}" not in body
    assert f"event of {own}" in call("GetLogEvents", parameters, f"?{named}")[1]


def test_an_action_outside_the_target_does_nothing(call: Call, groups: tuple[str, str], root: Any) -> None:
    _, secret = groups
    attack = f"Action=DeleteLogGroup&logGroupName={secret}"
    for query, headers, more in (
        (f"?{attack}", {}, {}),
        ("", {"Action": "DeleteLogGroup", "logGroupName": secret}, {"logGroupName": secret}),
        ("", {}, {"logGroupName": f"&{attack}&"}),
    ):
        call("DescribeQueries", more, query, headers)
        assert messages(root, secret) == [f"event of {secret}"]


def test_a_message_that_looks_like_a_query_stays_in_its_group(call: Call, groups: tuple[str, str], root: Any) -> None:
    own, secret = groups
    message = f"a&logGroupName={secret}&logStreamName=s&b=c"
    event = {"timestamp": int(time.time() * 1000), "message": message}
    assert call("PutLogEvents", {"logGroupName": own, "logStreamName": "s", "logEvents": [event]})[0] == 200
    assert message in messages(root, own)
    assert messages(root, secret) == [f"event of {secret}"]
