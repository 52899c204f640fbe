"""A function's LoggingConfig: JSON, levels, and a log group of its own.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from pipeline_emulator.lambda_runtime.log_levels import LEVELS, LogSettings

pytestmark = pytest.mark.local_only

LOGGER = """
    import json, logging
    log = logging.getLogger()
    log.setLevel(logging.DEBUG)

    def handler(event, context):
        log.debug("debugged")
        log.info("informed")
        log.warning("warned of %s", event, extra={"store": 7})
        print("plain")
        time = {"timestamp": "2026-11-30T00:00:00.000Z"}
        print(json.dumps({"level": "info", "message": "printed info"} | time))
        print(json.dumps({"level": "error", "message": "printed error"} | time))
        return context.aws_request_id
"""


def lines(localstack: Any, group: str) -> list[str]:
    """The messages of a log group."""
    logs = localstack.client("logs")
    try:
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]


@pytest.mark.variants
@pytest.mark.parametrize(
    ("application", "system", "own", "types"),
    [
        ("WARN", "INFO", {"warned of 7", "printed error"}, {"platform.start", "platform.report"}),
        ("INFO", "WARN", {"informed", "warned of 7", "printed info", "printed error"}, set()),
        (
            "TRACE",
            "DEBUG",
            {"debugged", "informed", "warned of 7", "printed info", "printed error"},
            {"platform.initStart", "platform.start", "platform.runtimeDone", "platform.report"},
        ),
    ],
)
def test_levels_and_group_are_those_of_the_logging_config(
    localstack: Any, create_function: Callable[..., Any], eventually: Callable[..., Any],
    application: str, system: str, own: set[str], types: set[str],
) -> None:  # fmt: skip
    group = f"/own/{uuid.uuid4().hex[:8]}"
    config = {"LogFormat": "JSON", "ApplicationLogLevel": application, "SystemLogLevel": system, "LogGroup": group}
    function = create_function(LOGGER, LoggingConfig=config)
    assert function.configuration()["LoggingConfig"] == config
    request = function.invoke(7).payload
    expected = len(own) + len(types) + 1  # "plain"
    found = eventually(lambda: len(all_ := lines(localstack, group)) >= expected and all_, "the log is delivered")
    documents = [json.loads(line) for line in found if line.startswith("{")]
    assert {each["message"] for each in documents if "message" in each} == own
    assert {each["type"] for each in documents if "type" in each} == types
    assert "plain\n" in found
    (warning,) = [each for each in documents if each.get("message") == "warned of 7"]
    assert (warning["level"], warning["requestId"], warning["store"]) == ("WARNING", request, 7)
    for each in documents:
        if each.get("type") in ("platform.start", "platform.report", "platform.runtimeDone"):
            assert each["record"]["requestId"] == request
    streams = localstack.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert all(f"/{function.name}[$LATEST]" in stream["logStreamName"] for stream in streams)
    assert function.log_events() == []


def test_a_failed_invocation_is_reported_with_its_status(
    localstack: Any, create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    config = {"LogFormat": "JSON", "SystemLogLevel": "WARN"}
    function = create_function("import os\ndef handler(event, context):\n    os._exit(3)\n", LoggingConfig=config)
    assert function.invoke().error
    group = f"/aws/lambda/{function.name}"
    found = eventually(lambda: len(all_ := lines(localstack, group)) >= 2 and all_, "the log is delivered")
    records = {(each := json.loads(line))["type"]: each["record"] for line in found}
    for kind in ("platform.runtimeDone", "platform.report"):
        assert (records[kind]["status"], records[kind]["errorType"]) == ("error", "Runtime.ExitError")
    assert records["platform.report"]["metrics"]["memorySizeMB"] == 256


TIME = '"timestamp": "2026-11-30T00:00:00Z"'


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("text\n", True),
        (f'{{"level": "INFO", {TIME}}}', False),
        (f'{{"level": "warning", {TIME}}}', True),
        (f'{{"level": "critical", {TIME}}}', True),
        ('{"message": 1}', False),
        (f'{{"level": 7, {TIME}}}', False),
        ("{no JSON", True),
    ],
)
def test_a_printed_line_has_the_level_that_its_json_says(line: str, kept: bool) -> None:
    assert LogSettings(is_json=True, application=4).keeps_line(line) is kept
    assert LogSettings().keeps_line(line)


@pytest.mark.parametrize(
    ("time", "valid"),
    [
        ({"timestamp": "2026-11-30T00:00:00Z"}, True),
        ({"time": "2026-11-30T00:00:00.123456789+05:30"}, True),
        ({"@timestamp": "2026-11-30t23:59:59.1z"}, True),
        ({"time": None, "@timestamp": "2026-11-30T00:00:00-00:00"}, True),
        ({}, False),
        ({"timestamp": "2026-11-30 00:00:00,123+0000"}, False),
        ({"timestamp": "2026-11-30T00:00:00"}, False),
        ({"timestamp": "2026-11-30T00:00:00+0000"}, False),
        ({"timestamp": "2026-02-30T00:00:00Z"}, False),
        ({"timestamp": "2026-11-30"}, False),
        ({"timestamp": 1796000000}, False),
        ({"date": "2026-11-30T00:00:00Z"}, False),
    ],
)
def test_a_level_counts_beside_a_valid_time(time: dict[str, Any], valid: bool) -> None:
    """Any other JSON has the level INFO.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    error, debug = (json.dumps({"level": level} | time) for level in ("ERROR", "DEBUG"))
    assert LogSettings(is_json=True, application=LEVELS["ERROR"]).keeps_line(error) is valid
    assert LogSettings(is_json=True, application=LEVELS["INFO"]).keeps_line(debug) is not valid


def test_the_tail_begins_lambdas_lines_on_lines_of_their_own(create_function: Callable[..., Any]) -> None:
    function = create_function("import sys\ndef handler(event, context):\n    sys.stdout.write('no end')\n")
    assert "no end\nEND RequestId: " in function.invoke().log
