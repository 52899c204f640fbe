"""Puts failed events back on the source stream. Interrupting it at any point loses nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness import streams
from harness.console import Step
from harness.errors import HarnessError
from harness.failed.documents import Failed
from harness.failed.journal import Journal
from harness.failed.reader import Object, objects
from harness.stack import mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.streams.writer import MAX_BYTES, MAX_RECORDS

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

MAX_DELETED = 1000  # keys of one DeleteObjects


@dataclass
class Redriven:
    """The result of a redrive.

    Attributes:
        events: number of events put back.
        again: number of them that had been put back before and failed again.
        finished: number that an interrupted run had put back; only their objects had to be deleted.
        doubtful: number that an interrupted run may also have put back; they may be predicted twice.
        unreadable: objects that were left alone, and why.
    """

    events: int = 0
    again: int = 0
    finished: int = 0
    doubtful: int = 0
    unreadable: list[Object] = field(default_factory=list)


def redrive(stack: Stack, step: Step | None = None, keys: Collection[str] | None = None) -> Redriven:
    """Put the failed events of a stack back; see `redrive_bucket`."""
    clients = Clients(stack)
    return redrive_bucket(clients.kinesis, clients.s3, stack.resources.source_stream, bucket_of(stack), step, keys)


def bucket_of(stack: Stack) -> str:
    """Return the name of a stack's failed-events bucket.

    Raises:
        HarnessError: its pipeline names none.
    """
    if (bucket := stack.resources.failed_events) is None:
        destination = mapping.on_failure(stack)
        if destination.split(":")[2:3] in (["sqs"], ["sns"]):
            raise HarnessError(
                f"failed events go to {destination}, and SQS and SNS destinations are not read: they get no payload",
                "let on_failure name an S3 bucket, and set outputs.failed_events; or look there with an AWS client",
            )
        if not destination:
            raise HarnessError(
                "the mapping has no failure destination, so the events that it gives up are kept nowhere",
                "let destination_config.on_failure of the mapping name an S3 bucket, which outputs.failed_events names",
            )
        name = destination.rpartition(":")[2]
        raise stack.pipeline.mistake(
            ["outputs"],
            f"outputs.failed_events is not set, and the mapping's failure destination is the bucket {name}",
            f'set it to the Terraform output with that name, or to the name itself: {{ name = "{name}" }}',
        )
    return bucket


def redrive_bucket(
    kinesis: KinesisClient,
    s3: S3Client,
    source: str,
    bucket: str,
    step: Step | None = None,
    keys: Collection[str] | None = None,
) -> Redriven:
    """Put failed events back on the source stream, one record each, and delete their objects.

    An object is deleted only after all its events were acknowledged and recorded in the journal. An event that fails
    again is written to the bucket under its new event id, and the journal keeps its history.

    Args:
        kinesis: client for the source stream.
        s3: client for the bucket.
        source: the source stream's name.
        bucket: the failed-events bucket.
        step: shows the progress.
        keys: of the objects whose events are put back; None for all.

    Returns:
        What was done.

    Raises:
        HarnessError: Kinesis or S3 refused a request; run it again.
    """
    journal, result = Journal(s3, bucket), Redriven()
    doubtful = {key for page in journal.unfinished for key in page.objects}
    found = (each for each in objects(s3, bucket) if keys is None or each.key in keys)
    for group in _groups(found, result.unreadable):
        todo = [found for found in group if found.key not in journal.done]
        result.finished += sum(len(found.events) for found in group if found.key in journal.done)
        result.doubtful += sum(len(found.events) for found in todo if found.key in doubtful)
        events = [event for found in todo for event in found.events]
        if events:
            page = journal.begin(events)
            records = [(event.data, event.partition_key) for event in events]
            journal.complete(page, list(streams.put(kinesis, source, records)))
        _delete(s3, bucket, [found.key for found in group])
        result.events += len(events)
        result.again += sum(1 for event in events if journal.history(event))
        if step is not None:
            step.note(f"{result.events} events")
    for page in journal.unfinished if keys is None else ():  # others of its events may be left
        journal.forget(page)
    return result


def _groups(found: Iterator[Object], unreadable: list[Object]) -> Iterator[list[Object]]:
    """Group whole objects within the limits of one PutRecords call; a larger object gets its own group."""
    group: list[Object] = []
    count = size = 0
    for each in found:
        if each.problem:
            unreadable.append(each)
            continue
        length = sum(_size(event) for event in each.events)
        if group and (count + len(each.events) > MAX_RECORDS or size + length > MAX_BYTES):
            yield group
            group, count, size = [], 0, 0
        group.append(each)
        count, size = count + len(each.events), size + length
    if group:
        yield group


def _size(event: Failed) -> int:
    return len(event.data) + len(event.partition_key.encode())


def _delete(s3: S3Client, bucket: str, keys: list[str]) -> None:
    for start in range(0, len(keys), MAX_DELETED):
        part = keys[start : start + MAX_DELETED]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in part], "Quiet": True})
        for error in answer.get("Errors", []):
            raise HarnessError(
                f"s3://{bucket}/{error.get('Key')} was put back, but cannot be deleted: {error.get('Message')}",
                "run make redrive again to delete what was put back",
            )
