"""Guarantees of the emulator's mappings beyond AWS's documentation."""

import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def test_poison_record_holds_up_only_its_lane(create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream()
    mapped.put({"id": "poison", "key": "k0", "do": "fail"}, {"id": "behind", "key": "k0"})
    mapped.map(ParallelizationFactor=10, BatchSize=1)
    mapped.put(*[{"id": n, "key": f"other-{n}"} for n in range(20)])
    mapped.eventually(
        lambda: len({one for one in mapped.delivered() if isinstance(one, int)}) >= 15, "the other lanes' records", 30
    )
    assert ["behind"] not in mapped.batches()


def test_stream_recreated_while_the_mapping_is_disabled_is_read(create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream()
    mapped.put(1)
    mapping = mapped.map(StartingPosition="TRIM_HORIZON")
    mapped.await_ids({1})
    mapped.update(mapping, state="Disabled", Enabled=False)
    mapped.kinesis.delete_stream(StreamName=mapped.stream)
    mapped.kinesis.get_waiter("stream_not_exists").wait(StreamName=mapped.stream, WaiterConfig={"Delay": 1})
    mapped.kinesis.create_stream(StreamName=mapped.stream, ShardCount=1)
    mapped.await_active()
    mapped.put(2)
    mapped.update(mapping, Enabled=True)
    mapped.await_ids({1, 2})


@pytest.mark.variants
@pytest.mark.parametrize("answer", [[], None, "", {}])
def test_empty_response_is_a_success(create_mapped_stream: Any, answer: Any) -> None:
    """Recorded on AWS, with ReportBatchItemFailures: each of these moves the checkpoint, and nothing comes twice."""
    mapped = create_mapped_stream()
    mapped.put({"id": 1, "do": "answer", "answer": answer}, 2)
    mapping = mapped.map(BatchSize=1, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert mapped.await_ids({1, 2}) == [[1], [2]]
    mapped.eventually(
        lambda: mapped.functions.get_event_source_mapping(UUID=mapping)["LastProcessingResult"] == "OK", "a success"
    )


def test_a_registered_consumer_is_a_source(create_mapped_stream: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html: enhanced fan-out.

    The mapping reads as long as the consumer is registered, and a consumer that is not is no source.
    """
    mapped = create_mapped_stream(shards=2)
    stream = mapped.summary()["StreamARN"]
    made = mapped.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="fan-out")["Consumer"]
    missing = made["ConsumerARN"].replace("/fan-out:", "/missing:")
    with pytest.raises(mapped.functions.exceptions.InvalidParameterValueException, match="not found"):
        mapped.map(EventSourceArn=missing)
    mapping = mapped.map(EventSourceArn=made["ConsumerARN"])
    assert mapped.functions.get_event_source_mapping(UUID=mapping)["EventSourceArn"] == made["ConsumerARN"]
    mapped.put(*[{"id": number, "key": str(number)} for number in range(20)])
    mapped.await_ids(set(range(20)))
    mapped.kinesis.deregister_stream_consumer(ConsumerARN=made["ConsumerARN"])
    mapped.put(100)
    again = mapped.kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="other")["Consumer"]
    mapped.map(EventSourceArn=again["ConsumerARN"], StartingPosition="TRIM_HORIZON")
    mapped.await_ids({100})
    assert mapped.delivered().count(100) == 1


def test_update_waits_for_the_current_invocation(create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream()
    mapped.put({"id": 1, "do": "sleep", "seconds": 1.0})
    mapping = mapped.map()
    mapped.await_ids({1})
    response = mapped.functions.update_event_source_mapping(UUID=mapping, BatchSize=50)
    assert response["State"] == "Updating"
    for change in (mapped.functions.update_event_source_mapping, mapped.functions.delete_event_source_mapping):
        with pytest.raises(mapped.functions.exceptions.ResourceInUseException, match="because it is in use"):
            change(UUID=mapping)
    mapped.await_state(mapping, "Enabled")
    mapped.put(2)
    assert mapped.await_ids({2}) == [[1], [2]]


def test_latest_reads_later_shards_completely(create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream(shards=2)
    mapped.map(StartingPosition="LATEST")
    mapped.kinesis.merge_shards(
        StreamName=mapped.stream, ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001"
    )
    mapped.await_active()
    mapped.put(*range(5))
    assert [i for batch in mapped.await_ids(set(range(5))) for i in batch] == list(range(5))


@pytest.mark.long_proof
def test_localstack_stops_promptly_without_discarding_records(
    start_localstack: Callable[..., Any], create_mapped_stream: Any
) -> None:
    """GIVEN a running invocation and no retries WHEN LocalStack stops THEN no record is discarded."""
    localstack = start_localstack()
    mapped = create_mapped_stream(where=localstack)
    mapped.put({"id": 1, "do": "sleep", "seconds": 25})
    mapped.map(MaximumRetryAttempts=0)
    mapped.await_ids({1})

    started = time.monotonic()
    localstack.process.terminate()
    localstack.process.wait(20)

    assert time.monotonic() - started < 15
    assert "discards" not in localstack.log()
