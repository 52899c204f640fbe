"""What a stage is reckoned to do: all that its cost depends on and Terraform does not know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """A load, and the sizes and times it is reckoned with.

    Attributes:
        rate: events per second, evenly over the month and the shards.
        duration_ms: of an invocation; None takes the two measured values below, for the stage's memory.
        invocation_ms: of an invocation with one event, warm, on a whole core (docs/performance.md: "Invoke, warm, p50",
            containers).
        event_ms: processor time of the function per further event
            (docs/decisions/2026-11-24-emulator-speed.md: 0.06 s per 1,000 events).
        event_bytes: an event with its partition key.
        prediction_bytes: a prediction with its partition key.
        log_bytes: of an invocation: Lambda's START, END and REPORT and a line of the function, with 26 bytes for each.
        invalid_share: share of events that go to the failed-events bucket, one object each.
        failed_bytes: of such an object.
        image_bytes: of an image (docs/performance.md, uncompressed; ECR bills the compressed and shares layers).
        model_bytes: of all models in the bucket.
        state_bytes: of all versions of the Terraform state.
    """

    rate: float
    duration_ms: float | None = None
    invocation_ms: float = 7.74
    event_ms: float = 0.06
    event_bytes: int = 110
    prediction_bytes: int = 250
    log_bytes: int = 830
    invalid_share: float = 0.001
    failed_bytes: int = 1000
    image_bytes: int = 221 * 10**6
    model_bytes: int = 10**8
    state_bytes: int = 10**7
