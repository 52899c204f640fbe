"""Puts events on a pipeline, here or on AWS, and follows each to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from harness import console, failed, streams
from harness.clients import Clients
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger.collect import Collector, Patience
from harness.ledger.verdicts import Ledger
from harness.stack import Stack
from harness.streams.backoff import GIVE_UP_SECONDS, Trouble, no_trouble

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Target:
    """A pipeline, wherever it runs; nothing but Kinesis and S3 is asked.

    Attributes:
        kinesis: client of both streams.
        s3: client of the bucket.
        source: name of the stream that events are put on.
        output: name of the stream that predictions are read from.
        bucket: name of the failed-events bucket.
        version: the model version that every prediction must name; None for any.
        trouble: asked when a call fails; what it answers ends the run and is the cause.
    """

    kinesis: KinesisClient
    s3: S3Client
    source: str
    output: str
    bucket: str
    version: str | None = None
    trouble: Trouble = no_trouble

    @classmethod
    def of(cls, stack: Stack) -> Target:
        """The pipeline of a stack that is up."""
        clients, outputs = Clients(stack), stack.outputs
        return cls(
            clients.kinesis,
            clients.s3,
            outputs["source_stream_name"],
            outputs["predictions_stream_name"],
            outputs["failed_events_bucket"],
            stack.run_id,
            _end_of(stack),
        )


def _end_of(stack: Stack) -> Trouble:
    """Tells when a stack's LocalStack has ended for good: without PERSISTENCE=1 its streams have ended with it."""
    told = threading.Event()

    def trouble() -> str | None:
        if stack.alive():
            return None
        if not stack.persistent:
            return "LocalStack has ended, and its streams with it"
        if not told.is_set():
            told.set()
            console.warn(f"LocalStack has ended; make local-up within {GIVE_UP_SECONDS:.0f} s goes on with its streams")
        return None

    return trouble


Expectations = Callable[[Sequence[bytes]], Sequence[float | None]]


def run(
    stack: Stack,
    records: Sequence[tuple[bytes, str]],
    expected: Expectations,
    step: Step,
    rate: float | None = None,
    patience: Patience | None = None,
) -> Ledger:
    """Puts records on a stack's source stream and follows each to its end; arguments as for `run_on`."""
    return run_on(Target.of(stack), records, expected, step, rate, patience)


def run_on(
    target: Target,
    records: Sequence[tuple[bytes, str]],
    expected: Expectations,
    step: Step,
    rate: float | None = None,
    patience: Patience | None = None,
) -> Ledger:
    """Puts records on a source stream and follows each to its end.

    Args:
        target: a pipeline that is up.
        records: data and partition key of each.
        expected: gives the prediction each record must get, None for records that must fail.
        step: gets told how far it has come; `done` is the number of records put.
        rate: records per second at most; None for as fast as possible.
        patience: when missing events are given up.

    Returns:
        The ledger, complete or with the cause why events were given up, or why the run was ended (`broken`): records
        could not be put, or what was written could not be read.
    """
    answers = expected([data for data, _ in records])
    ledger, interrupted = Ledger(target.version), threading.Event()

    def trouble() -> str | None:
        return "it was interrupted" if interrupted.is_set() else target.trouble()

    try:
        reader = streams.Reader(target.kinesis, target.output, "LATEST", trouble)
        reader.read()  # LATEST becomes a place in the stream now, and not with the first reading of the thread
        collector = Collector(ledger, reader, failed.News(target.s3, target.bucket, trouble))
        with collector:
            try:
                puts = streams.put(target.kinesis, target.source, records, rate, trouble)
                for count, (put, answer) in enumerate(zip(puts, answers, strict=True), 1):
                    collector.check()
                    ledger.enter(put, answer)
                    step.done = count
                    step.note(f"{count} of {len(records)} events put, {ledger.answered} answered")
                ledger.all_entered()
                collector.wait(patience or Patience(), step)
            except BaseException:
                interrupted.set()  # the threads end now, and not when their patience does
                raise
        collector.drain()
    except HarnessError as error:
        ledger.breaks(error, len(records) - len(ledger.entries))
    except (ClientError, BotoCoreError) as error:
        cause = HarnessError(f"the AWS endpoint answered: {error}", "look at make local-status and make local-logs")
        ledger.breaks(cause, len(records) - len(ledger.entries))
    ledger.all_entered()
    ledger.close()
    return ledger
