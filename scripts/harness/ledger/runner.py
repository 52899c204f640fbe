"""Puts events on a pipeline, local or on AWS, and follows each to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from harness import console, failed, streams
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger.collector import Collector, Discards, Timeouts
from harness.ledger.expected import Expectations
from harness.ledger.progress import Progress
from harness.ledger.verdicts import Ledger
from harness.pipeline.definition import Pipeline
from harness.stack.clients import Clients
from harness.stack.discards import NewDiscards
from harness.stack.state import Stack
from harness.streams.backoff import GIVE_UP_SECONDS, Trouble, no_trouble

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Target:
    """A pipeline, wherever it runs. Only Kinesis and S3 are used, and the emulator's journal if there is one.

    Attributes:
        kinesis: client for both streams.
        s3: client for the bucket.
        source: name of the source stream.
        output: name of the output stream.
        bucket: name of the failed-events bucket; None if failed events are kept nowhere.
        pipeline: how its answers are read and compared.
        trouble: called when a call fails; a text ends the run and is the cause.
        held: returns the records as they may be put.
        discards: returns the events that the mapping gave up since the last call, where the emulator lists them.
    """

    kinesis: KinesisClient
    s3: S3Client
    source: str
    output: str
    bucket: str | None
    pipeline: Pipeline
    trouble: Trouble = no_trouble
    held: Callable[[Sequence[tuple[bytes, str]]], Iterable[tuple[bytes, str]]] = iter
    discards: Discards = tuple

    @classmethod
    def of(cls, stack: Stack) -> Target:
        """Return the pipeline of a running stack."""
        clients, names = Clients(stack), stack.resources
        return cls(
            clients.kinesis,
            clients.s3,
            names.source_stream,
            names.output_stream,
            names.failed_events,
            stack.pipeline,
            _end_of(stack),
            discards=NewDiscards(stack, names.failed_events).read,
        )


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a run.

    Attributes:
        ledger: what is known until then.
        total: number of the run's events.
    """

    def __init__(self, ledger: Ledger, total: int) -> None:
        super().__init__()
        self.ledger, self.total = ledger, total


def _end_of(stack: Stack) -> Trouble:
    """Return a check that reports when a stack's LocalStack has died: without PERSISTENCE=1 its streams are lost."""
    warned = threading.Event()

    def trouble() -> str | None:
        if stack.alive():
            return None
        if not stack.persistent:
            return "LocalStack has died, and its streams are lost"
        if not warned.is_set():
            warned.set()
            console.warn(f"LocalStack has died; to continue, run make local-up within {GIVE_UP_SECONDS:.0f} s")
        return None

    return trouble


def run(
    pipeline: Stack | Target,
    records: Sequence[tuple[bytes, str]],
    expected: Expectations,
    step: Step,
    rate: float | None = None,
    timeouts: Timeouts | None = None,
) -> Ledger:
    """Put records on a source stream and follow each to its end.

    Args:
        pipeline: a running stack, or any running pipeline.
        records: data and partition key of each.
        expected: returns what the answer to each record must have; None for records that must fail.
        step: shows the progress; `done` is the number of records put.
        rate: maximum records per second; None for as fast as possible.
        timeouts: when missing events are given up.

    Returns:
        The ledger. If it is not complete, it says why events were given up, or what ended the run (`broken`): records
        could not be put, or what was written could not be read.

    Raises:
        Interrupted: by Ctrl-C.
    """
    target = Target.of(pipeline) if isinstance(pipeline, Stack) else pipeline
    answers = expected([data for data, _ in records])
    ledger, interrupted = Ledger(target.pipeline), threading.Event()
    progress = Progress(ledger, len(records), step)

    def trouble() -> str | None:
        return "it was interrupted" if interrupted.is_set() else target.trouble()

    try:
        reader = streams.Reader(target.kinesis, target.output, "LATEST", trouble)
        reader.read()  # fix the position of LATEST now, not when the thread first reads
        collector = Collector(ledger, reader, failed.NewFailures(target.s3, target.bucket, trouble), target.discards)
        with collector:
            try:
                puts = streams.put(target.kinesis, target.source, target.held(records), rate, trouble)
                for count, (put, answer) in enumerate(zip(puts, answers, strict=True), 1):
                    collector.check()
                    ledger.enter(put, answer)
                    step.done = count
                    progress.show(put=count)
                ledger.all_entered()
                collector.wait(timeouts or Timeouts(), progress)
            except BaseException:
                interrupted.set()  # end the threads now, not when they give up
                raise
        collector.drain()
    except KeyboardInterrupt:
        raise Interrupted(ledger, len(records)) from None
    except (HarnessError, ClientError, BotoCoreError) as error:
        ledger.breaks(_explained(error), len(records) - len(ledger.entries))
    ledger.all_entered()
    ledger.close()
    return ledger


def _explained(error: Exception) -> HarnessError:
    if isinstance(error, HarnessError):
        return error
    return HarnessError(f"the AWS endpoint responded: {error}", "look at make local-status and make local-logs")
