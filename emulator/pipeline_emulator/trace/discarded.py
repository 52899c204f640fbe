"""A record that a mapping gave up, as the API presents it."""

from dataclasses import dataclass
from typing import Any

from pipeline_emulator.event_source.batch_run import Discard
from pipeline_emulator.event_source.settings import MappingSettings


@dataclass(frozen=True, slots=True)
class Discarded:
    """A record that a mapping gave up; the record itself is not kept.

    Attributes:
        number: of this one since LocalStack's start, from 1.
        settings: of the mapping.
        shard_id, sequence_number: of the record.
        condition: why it was given up.
        error: the function's error in the last attempt; None without one.
        invocations: how often the function was invoked with it.
    """

    number: int
    settings: MappingSettings
    shard_id: str
    sequence_number: int
    condition: str
    error: str | None
    invocations: int

    @classmethod
    def of(
        cls, number: int, settings: MappingSettings, shard_id: str, sequence_number: int, discard: Discard
    ) -> "Discarded":
        """Return one record of a discard."""
        error = discard.invocation.function_error if discard.invocation else None
        return cls(number, settings, shard_id, sequence_number, discard.condition, error, discard.invoke_count)

    def as_json(self) -> dict[str, Any]:
        """Return it for the API."""
        return {
            "number": self.number,
            "function": self.settings.function_arn,
            "event_id": f"{self.shard_id}:{self.sequence_number}",
            "condition": self.condition,
            "error": self.error,
            "invocations": self.invocations,
            "destination": self.settings.on_failure_destination,
        }
