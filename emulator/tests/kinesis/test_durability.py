"""PERSISTENCE=1 with a real LocalStack that is killed during puts."""

import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import BotoCoreError, ClientError

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

STREAM = "durable"
RECORDS_PER_PUT = 25


class Put(NamedTuple):
    """An acknowledged record."""

    shard_id: str
    number: str
    data: bytes


def put_until_it_ends(localstack: Any, writer: int, acknowledged: list[Put]) -> None:
    """Put batches until LocalStack stops answering; append what it acknowledges."""
    kinesis = localstack.client("kinesis")
    for batch in itertools.count():
        data = [f"{writer}-{batch}-{index}".encode() for index in range(RECORDS_PER_PUT)]
        try:
            answer = kinesis.put_records(
                StreamName=STREAM, Records=[{"Data": one, "PartitionKey": one.decode()} for one in data]
            )
        except (BotoCoreError, ClientError):
            return
        placed = zip(data, answer["Records"], strict=True)
        acknowledged += [Put(record["ShardId"], record["SequenceNumber"], one) for one, record in placed]


def read_all(kinesis: Any) -> list[Put]:
    """Read all shards from the beginning."""
    found = []
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        position = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(StreamName=STREAM, **position)["ShardIterator"]
        behind = 1
        while iterator and behind:
            answer = kinesis.get_records(ShardIterator=iterator)
            found += [Put(shard["ShardId"], one["SequenceNumber"], one["Data"]) for one in answer["Records"]]
            iterator, behind = answer.get("NextShardIterator"), answer["MillisBehindLatest"]
    return found


def kill(localstack: Any) -> None:
    localstack.process.kill()
    localstack.process.wait()


def test_every_acknowledged_record_survives_a_kill(
    start_localstack: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    # GIVEN a stream with two writers WHEN LocalStack is killed while they put
    first = start_localstack(PERSISTENCE="1")
    first.client("kinesis").create_stream(StreamName=STREAM, ShardCount=2, Tags={"a": "b"})
    noted: list[list[Put]] = [[], []]
    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(put_until_it_ends, first, writer, puts) for writer, puts in enumerate(noted)]
        eventually(lambda: sum(map(len, noted)) > 3000, "3,000 records")
        kill(first)
        for writer in writers:
            writer.result(30)
    # THEN the next LocalStack has every acknowledged record once, and all or none of each request in flight
    second = start_localstack(folder=first.folder, PERSISTENCE="1")
    kinesis = second.client("kinesis")
    found = read_all(kinesis)
    acknowledged = noted[0] + noted[1]
    assert set(acknowledged) <= set(found)
    assert max(Counter(put.data for put in found).values()) == 1
    assert len(found) - len(acknowledged) in (0, RECORDS_PER_PUT, 2 * RECORDS_PER_PUT)
    # AND new numbers are higher than all of them, and the stream has its tags
    answer = kinesis.put_record(StreamName=STREAM, Data=b"next", PartitionKey="next")
    before = [int(put.number) for put in found if put.shard_id == answer["ShardId"]]
    assert before == sorted(before)
    assert int(answer["SequenceNumber"]) > before[-1]
    assert kinesis.list_tags_for_stream(StreamName=STREAM)["Tags"] == [{"Key": "a", "Value": "b"}]
    # AND a second kill changes nothing
    kill(second)
    third = start_localstack(folder=first.folder, PERSISTENCE="1")
    assert {put.data for put in read_all(third.client("kinesis"))} == {put.data for put in found} | {b"next"}


@pytest.fixture
def deliveries() -> Iterator[tuple[str, list[list[str]]]]:
    """A server outside LocalStack that functions report their records to: its address and the reports."""
    reports: list[list[str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reports.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", reports
        server.shutdown()


REPORTING_FUNCTION = """
    import base64, json, os, urllib.request

    def handler(event, context):
        records = event["Records"]
        report = [records[0]["eventID"].partition(":")[0]]
        report += [base64.b64decode(record["kinesis"]["data"]).decode() for record in records]
        urllib.request.urlopen(os.environ["LISTENER"], json.dumps(report).encode(), timeout=10).close()
"""


def test_a_mapping_continues_where_it_stopped(
    start_localstack: Callable[..., Any],
    create_function: Callable[..., Any],
    eventually: Callable[..., Any],
    deliveries: tuple[str, list[list[str]]],
) -> None:
    listener, reports = deliveries

    def map_stream(where: Any) -> None:
        function = create_function(
            REPORTING_FUNCTION,
            where=where,
            FunctionName="reporting",
            Environment={"Variables": {"LISTENER": listener}},
        )
        stream_arn = where.client("kinesis").describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]
        where.client("lambda").create_event_source_mapping(
            FunctionName=function.name,
            EventSourceArn=stream_arn["StreamARN"],
            StartingPosition="TRIM_HORIZON",
            BatchSize=10,
        )

    # GIVEN a mapping that lags behind its stream WHEN LocalStack is killed
    first = start_localstack(PERSISTENCE="1")
    first.client("kinesis").create_stream(StreamName=STREAM, ShardCount=2)
    noted: list[Put] = []
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(put_until_it_ends, first, 0, noted)
        eventually(lambda: len(noted) > 1000, "1,000 records")
        map_stream(first)
        eventually(lambda: len(reports) > 40, "40 batches")
        kill(first)
        writer.result(30)
    first.stop()  # kills its child processes too
    before = list(reports)
    # AND function and mapping are created again in the next LocalStack
    second = start_localstack(folder=first.folder, PERSISTENCE="1")
    expected = {put.data.decode() for put in noted}
    map_stream(second)
    eventually(lambda: expected <= {one for batch in list(reports) for one in batch[1:]}, "every record", 60)
    # THEN nothing is lost, and at most the batch in flight of each shard is delivered again
    last = {batch[0]: set(batch[1:]) for batch in before}
    repeated = [one for one, times in Counter(one for batch in list(reports) for one in batch[1:]).items() if times > 1]
    assert set(repeated) <= set().union(*last.values())
    assert len(before) > 40


def test_nothing_is_written_without_persistence(localstack: Any, create_stream: Callable[..., str]) -> None:
    localstack.client("kinesis").put_record(StreamName=create_stream(), Data=b"x", PartitionKey="x")
    assert list(localstack.folder.rglob("*.sqlite3*")) == []
