"""A function that cannot work: its message, where its events go, and how to redrive them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness import events, ledger, streams
from harness.console import Step
from harness.failed import Failed
from harness.ledger import Verdict, expected
from harness.machine.waiting import poll
from harness.stack import live
from harness.stack.clients import Clients
from harness.stack.state import Stack
from integration_tests.mapping import changed_mapping

pytestmark = pytest.mark.aws_valid


def test_a_missing_model_fails_the_init_with_bucket_and_key(stack: Stack, clients: Clients) -> None:
    with live.changed_function(stack, RUN_ID="0123456789abcdef0123456789abcdef"):
        answer = clients.functions.invoke(FunctionName=stack.outputs["live_alias_arn"], Payload=b'{"Records": []}')
    assert answer["FunctionError"] == "Unhandled"
    error = json.loads(answer["Payload"].read())
    assert stack.outputs["model_bucket"] in error["errorMessage"]
    assert "0123456789abcdef0123456789abcdef" in error["errorMessage"]


def test_a_damaged_model_fails_the_init_with_bucket_and_key(stack: Stack, clients: Clients) -> None:
    bucket = stack.outputs["model_bucket"]
    good = stack.model["model_key"]
    metadata = clients.s3.get_object(Bucket=bucket, Key=f"{good}/MLmodel")["Body"].read()
    clients.s3.put_object(Bucket=bucket, Key="damaged/model/MLmodel", Body=metadata)
    clients.s3.put_object(Bucket=bucket, Key="damaged/model/model.onnx", Body=b"not a model")
    with live.changed_function(stack, MODEL_LOCATION=f"s3://{bucket}/damaged/model"):
        answer = clients.functions.invoke(FunctionName=stack.outputs["live_alias_arn"], Payload=b'{"Records": []}')
    message = json.loads(answer["Payload"].read())["errorMessage"]
    assert bucket in message
    assert "damaged/model/model.onnx" in message


def test_events_of_a_function_that_cannot_start_are_kept_whole_and_can_be_redriven(
    stack: Stack,
    clients: Clients,
    failed_of: Callable[[set[str]], list[Failed]],
    redrive: Callable[[list[tuple[bytes, str]]], None],
) -> None:
    records = events.made_up(stack, 5, seed=5)
    # GIVEN a function that fails every batch
    with live.changed_function(stack, RUN_ID="ffffffffffffffffffffffffffffffff"):
        puts = list(streams.put(clients.kinesis, stack.outputs["source_stream_name"], records))
        ids = {put.event_id for put in puts}
        # THEN the mapping gives up after its retries and stores the whole payload of each event
        discarded = poll(
            lambda: found if len(found := failed_of(ids)) == len(ids) else None,
            "the discarded events",
            deadline=120,
        )
    assert {event.data for event in discarded} == {data for data, _ in records}
    assert all(event.key.startswith("aws/lambda/") for event in discarded)
    # WHEN the function works again THEN redriven events are predicted and removed from the bucket
    redrive(records)
    assert not failed_of(ids)


def test_a_whole_batch_given_up_is_one_object_and_is_redriven_record_by_record(
    stack: Stack,
    clients: Clients,
    failed_of: Callable[[set[str]], list[Failed]],
    redrive: Callable[[list[tuple[bytes, str]]], None],
) -> None:
    records = [(data, "one key") for data, _ in events.made_up(stack, 5, seed=10)]
    # GIVEN a mapping that does not bisect failing batches, and a function that fails them
    with (
        changed_mapping(stack, BisectBatchOnFunctionError=False),
        live.changed_function(stack, RUN_ID="f" * 32),
    ):
        # WHEN events arrive THEN the ledger finds each in the mapping's failure record, with the reason
        result = ledger.run(stack, records, lambda r: [None] * len(r), Step("failing"))
    assert result.passed, result.summary()
    assert result.counts == {Verdict.FAILED: 5}
    assert all("RetryAttemptsExhausted" in reason for entry in result.entries.values() for reason in entry.reasons)
    kept = failed_of(set(result.entries))
    assert {event.data for event in kept} == {data for data, _ in records}
    assert len({event.key for event in kept}) < 5
    # WHEN the function works again THEN each event is predicted
    redrive(records)
    assert not failed_of(set(result.entries))


def test_traffic_flows_again_afterwards(stack: Stack) -> None:
    result = ledger.run(stack, events.made_up(stack, 50, seed=6), expected.of(stack), Step("50 events"))
    assert result.passed, result.summary()
    assert result.counts == {Verdict.PREDICTED: 50}
