"""The uses of a function's role: each makes the pipeline use it and reports the outcome."""

from __future__ import annotations

import json
from collections.abc import Callable

from botocore.exceptions import ClientError

from harness import events, failed, streams
from harness.machine.waiting import poll
from harness.stack import live
from harness.stack.clients import Clients
from harness.stack.state import Stack

DEADLINE = 90.0
INVALID = b"\xff is not UTF-8"

type Use = Callable[[Stack, Callable[[], bool]], str]
"""Takes a stack and a function that says whether to stop waiting; returns the failure, or an empty text."""


def make_the_mapping(stack: Stack, _refused: Callable[[], bool]) -> str:
    """Sets the mapping's failure destination again: Lambda then checks what the mapping needs."""
    client, uuid = Clients(stack).functions, stack.outputs["event_source_mapping_id"]
    destination = client.get_event_source_mapping(UUID=uuid)["DestinationConfig"]
    try:
        client.update_event_source_mapping(UUID=uuid, DestinationConfig=destination)
    except ClientError as error:
        return f"the mapping is refused ({error.response['Error']['Code']})"
    poll(lambda: client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled", "the mapping", deadline=DEADLINE)
    return ""


def configure_the_function(stack: Stack, _refused: Callable[[], bool]) -> str:
    """Turns tracing on again: Lambda then checks that the role may write traces."""
    client, name = Clients(stack).functions, stack.outputs["lambda_function"]
    try:
        client.update_function_configuration(FunctionName=name, TracingConfig={"Mode": "Active"})
    except ClientError as error:
        return f"the function is refused ({error.response['Error']['Code']})"
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=live.WAITING)
    return ""


def start_an_environment(stack: Stack, refused: Callable[[], bool]) -> str:
    """Starts a new version: its environment reads the model and begins a log stream."""
    clients = Clients(stack)
    group = stack.outputs["log_group"]
    with live.changed_function(stack, STARTED_FOR="a permission") as version:
        answer = clients.functions.invoke(FunctionName=stack.outputs["live_alias_arn"], Payload=b'{"Records": []}')
        if answer.get("FunctionError"):
            return f"the function cannot start ({json.loads(answer['Payload'].read())['errorType']})"

        def logged() -> bool:
            found = clients.logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)
            names = [each["logStreamName"] for each in found["logStreams"] if f"[{version}]" in each["logStreamName"]]
            return any(
                clients.logs.get_log_events(logGroupName=group, logStreamName=name, limit=1)["events"] for name in names
            )

        poll(lambda: logged() or refused(), "the log of the new version", deadline=DEADLINE)
        return "" if logged() else "the log is not delivered"


def handle_events(stack: Stack, refused: Callable[[], bool]) -> str:
    """Puts a valid and an invalid event: one is predicted, the other is stored by the function with the reason."""
    clients = Clients(stack)
    [(data, key)] = events.made_up(stack, 1)
    reader = streams.Reader(clients.kinesis, stack.outputs["predictions_stream_name"], "LATEST")
    records = [(data, key), (INVALID, key)]
    valid, invalid = (
        put.event_id for put in streams.put(clients.kinesis, stack.outputs["source_stream_name"], records)
    )
    predicted: set[str] = set()

    def kept_by_the_function() -> bool:
        found = failed.read(clients.s3, stack.outputs["failed_events_bucket"])
        return any(each.event_id == invalid and each.key.startswith("invalid/") for each in found)

    def is_predicted() -> bool:
        predicted.update(json.loads(read.data)["event_id"] for read in reader.read())
        return valid in predicted

    poll(lambda: (is_predicted() and kept_by_the_function()) or refused(), "the events' outcome", deadline=DEADLINE)
    # Which of the two is missing first depends on timing.
    settled = is_predicted() and kept_by_the_function()
    return "" if settled else "an event is not predicted, or an invalid one is not stored with its reason"


USES: dict[str, Use] = {
    "make the mapping": make_the_mapping,
    "configure the function": configure_the_function,
    "start an environment": start_an_environment,
    "handle events": handle_events,
}
"""The first failure is enough. A start comes before events, because events may need one: then both would fail."""
