"""Faults of streams: records that are refused as throttled, and reads within this process that fail."""

from pipeline_emulator.faults.rules import FAULTS, INJECTED, PUT_RECORDS
from pipeline_emulator.kinesis.streams.stream import Stream


def admit_records(stream: Stream, count: int) -> list[bool] | None:
    """Return which of `count` records a put may write; None while there is no rule."""
    if not FAULTS.active:
        return None
    name = stream.name.name
    return [FAULTS.strike(PUT_RECORDS, "throttle-records", resource=name) is None for _ in range(count)]


def refuse_operation(operation: str, stream_arn: str) -> tuple[str, str] | None:
    """Return the error (code and message) that an operation on a stream is refused with, or None."""
    rule = FAULTS.strike(operation, "error", resource=stream_arn)
    return (rule.code, INJECTED) if rule else None
