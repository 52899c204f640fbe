"""Requests to Lambda and CloudWatch Logs that their models refuse, and core accepted.

https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html have the constraints.
"""

import re
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


CONFIGURATION = [
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
LOG_GROUPS = [
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
