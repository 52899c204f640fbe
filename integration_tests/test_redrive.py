"""A killed redrive loses nothing and reports what it cannot know, and events that fail again keep their history."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from harness import console, events, failed, streams
from harness.failed import journal, report
from harness.failed.journal import Journal
from harness.machine.waiting import poll
from harness.paths import SCRIPTS
from harness.setup.install import PYTHON
from harness.stack.clients import Clients
from harness.stack.state import Stack

pytestmark = pytest.mark.local_only

# Redrives a bucket four events at a time, and is killed at its second call of a function.
KILLED = """
import os, signal, sys
from harness.stack import state as stacks
from harness.stack.clients import Clients
from harness.failed import journal, redriving

name, bucket, place = sys.argv[1:]
owner, attribute = {
    "before the put": (redriving.streams, "put"),
    "after the put": (journal.Journal, "complete"),
    "before the delete": (redriving, "_delete"),
    "after the delete": (redriving, "_delete"),
}[place]
original, calls = getattr(owner, attribute), []

def killed(*arguments):
    calls.append(1)
    if len(calls) == 2:
        if place == "after the delete":
            original(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    return original(*arguments)

setattr(owner, attribute, killed)
redriving.MAX_RECORDS = 4
stack = stacks.running(name)
clients = Clients(stack)
redriving.redrive_bucket(clients.kinesis, clients.s3, stack.outputs["source_stream_name"], bucket)
"""


@pytest.fixture
def bucket(clients: Clients) -> Iterator[str]:
    """A bucket with nothing but failed events."""
    name = f"redrive-{time.time_ns():x}"
    clients.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    yield name
    for key in _keys(clients, name):
        clients.s3.delete_object(Bucket=name, Key=key)
    clients.s3.delete_bucket(Bucket=name)


def _keys(clients: Clients, bucket: str, prefix: str = "") -> list[str]:
    return [item["Key"] for item in clients.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]


def _fill(clients: Clients, bucket: str, records: list[tuple[bytes, str]]) -> None:
    """Six objects in the handler's format and one batch of four in the mapping's format."""
    for number, (data, key) in enumerate(records[:6]):
        document = {
            "event_id": f"shardId-000000000000:{number}",
            "reason": "r",
            "reason_code": "wrong_value",
            "payload": data.decode(),
            "payload_encoding": "utf-8",
            "failed_at": "2026-01-01T00:00:00.000+00:00",
            "partition_key": key,
        }
        clients.s3.put_object(Bucket=bucket, Key=f"invalid/2026/01/01/{number}.json", Body=json.dumps(document))
    batch = [
        {
            "eventID": f"shardId-000000000001:{number}",
            "kinesis": {"partitionKey": key, "data": base64.b64encode(data).decode()},
        }
        for number, (data, key) in enumerate(records[6:])
    ]
    given_up = {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "responseContext": {"functionError": "Unhandled"},
        "timestamp": "2026-01-01T00:00:00.000Z",
        "payload": json.dumps({"Records": batch}),
    }
    clients.s3.put_object(Bucket=bucket, Key="aws/lambda/m/s/2026/01/01/x", Body=json.dumps(given_up))


@pytest.mark.parametrize(
    ("place", "twice", "doubtful", "finished"),
    [
        ("before the put", 0, 2, 0),
        ("after the put", 2, 2, 0),  # the journal does not say whether it was put: put again, and reported
        ("before the delete", 0, 0, 2),
        ("after the delete", 0, 0, 0),
    ],
)
def test_a_killed_redrive_loses_nothing_and_the_next_one_continues(
    stack: Stack, clients: Clients, bucket: str, place: str, twice: int, doubtful: int, finished: int
) -> None:
    records = events.made_up(stack, 10)
    _fill(clients, bucket, records)
    reader = streams.Reader(clients.kinesis, stack.outputs["predictions_stream_name"], "LATEST")
    # GIVEN a redrive that is killed within its second call of PutRecords
    killed = subprocess.run(
        [PYTHON, "-c", KILLED, stack.name, bucket, place],
        env={}, cwd=SCRIPTS.parent, timeout=60, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # WHEN it is run again
    source = stack.outputs["source_stream_name"]
    done = failed.redrive_bucket(clients.kinesis, clients.s3, source, bucket)
    # THEN it reports what it found, nothing is left, and every event is predicted
    assert (done.doubtful, done.finished) == (doubtful, finished)
    assert not list(failed.read(clients.s3, bucket))
    assert failed.redrive_bucket(clients.kinesis, clients.s3, source, bucket).events == 0
    predicted: Counter[str] = Counter()
    ids = {key for _, key in records}

    def all_predicted() -> bool:
        predicted.update(json.loads(read.data)["prediction"]["sales_id"] for read in reader.read())
        return ids <= set(predicted) and sum(predicted[key] for key in ids) >= 10 + twice

    assert poll(all_predicted, "the redriven predictions")
    assert sum(predicted[key] - 1 for key in ids) == twice
    assert not Journal(clients.s3, bucket).unfinished


def test_unreadable_objects_are_kept_and_reported(
    stack: Stack, clients: Clients, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clients.s3.put_object(Bucket=bucket, Key="invalid/a.json", Body=b"{}")
    clients.s3.put_object(Bucket=bucket, Key="aws/lambda/b", Body=b"\xff")
    done = failed.redrive_bucket(clients.kinesis, clients.s3, stack.outputs["source_stream_name"], bucket)
    assert done.events == 0
    assert [found.key for found in done.unreadable] == ["invalid/a.json", "aws/lambda/b"]
    assert _keys(clients, bucket) == ["aws/lambda/b", "invalid/a.json"]
    with console.err.capture() as captured:
        assert report.show(clients.s3, bucket) == 0
    assert captured.get().count("cannot be read as a failed event") == 2


def test_events_that_fail_again_keep_their_history(
    stack: Stack, clients: Clients, failed_of: Callable[[set[str]], list[failed.Failed]]
) -> None:
    bucket = stack.outputs["failed_events_bucket"]
    data = json.dumps({"sales_input": {}, "sales_id": f"hopeless-{time.time_ns():x}"}).encode()
    put = next(streams.put(clients.kinesis, stack.outputs["source_stream_name"], [(data, "k")]))
    ids = [put.event_id]
    poll(lambda: failed_of(set(ids)), "the failed event")
    for attempt in (1, 2):
        done = failed.redrive(stack)
        assert done.events >= 1
        assert done.again >= attempt - 1
        [event] = poll(
            lambda: [f for f in failed.read(clients.s3, bucket) if f.data == data and f.event_id not in ids],
            "the event that failed again",
        )
        ids.append(event.event_id)
        history = Journal(clients.s3, bucket).history(event)
        assert [past.event_id for past in history] == ids[:-1]
        assert all(past.reason == event.reason for past in history)
    with console.out.capture() as captured:
        assert report.show(clients.s3, bucket) >= 1
    assert "missing_field" in captured.get()
    assert "put back 2 times before" in captured.get()


def test_failed_events_of_both_kinds_are_counted_by_reason(clients: Clients, stack: Stack, bucket: str) -> None:
    _fill(clients, bucket, events.made_up(stack, 10))
    with console.out.capture() as captured:
        assert report.show(clients.s3, bucket) == 10
    text = captured.get()
    rows = {tuple(line.split()[:2]): line.split()[-2:] for line in text.splitlines() if line.split()[2:]}
    assert rows["invalid", "wrong_value"] == ["6", "0"]
    assert rows["discarded", "RetryAttemptsExhausted"] == ["4", "0"]
    assert journal.PREFIX not in text
