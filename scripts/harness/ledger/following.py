"""Puts events on a pipeline, here or on AWS, and follows each to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import streams
from harness.clients import Clients
from harness.console import Step
from harness.ledger.collect import Collector, Patience
from harness.ledger.verdicts import Ledger
from harness.stack import Stack

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
    """

    kinesis: KinesisClient
    s3: S3Client
    source: str
    output: str
    bucket: str
    version: str | None = None

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
        )


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
        step: gets told how far it has come.
        rate: records per second at most; None for as fast as possible.
        patience: when missing events are given up.

    Returns:
        The ledger, complete or with the cause why events were given up.

    Raises:
        HarnessError: records could not be put, or what was written could not be read.
    """
    answers = expected([data for data, _ in records])
    ledger = Ledger(target.version)
    reader = streams.Reader(target.kinesis, target.output, "LATEST")
    reader.read()  # LATEST becomes a place in the stream now, and not with the first reading of the thread
    collector = Collector(ledger, reader, target.s3, target.bucket)
    with collector:
        puts = streams.put(target.kinesis, target.source, records, rate)
        for count, (put, answer) in enumerate(zip(puts, answers, strict=True), 1):
            collector.check()
            ledger.enter(put, answer)
            step.note(f"{count} of {len(records)} events put, {ledger.answered} answered")
        ledger.all_entered()
        collector.wait(patience or Patience(), step)
    collector.drain()
    ledger.close()
    return ledger
