"""A Kinesis Client Library follows streams through reshardings during puts, some by a Producer Library.

Takes about 50 seconds, mostly waiting for the library, which assigns the leases of new shards every 20 seconds.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

MODES = ("POLLING", "FANOUT")
KEYS = [f"key-{number}" for number in range(20)]
DEADLINE_SECONDS = 60


class OrderedPuts:
    """Puts numbered records to streams, one request at a time, until stopped."""

    def __init__(self, kinesis: Any, streams: list[str]) -> None:
        self.streams = streams
        self.put: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._kinesis = kinesis
        self._stopped = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        count = 0
        try:
            while not self._stopped.wait(0.05):
                for stream in self.streams:
                    records = [{"Data": f"{stream} {count}", "PartitionKey": key} for key in KEYS]
                    answer = self._kinesis.put_records(StreamName=stream, Records=records)
                    assert answer["FailedRecordCount"] == 0
                    for key in KEYS:
                        self.put[stream, key].append(f"{stream} {count}")
                count += 1
        except BaseException as error:
            self._failure = error

    def stop(self) -> None:
        """Stop after the current request; raise the thread's error, if any."""
        self._stopped.set()
        self._thread.join()
        if self._failure:
            raise self._failure


@pytest.fixture
def ordered_puts(localstack: Any) -> Iterator[Callable[[list[str]], OrderedPuts]]:
    """Return a function that starts puts to streams."""
    started: list[OrderedPuts] = []

    def start(streams: list[str]) -> OrderedPuts:
        started.append(OrderedPuts(localstack.client("kinesis"), streams))
        return started[-1]

    yield start
    for puts in started:
        puts.stop()


def reshard(kinesis: Any, by_hand: str, by_count: str) -> None:
    """Split and merge on one stream, UpdateShardCount on the other."""
    shards = [f"shardId-{index:012}" for index in range(3)]
    kinesis.split_shard(StreamName=by_hand, ShardToSplit=shards[0], NewStartingHashKey=str(2**126))
    kinesis.get_waiter("stream_exists").wait(StreamName=by_hand)
    kinesis.merge_shards(StreamName=by_hand, ShardToMerge=shards[1], AdjacentShardToMerge=shards[2])
    kinesis.update_shard_count(StreamName=by_count, TargetShardCount=4, ScalingType="UNIFORM_SCALING")


def of_kind(client: Any, event: str) -> list[dict[str, Any]]:
    return [found for found in client.events() if found["event"] == event]


def received(client: Any) -> set[tuple[str, str]]:
    return {(found["key"], found["data"]) for found in of_kind(client, "record")}


def assert_in_order(client: Any, put: dict[tuple[str, str], list[str]]) -> None:
    """Check that each key's records arrived as put, with repeats if a lease was lost: the library reads again then."""
    by_key: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in of_kind(client, "record"):
        if record["key"] in KEYS:
            by_key[record["stream"], record["key"]].append(record["data"])
    if of_kind(client, "lost"):
        by_key = {place: list(dict.fromkeys(found)) for place, found in by_key.items()}
    # Compared key by key: pytest's explanation of one big comparison would take longer than the test's deadline.
    assert by_key.keys() == put.keys()
    for place, found in by_key.items():
        assert len(found) == len(put[place]), place
        differing = [pair for pair in zip(found, put[place], strict=True) if pair[0] != pair[1]]
        assert not differing, f"{place}: received, put: {differing[:5]} of {len(differing)}"


def test_every_record_arrives_in_order_through_reshardings(
    localstack: Any,
    create_stream: Callable[..., str],
    run_client: Callable[..., Any],
    lease_table: str,
    ordered_puts: Callable[..., OrderedPuts],
    eventually: Callable[..., Any],
) -> None:
    kinesis = localstack.client("kinesis")
    streams = [create_stream(3), create_stream(2)]
    endpoints = {f"AWS_ENDPOINT_URL_{name}": localstack.endpoint_url for name in ("KINESIS", "CLOUDWATCH")}
    endpoints["AWS_ENDPOINT_URL_DYNAMODB"] = lease_table
    readers = {mode: run_client("consume.py", mode, *streams, **endpoints) for mode in MODES}
    puts = ordered_puts(streams)
    producer = run_client("produce.py", localstack.endpoint_url, "ap-south-1", *streams)
    for mode, reader in readers.items():
        eventually(
            lambda reader=reader: len(of_kind(reader, "initialized")) == 5, f"{mode} has 5 shards", DEADLINE_SECONDS
        )

    producer.end()  # aiokpl 0.2.0 never discovers new shards and retries forever
    [aggregated] = producer.events()
    reshard(kinesis, *streams)
    for mode, reader in readers.items():
        eventually(lambda reader=reader: len(of_kind(reader, "ended")) == 5, f"{mode} ends 5 shards", DEADLINE_SECONDS)
        eventually(
            lambda reader=reader: len(of_kind(reader, "initialized")) == 12, f"{mode} has 7 more", DEADLINE_SECONDS
        )
    puts.stop()

    wanted = {(data, data) for found in aggregated.values() for data in found}  # the data is the partition key
    wanted |= {(key, data) for (_, key), found in puts.put.items() for data in found}
    for mode, reader in readers.items():
        eventually(lambda reader=reader: wanted <= received(reader), f"{mode} has read everything", DEADLINE_SECONDS)
        records = of_kind(reader, "record")
        assert any(record["within"] for record in records), "the Producer Library has not aggregated"
        assert_in_order(reader, puts.put)
    for reader in readers.values():
        reader.process.stdin.close()
    for mode, reader in readers.items():
        records = of_kind(reader, "record")
        reader.process.wait(DEADLINE_SECONDS)
        assert_checkpoints(lease_table, mode, kinesis, streams, records)


def checkpoints(lease_table: str, streams: list[str], mode: str) -> dict[tuple[str, str], str]:
    """Return the library's checkpoint of each shard."""
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "ap-south-1"}
    table = boto3.client("dynamodb", endpoint_url=lease_table, **credentials)
    return {
        (stream, item["leaseKey"]["S"]): item["checkpoint"]["S"]
        for stream in streams
        for item in table.scan(TableName=f"{stream}-{mode}")["Items"]
    }


def assert_checkpoints(
    lease_table: str, mode: str, kinesis: Any, streams: list[str], records: list[dict[str, Any]]
) -> None:
    """Check that closed shards were read to their end and open ones to their last record."""
    found = checkpoints(lease_table, streams, mode)
    last = {(record["stream"], record["shard"]): record["number"] for record in records}
    for stream in streams:
        for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
            place = stream, shard["ShardId"]
            is_open = "EndingSequenceNumber" not in shard["SequenceNumberRange"]
            assert found[place] == (last.get(place, "TRIM_HORIZON") if is_open else "SHARD_END")
