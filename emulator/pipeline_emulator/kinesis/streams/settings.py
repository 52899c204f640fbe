"""The user's settings for streams."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Settings of all streams of a LocalStack."""

    latency_seconds: float = 0.0
    """Duration of creations, changes and deletions."""
    enforce_limits: bool = False
    """Whether the rate limits of shards apply, and how often a stream can be scaled."""
    memory_limit_bytes: int = 1024 * 2**20
    """Maximum memory of all records together; the oldest are dropped first."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "StreamSettings":
        """Read KINESIS_LATENCY_MS, KINESIS_ENFORCE_LIMITS and KINESIS_MEMORY_LIMIT_MB.

        Raises:
            ValueError: one of them is not a number; the message names it.
        """
        return cls(
            latency_seconds=_number(environment, "KINESIS_LATENCY_MS", 0) / 1000,
            enforce_limits=environment.get("KINESIS_ENFORCE_LIMITS", "").lower() in {"1", "true"},
            memory_limit_bytes=int(_number(environment, "KINESIS_MEMORY_LIMIT_MB", 1024) * 2**20),
        )


def _number(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"{name}={text}: must be a number") from error
    if not 0 <= number < float("inf"):
        raise ValueError(f"{name}={text}: must be zero or more")
    return number
