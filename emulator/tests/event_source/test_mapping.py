"""What this emulator promises of a mapping beyond AWS's documents; those are kept by benchmarks/conformance/suite."""

import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def test_poison_key_holds_up_only_its_own_lane(scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": "poison", "key": "k0", "do": "fail"}, {"id": "behind", "key": "k0"})
    scene.map(ParallelizationFactor=10, BatchSize=1)
    scene.put(*[{"id": n, "key": f"other-{n}"} for n in range(20)])
    scene.eventually(
        lambda: len({i for b in scene.ids() for i in b if isinstance(i, int)}) >= 15, "the other lanes' records"
    )
    assert ["behind"] not in scene.ids()


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


def test_latest_misses_nothing_of_shards_born_later(scene: Any) -> None:
    scene.create_stream(shards=2)
    scene.map(StartingPosition="LATEST")
    scene.kinesis.merge_shards(
        StreamName=scene.stream, ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001"
    )
    scene.stream_active()
    scene.put(*range(5))
    assert [i for batch in scene.await_ids(set(range(5))) for i in batch] == list(range(5))


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
