"""A mapping's life on a real LocalStack: disabled, enabled, updated, deleted, without loss and without replay."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only


def test_new_mapping_has_processed_nothing(scene: Any) -> None:
    scene.create_stream()
    mapping = scene.map()
    configuration = scene.mapping(mapping)
    assert configuration["LastProcessingResult"] == "No records processed"
    assert configuration["StateTransitionReason"] == "User action"


def test_disabled_mapping_resumes_where_it_stopped(scene: Any) -> None:
    scene.create_stream()
    scene.put(1)
    mapping = scene.map()
    scene.await_ids({1})
    scene.update(mapping, state="Disabled", Enabled=False)
    scene.put(2)
    scene.update(mapping, state="Disabled", BatchSize=7)
    assert scene.ids() == [[1]]
    scene.update(mapping, Enabled=True)
    assert scene.await_ids({2}) == [[1], [2]]
    assert scene.mapping(mapping)["BatchSize"] == 7


def test_mapping_created_disabled_reads_only_when_enabled(scene: Any) -> None:
    scene.create_stream()
    scene.put(1)
    mapping = scene.map(Enabled=False)
    assert scene.ids() == []
    scene.update(mapping, Enabled=True)
    assert scene.await_ids({1}) == [[1]]


def test_stream_made_anew_while_the_mapping_was_disabled_is_read(scene: Any) -> None:
    scene.create_stream()
    scene.put(1)
    mapping = scene.map(StartingPosition="TRIM_HORIZON")
    scene.await_ids({1})
    scene.update(mapping, state="Disabled", Enabled=False)
    scene.kinesis.delete_stream(StreamName=scene.stream)

    def gone() -> bool:
        try:
            scene.kinesis.describe_stream_summary(StreamName=scene.stream)
        except scene.kinesis.exceptions.ResourceNotFoundException:
            return True
        return False

    scene.eventually(gone, "the stream is gone")
    scene.kinesis.create_stream(StreamName=scene.stream, ShardCount=1)
    scene.stream_active()
    scene.put(2)
    scene.update(mapping, Enabled=True)
    scene.await_ids({1, 2})


def test_updates_while_records_flow_neither_lose_nor_repeat(scene: Any) -> None:
    scene.create_stream(shards=2)
    mapping = scene.map(BatchSize=5)
    total = 0
    for batch_size, lanes in ((3, 1), (10, 4), (2, 2), (20, 1)):
        scene.put(*[{"id": n, "key": f"k{n % 16}", "do": "sleep", "seconds": 0.01} for n in range(total, total + 50)])
        total += 50
        scene.update(mapping, BatchSize=batch_size, ParallelizationFactor=lanes)
    scene.await_ids(set(range(total)))
    assert sorted(i for batch in scene.ids() for i in batch) == list(range(total))


def test_update_frees_a_shard_stuck_in_endless_retries(scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": "poison", "do": "fail"})
    mapping = scene.map()
    scene.eventually(lambda: len(scene.ids()) > 2, "retries")
    scene.put({"id": "behind"})
    scene.update(
        mapping,
        MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": scene.bucket_arn}},
    )
    scene.await_ids({"behind"})
    scene.eventually(lambda: scene.failed_ids() == ["poison"], "the poison in the failure destination")


def test_update_waits_for_the_invocation_under_way(scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": 1, "do": "sleep", "seconds": 1.0})
    mapping = scene.map()
    scene.await_ids({1})
    response = scene.awslambda.update_event_source_mapping(UUID=mapping, BatchSize=50)
    assert response["State"] == "Updating"
    scene.await_state(mapping, "Enabled")
    scene.put(2)
    assert scene.await_ids({2}) == [[1], [2]]


def test_deleted_mapping_reads_no_more(scene: Any) -> None:
    scene.create_stream()
    mapping = scene.map()
    scene.put(1)
    scene.await_ids({1})
    scene.mappings.remove(mapping)
    assert scene.awslambda.delete_event_source_mapping(UUID=mapping)["State"] == "Deleting"
    scene.eventually(
        lambda: not scene.awslambda.list_event_source_mappings(FunctionName=scene.function_name)["EventSourceMappings"],
        "the mapping gone",
    )
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        scene.mapping(mapping)
    scene.put(2)
    # A second mapping of the same stream reads everything: it shares no position with the deleted one.
    scene.map()
    assert [i for batch in scene.await_ids({2}) for i in batch] == [1, 1, 2]


def test_function_can_be_replaced_by_an_alias(own_scene: Any) -> None:
    own_scene.create_stream()
    mapping = own_scene.map()
    own_scene.put(1)
    own_scene.await_ids({1})
    version = own_scene.awslambda.publish_version(FunctionName=own_scene.function_name)["Version"]
    alias = own_scene.awslambda.create_alias(FunctionName=own_scene.function_name, Name="live", FunctionVersion=version)
    own_scene.update(mapping, FunctionName=alias["AliasArn"])
    own_scene.put(2)
    assert own_scene.await_ids({2}) == [[1], [2]]
    assert own_scene.mapping(mapping)["FunctionArn"] == alias["AliasArn"]


def test_localstack_ends_promptly_and_blames_no_function_for_it(
    start_localstack: Callable[..., Any], make_scene: Callable[[Any], Any]
) -> None:
    """GIVEN an invocation under way and no retries WHEN LocalStack ends THEN no record is discarded."""
    localstack = start_localstack()
    scene = make_scene(localstack)
    scene.create_stream()
    scene.put({"id": 1, "do": "sleep", "seconds": 25})
    scene.map(MaximumRetryAttempts=0)
    scene.await_ids({1})

    started = time.monotonic()
    localstack.process.terminate()
    localstack.process.wait(20)

    assert time.monotonic() - started < 15
    assert "discards" not in localstack.log()
