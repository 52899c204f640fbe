"""Faults in streams: throttled records, and failing reads from within this process."""

from pipeline_emulator.faults.rules import FAULTS, INJECTED, PUT_RECORDS
from pipeline_emulator.kinesis.streams.stream import Stream


def admit_records(stream: Stream, count: int) -> list[bool] | None:
    """Return which of `count` records a put may write, or None if no rule is in force."""
    if not FAULTS.active:
        return None
    name = stream.name.name
    return [FAULTS.strike(PUT_RECORDS, "throttle-records", resource=name) is None for _ in range(count)]


def refuse_operation(operation: str, stream_arn: str) -> tuple[str, str] | None:
    """Return the error (code and message) with which an operation on a stream is refused, or None."""
    rule = FAULTS.strike(operation, "error", resource=stream_arn)
    return (rule.code, INJECTED) if rule else None
