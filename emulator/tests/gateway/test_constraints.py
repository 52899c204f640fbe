"""Requests to Lambda and CloudWatch Logs that their models refuse, and core accepted.

https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html have the constraints.
"""

import base64
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

SOURCE = "def handler(event, context):\n    return 1\n"


def refusal(call: Callable[..., Any], **request: Any) -> tuple[int, str, str]:
    """Return status, code and message of a refused request."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response
    return error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"], error["Error"]["Message"]


CONFIGURATION: list[tuple[dict[str, Any], str]] = [
    ({"Handler": "a b"}, "Value 'a b' at 'handler'"),
    ({"Handler": "a" * 129}, "less than or equal to 128"),
    ({"Description": "x" * 257}, "less than or equal to 256"),
    ({"TracingConfig": {"Mode": "No"}}, "Value 'No' at 'tracingConfig.mode' .* enum value set: \\["),
    ({"KMSKeyArn": "no"}, "Value 'no' at 'kMSKeyArn'"),
    ({"LoggingConfig": {"LogFormat": "XML"}}, "at 'loggingConfig.logFormat'"),
    ({"LoggingConfig": {"LogGroup": "a b"}}, "at 'loggingConfig.logGroup'"),
    # "Keys start with a letter and are at least two characters": configuration-envvars.html
    ({"Environment": {"Variables": {"A": "x"}}}, "Value '{A=x}' at 'environment.variables' .* Map keys must satisfy"),
]
LOG_GROUPS: list[tuple[str, dict[str, Any], str]] = [
    ("create_log_group", {"logGroupName": "a b"}, "Value 'a b' at 'logGroupName' .* regular expression pattern"),
    ("create_log_group", {"logGroupName": "a" * 513}, "less than or equal to 512"),
    ("create_log_stream", {"logStreamName": "a:b"}, "Value 'a:b' at 'logStreamName'"),
    ("describe_log_streams", {"limit": 51}, "Value '51' at 'limit' .* less than or equal to 50"),
    ("put_log_events", {"logStreamName": "a", "logEvents": []}, "greater than or equal to 1"),
    ("filter_log_events", {"filterPattern": "a" * 1025}, "less than or equal to 1024"),
]


def test_functions_have_the_documented_forms(localstack: Any, create_function: Callable[..., Any]) -> None:
    function = create_function(SOURCE)
    client = localstack.client("lambda", parameter_validation=False)
    before = function.configuration()["RevisionId"]
    for request, says in CONFIGURATION:
        status, code, text = refusal(client.update_function_configuration, FunctionName=function.name, **request)
        assert (status, code) == (400, "ValidationException"), request
        assert re.search(says, text), text
    assert function.configuration()["RevisionId"] == before
    for attempts in (-1, 3):
        call = client.put_function_event_invoke_config
        assert refusal(call, FunctionName=function.name, MaximumRetryAttempts=attempts)[1] == "ValidationException"


def test_log_groups_have_the_documented_forms(localstack: Any) -> None:
    client = localstack.client("logs", parameter_validation=False)
    for operation, request, says in LOG_GROUPS:
        status, code, text = refusal(getattr(client, operation), **{"logGroupName": "/constraints", **request})
        assert (status, code) == (400, "InvalidParameterException"), (operation, request)
        assert re.search(says, text), text


def test_a_resource_policy_has_a_name_and_a_document(localstack: Any) -> None:
    client = localstack.client("logs")
    for request in ({}, {"policyName": "a"}, {"policyDocument": "{}"}, {"resourceArn": "a", "policyDocument": "{}"}):
        assert refusal(client.put_resource_policy, **request)[:2] == (400, "InvalidParameterException"), request
    assert all(each["policyName"] for each in client.describe_resource_policies()["resourcePolicies"])


def test_an_identifier_of_a_log_group_has_no_asterisk(localstack: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html"""
    identifier = "arn:aws:logs:ap-south-1:000000000000:log-group:any:*"
    with pytest.raises(ClientError, match=r"at 'logGroupIdentifier' failed to satisfy constraint"):
        localstack.client("logs").get_log_events(logGroupIdentifier=identifier, logStreamName="s")


def test_invocations_get_json(localstack: Any, create_function: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: payload and client context."""
    function, client = create_function(SOURCE), localstack.client("lambda")
    for kind in ("RequestResponse", "Event"):
        request = {"FunctionName": function.name, "InvocationType": kind, "Payload": b"{no"}
        status, code, text = refusal(client.invoke, **request)
        assert (status, code) == (400, "InvalidRequestContentException")
        assert text.startswith("Could not parse request body into json: Could not parse payload into json: ")
    for context in ("no base64!", "WzFd"):  # a list
        status, code, text = refusal(client.invoke, FunctionName=function.name, ClientContext=context)
        assert (status, code) == (400, "InvalidRequestContentException")
        assert text == "Client context must be a valid Base64-encoded JSON object."
    long = base64.b64encode(json.dumps({"a": "x" * 2680}).encode()).decode()
    assert len(long) == 3588
    status, code, text = refusal(client.invoke, FunctionName=function.name, ClientContext=long)
    assert (status, code, text) == (
        400, "InvalidRequestContentException", "Client context must not be longer than 3583 bytes."
    )  # fmt: skip
    for payload in (b"", b"1", b'"text"', b"null", b'{"a": [1.5e3]}'):
        assert client.invoke(FunctionName=function.name, Payload=payload)["Payload"].read() == b"1"


def test_functions_need_code_and_tags_of_their_own(localstack: Any, create_function: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html; configuration_rules.py has the sources."""
    client = localstack.client("lambda")
    with pytest.raises(ClientError, match="reserved prefix aws:"):
        create_function(SOURCE, Tags={"aws:a": "b"})
    # https://github.com/cloud-custodian/cloud-custodian/issues/2520
    says = r"Value '{owner=a,b}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: "
    with pytest.raises(ClientError, match=says) as refused:
        create_function(SOURCE, Tags={"owner": "a,b"})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    function = create_function(SOURCE)
    arn = function.configuration()["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"Équipe": "données_. :/=+-@" + 240 * "7"})
    assert refusal(client.tag_resource, Resource=arn, Tags={"long": 257 * "7"})[1] == "ValidationException"
    name = {"FunctionName": function.name}
    assert refusal(client.update_function_code, **name) == (
        400,
        "InvalidParameterValueException",
        "Please provide a source for function code.",
    )
    text = {"LogFormat": "Text", "SystemLogLevel": "INFO"}
    assert "LogLevel is not supported" in refusal(client.update_function_configuration, LoggingConfig=text, **name)[2]


def test_batches_of_log_events_span_a_day_at_most(localstack: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html"""
    client, name = localstack.client("logs"), f"/constraints/{uuid.uuid4().hex[:8]}"
    client.create_log_group(logGroupName=name)
    client.create_log_stream(logGroupName=name, logStreamName="one")
    assert refusal(client.create_log_stream, logGroupName=name, logStreamName="one")[1:] == (
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
    )
    now = int(time.time() * 1000)
    for span, accepted in ((24 * 3600 * 1000, True), (24 * 3600 * 1000 + 1, False)):
        events = [{"timestamp": now - span, "message": "a"}, {"timestamp": now, "message": "b"}]
        request = {"logGroupName": name, "logStreamName": "one", "logEvents": events}
        if accepted:
            client.put_log_events(**request)
        else:
            assert "cannot span more than 24 hours" in refusal(client.put_log_events, **request)[2]
