"""Changes to a stream's settings: retention, mode, record size, encryption and shard-level metrics."""

from collections.abc import Iterator
from contextlib import contextmanager

from localstack.aws.api import RequestContext, handler

from pipeline_emulator.kinesis.provider.base import Operations, Request, Response
from pipeline_emulator.kinesis.streams.errors import InvalidArgumentError
from pipeline_emulator.kinesis.streams.stream import (
    LONGEST_RETENTION_HOURS,
    SHORTEST_RETENTION_HOURS,
    Stream,
)

METRICS = frozenset(
    {
        "IncomingBytes",
        "IncomingRecords",
        "OutgoingBytes",
        "OutgoingRecords",
        "WriteProvisionedThroughputExceeded",
        "ReadProvisionedThroughputExceeded",
        "IteratorAgeMilliseconds",
    }
)


class ConfigurationOperations(Operations):
    """The operations that change settings. Afterwards the stream is UPDATING for KINESIS_LATENCY_MS."""

    @handler("IncreaseStreamRetentionPeriod", expand=False)
    def increase_stream_retention_period(self, context: RequestContext, request: Request) -> None:
        """Increase the retention."""
        hours = _retention(request)
        with self._changing(context, request) as stream:
            if hours < stream.retention_hours:
                raise InvalidArgumentError(
                    f"Requested retention period ({hours} hours) for stream {stream.name.name} can not be shorter than"
                    f" existing retention period ({stream.retention_hours} hours). Use DecreaseRetentionPeriod API."
                )
            stream.set_retention(hours)

    @handler("DecreaseStreamRetentionPeriod", expand=False)
    def decrease_stream_retention_period(self, context: RequestContext, request: Request) -> None:
        """Decrease the retention; older records are gone at once."""
        hours = _retention(request)
        with self._changing(context, request) as stream:
            if hours > stream.retention_hours:
                raise InvalidArgumentError(
                    f"Requested retention period ({hours} hours) for stream {stream.name.name} can not be longer than"
                    f" existing retention period ({stream.retention_hours} hours). Use IncreaseRetentionPeriod API."
                )
            stream.set_retention(hours)

    @handler("UpdateStreamMode", expand=False)
    def update_stream_mode(self, context: RequestContext, request: Request) -> None:
        """Change between PROVISIONED and ON_DEMAND; the shards stay."""
        mode, warm_throughput = request["StreamModeDetails"]["StreamMode"], request.get("WarmThroughputMiBps")
        self.require_warm_throughput(context, mode, warm_throughput)
        with self._changing(context, request) as stream:
            stream.mode, stream.warm_throughput = mode, warm_throughput

    @handler("UpdateMaxRecordSize", expand=False)
    def update_max_record_size(self, context: RequestContext, request: Request) -> None:
        """Change the maximum record size."""
        with self._changing(context, request) as stream:
            stream.largest_record_kib = request["MaxRecordSizeInKiB"]

    @handler("StartStreamEncryption", expand=False)
    def start_stream_encryption(self, context: RequestContext, request: Request) -> None:
        """Store the key id. Nothing is encrypted, in memory or in the file (PERSISTENCE=1)."""
        if request["EncryptionType"] != "KMS":
            raise InvalidArgumentError("EncryptionType must be KMS.")
        with self._changing(context, request) as stream:
            stream.key_id = request["KeyId"]

    @handler("StopStreamEncryption", expand=False)
    def stop_stream_encryption(self, context: RequestContext, request: Request) -> None:
        """Remove the key id."""
        with self._changing(context, request) as stream:
            stream.key_id = None

    @handler("EnableEnhancedMonitoring", expand=False)
    def enable_enhanced_monitoring(self, context: RequestContext, request: Request) -> Response:
        """Enable shard-level metrics."""
        return self._monitor(context, request, enable=True)

    @handler("DisableEnhancedMonitoring", expand=False)
    def disable_enhanced_monitoring(self, context: RequestContext, request: Request) -> Response:
        """Disable shard-level metrics."""
        return self._monitor(context, request, enable=False)

    def _monitor(self, context: RequestContext, request: Request, *, enable: bool) -> Response:
        named = set(request["ShardLevelMetrics"])
        chosen = METRICS if "ALL" in named else named
        with self._changing(context, request) as stream:
            current = set(stream.metrics)
            stream.metrics = current | chosen if enable else current - chosen
        return {
            "StreamName": stream.name.name,
            "StreamARN": stream.name.arn,
            "CurrentShardLevelMetrics": sorted(current),
            "DesiredShardLevelMetrics": sorted(stream.metrics),
        }

    @contextmanager
    def _changing(self, context: RequestContext, request: Request) -> Iterator[Stream]:
        stream = self.stream(context, request)
        stream.require_active()
        with stream.changing():
            yield stream
        stream.begin("UPDATING")


def _retention(request: Request) -> int:
    hours: int = request["RetentionPeriodHours"]
    text = f"allowed retention period is {{}} hours. Requested retention period ({hours} hours) is too"
    if hours < SHORTEST_RETENTION_HOURS:
        raise InvalidArgumentError(f"Minimum {text.format(SHORTEST_RETENTION_HOURS)} short.")
    if hours > LONGEST_RETENTION_HOURS:
        raise InvalidArgumentError(f"Maximum {text.format(LONGEST_RETENTION_HOURS)} long.")
    return hours
