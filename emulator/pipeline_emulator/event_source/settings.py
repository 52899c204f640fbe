"""The settings of one event source mapping, read from LocalStack's EventSourceMappingConfiguration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline_emulator.arn import Arn, parse_arn
from pipeline_emulator.kinesis.streams.identity import StreamName, split_arn

# "Lambda parameters for Amazon Kinesis Data Streams event source mappings":
# https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
DEFAULT_BATCH_SIZE = 100
REPORT_BATCH_ITEM_FAILURES = "ReportBatchItemFailures"


@dataclass(frozen=True)
class MappingSettings:
    """The settings of a mapping; ages and windows are in seconds, None means no limit, a tumbling window of 0 none."""

    uuid: str
    function_arn: str
    event_source_arn: str
    batch_size: int = DEFAULT_BATCH_SIZE
    batching_window: float = 0.0
    maximum_retry_attempts: int | None = None
    maximum_record_age: float | None = None
    bisect_on_error: bool = False
    parallelization_factor: int = 1
    report_batch_item_failures: bool = False
    on_failure_destination: str | None = None
    event_count_metrics: bool = False
    tumbling_window: int = 0
    starting_position: str = "TRIM_HORIZON"
    starting_timestamp: datetime | None = None
    filter_patterns: tuple[dict[str, Any], ...] = ()

    @property
    def source(self) -> Arn:
        """The ARN of the event source, in parts."""
        return parse_arn(self.event_source_arn)

    @property
    def stream(self) -> StreamName:
        """The Kinesis stream to read, even if the event source is one of its enhanced fan-out consumers."""
        return split_arn(self.event_source_arn)[0]

    @property
    def stream_arn(self) -> str:
        """The ARN of the stream to read, of Kinesis or of a table."""
        return self.stream.arn if self.source.service == "kinesis" else self.event_source_arn

    @property
    def stream_name(self) -> str:
        """The name of the stream; `table/<name>` if it is a table's."""
        source = self.source
        return self.stream.name if source.service == "kinesis" else source.resource.partition("/stream/")[0]

    @property
    def consumer(self) -> str | None:
        """The name of the enhanced fan-out consumer that is the event source, or None if it is the stream."""
        return split_arn(self.event_source_arn)[1]

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "MappingSettings":
        """Parse an EventSourceMappingConfiguration; -1 and missing values mean "no limit"."""
        destination = (configuration.get("DestinationConfig") or {}).get("OnFailure") or {}
        filters = (configuration.get("FilterCriteria") or {}).get("Filters") or []
        return cls(
            uuid=configuration["UUID"],
            function_arn=configuration["FunctionArn"],
            event_source_arn=configuration["EventSourceArn"],
            batch_size=configuration.get("BatchSize") or DEFAULT_BATCH_SIZE,
            batching_window=float(configuration.get("MaximumBatchingWindowInSeconds") or 0),
            maximum_retry_attempts=_limit(configuration.get("MaximumRetryAttempts"), smallest=0),
            maximum_record_age=_limit(configuration.get("MaximumRecordAgeInSeconds"), smallest=1),
            bisect_on_error=bool(configuration.get("BisectBatchOnFunctionError")),
            parallelization_factor=configuration.get("ParallelizationFactor") or 1,
            report_batch_item_failures=REPORT_BATCH_ITEM_FAILURES in (configuration.get("FunctionResponseTypes") or []),
            on_failure_destination=destination.get("Destination") or None,
            event_count_metrics="EventCount" in ((configuration.get("MetricsConfig") or {}).get("Metrics") or []),
            tumbling_window=configuration.get("TumblingWindowInSeconds") or 0,
            starting_position=str(configuration.get("StartingPosition") or "TRIM_HORIZON"),
            starting_timestamp=_timestamp(configuration.get("StartingPositionTimestamp")),
            filter_patterns=tuple(json.loads(entry["Pattern"]) for entry in filters if entry.get("Pattern")),
        )


def _limit(value: int | None, smallest: int) -> int | None:
    return None if value is None or value < smallest else value


def _timestamp(value: datetime | float | str | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromtimestamp(float(value), UTC)
