"""Proves that the pipeline works: sends an event and waits for its prediction."""

from __future__ import annotations

import json
import time
from typing import Any

from harness import events, failed, streams
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger import strange
from harness.ledger.entries import as_text
from harness.local import missing_sdk
from harness.pipeline.identity import Identity
from harness.stack import attempts, denials, invocations, mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack

DEADLINE = 90.0
FAILURE_CHECK_SECONDS = 2.0
ENOUGH_FAILURES = 3  # attempts: more of the same teach nothing
AGAIN = "the stack still runs: add what it lacks or fix the code, then make local-up"


def answer_to(stack: Stack, event: dict[str, Any], step: Step, seconds: float = DEADLINE) -> dict[str, Any]:
    """Put one event on the source stream and wait for its answer.

    Args:
        stack: a stack whose Terraform has been applied and whose model is published.
        event: a valid event.
        step: shows the time until the answer.
        seconds: the time for the answer.

    Returns:
        The answer.

    Raises:
        HarnessError: the event failed, or no answer came within the deadline; the message has the function's log.
    """
    clients, names, identity = Clients(stack), stack.resources, stack.pipeline.identity
    reader = streams.Reader(clients.kinesis, names.output_stream, "LATEST")
    data = events.encode(event)
    started = time.monotonic()
    key = events.partition_key(stack.pipeline, data)
    record = next(streams.put(clients.kinesis, names.source_stream, [(data, key)]))
    last_check, other = started, b""
    for found in reader.until(started + seconds):
        for read in found:
            answer = _parsed(read.data)
            if _refers_to(answer, event, record.event_id, identity):
                step.result = f"answered after {(time.monotonic() - started) * 1000:.0f} ms"
                return dict(answer)
            other = read.data
        if time.monotonic() - last_check > FAILURE_CHECK_SECONDS:
            last_check = time.monotonic()
            _check_failure(stack, clients, record.event_id)
    told = f"no answer to the sample event within {seconds:.0f} s. {mapping.obstacles(stack)}"
    cause = denials.beside(told.rstrip(), stack)
    if other:
        raise stack.pipeline.mistake(
            ["ledger", "id_out"],
            f"{cause}\nA record came, but {strange.told(other, stack.pipeline, event)}",
            "let [ledger] say where answers have the event's id, and the function put one JSON object per record, then "
            "make local-up; the stack still runs",
        )
    log = function_log_tail(stack)
    raise HarnessError(
        f"{cause}\nThe function's log ends with:\n{log}",
        f"{missing_sdk.hint(log)}read the whole log (make local-logs) and {stack.localstack_log}; {AGAIN}",
    )


def _check_failure(stack: Stack, clients: Clients, event_id: str) -> None:
    """Check that the event has not failed for good, and does not fail again and again.

    Raises:
        HarnessError: it has, or it does; by default, Lambda would try again until the record expires.
    """
    remedy = f"read the function's log: make local-logs; {AGAIN}"
    bucket = stack.resources.failed_events
    for failure in failed.read(clients.s3, bucket) if bucket else ():
        if failure.event_id == event_id:
            cause = denials.beside(f"the event failed: {failure.reason}", stack)
            if failure.kind == "discarded":  # the handler's own reasons need no log
                cause += _log_of_last(stack, clients, _failures(stack, event_id)[1])
            raise HarnessError(cause, missing_sdk.hint(cause) + remedy)
    tried, failures = _failures(stack, event_id)
    given_up = bool(tried and tried[-1]["discarded"]) and not bucket
    if len(failures) >= ENOUGH_FAILURES or (failures and given_up):
        count = "once" if len(failures) == 1 else f"{len(failures)} times"
        cause = denials.beside(f"the function failed {count} with the sample event.", stack)
        cause += _log_of_last(stack, clients, failures)
        raise HarnessError(cause, missing_sdk.hint(cause) + remedy)


def _failures(stack: Stack, event_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the attempts with the event, and those that failed."""
    tried = attempts.known(stack, [event_id]).get(event_id, [])
    return tried, [each for each in tried if each["state_of_record"] == "failed"]


def _log_of_last(stack: Stack, clients: Clients, failures: list[dict[str, Any]]) -> str:
    """Return the log of the last failed attempt, to append to the cause."""
    group = mapping.log_group(stack)
    lines = [each["text"] for each in invocations.log(clients.logs, group, failures[-1])] if failures else []
    return "\nThe log of its last attempt:\n" + ("\n".join(lines) or function_log_tail(stack))


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _refers_to(answer: Any, event: dict[str, Any], event_id: str, identity: Identity) -> bool:
    if identity.source is not None:
        return bool(identity.source(answer) == event_id)
    return as_text(identity.of_answer(answer)) == as_text(identity.of_event(event))


def function_log_tail(stack: Stack, lines: int = 12) -> str:
    """Return the last lines of the function's log, or the reason why there are none."""
    client = Clients(stack).logs
    group = mapping.log_group(stack)
    try:
        streams_ = client.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=1)
        if not streams_["logStreams"]:
            return "(empty: the function was never invoked)"
        name = streams_["logStreams"][0]["logStreamName"]
        found = client.get_log_events(logGroupName=group, logStreamName=name, limit=lines, startFromHead=False)
    except client.exceptions.ResourceNotFoundException:
        return "(there is no log group)"
    return "\n".join(event["message"].rstrip() for event in found["events"])
