"""The function's settings, from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

REQUIRED = ("PREDICTIONS_STREAM_NAME", "MODEL_BUCKET", "RUN_ID", "FAILED_EVENTS_BUCKET")


class ConfigurationError(Exception):
    """A setting is missing or wrong; the function cannot start."""


@dataclass(frozen=True)
class Settings:
    """Settings of the function.

    `model_location` replaces the search for the run's model. `shadow_run_id` is the run of a second model, whose
    answers go to logs and metrics only.
    """

    predictions_stream: str
    model_bucket: str
    run_id: str
    failed_events_bucket: str
    model_location: str | None = None
    log_level: str = "INFO"
    shadow_run_id: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            ConfigurationError: names every required variable that is missing or empty.
        """
        missing = [name for name in REQUIRED if not environment.get(name)]
        if missing:
            raise ConfigurationError(
                f"environment variables of the function are missing or empty: {', '.join(missing)}"
            )
        return cls(
            predictions_stream=environment["PREDICTIONS_STREAM_NAME"],
            model_bucket=environment["MODEL_BUCKET"],
            run_id=environment["RUN_ID"],
            failed_events_bucket=environment["FAILED_EVENTS_BUCKET"],
            model_location=environment.get("MODEL_LOCATION") or None,
            log_level=environment.get("LOG_LEVEL") or "INFO",
            shadow_run_id=environment.get("SHADOW_RUN_ID") or None,
        )
