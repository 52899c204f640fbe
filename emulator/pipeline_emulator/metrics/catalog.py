"""Every metric that is counted here: unit, dimensions and meaning. docs/metrics.md has it as a table."""

from dataclasses import dataclass

COUNT, BYTES, MILLISECONDS = "Count", "Bytes", "Milliseconds"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Attributes:
        name: as in CloudWatch.
        unit: CloudWatch's name of its unit.
        meaning: what one value is.
    """

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Group:
    """Metrics with the same dimensions.

    Attributes:
        title: what they are about.
        namespace: CloudWatch's.
        dimensions: sets of dimensions; each value is counted once for each set.
        when: when they are counted, if not always.
        metrics: the metrics.
    """

    title: str
    namespace: str
    dimensions: tuple[tuple[str, ...], ...]
    when: str
    metrics: tuple[Metric, ...]


_THROTTLED_WRITES = Metric("WriteProvisionedThroughputExceeded", COUNT, "records refused because of the shard's limits")
_THROTTLED_READS = Metric(
    "ReadProvisionedThroughputExceeded", COUNT, "GetRecords refused because of the shard's limits"
)

GROUPS: tuple[Group, ...] = (
    Group(
        "Streams",
        "AWS/Kinesis",
        (("StreamName",),),
        "",
        (
            Metric("IncomingRecords", COUNT, "records put"),
            Metric("IncomingBytes", BYTES, "their data and partition keys"),
            _THROTTLED_WRITES,
            _THROTTLED_READS,
            Metric("PutRecord.Bytes", BYTES, "put by a PutRecord: data and partition key"),
            Metric("PutRecord.Latency", MILLISECONDS, "duration of a PutRecord"),
            Metric("PutRecord.Success", COUNT, "1 if the record was put, 0 if it was refused"),
            Metric("PutRecords.Bytes", BYTES, "put by a PutRecords: data and partition keys"),
            Metric("PutRecords.Latency", MILLISECONDS, "duration of a PutRecords"),
            Metric("PutRecords.Success", COUNT, "1 if at least one record was put"),
            Metric("PutRecords.Records", COUNT, "records put"),
            Metric("PutRecords.TotalRecords", COUNT, "records in the request"),
            Metric("PutRecords.SuccessfulRecords", COUNT, "records put"),
            Metric("PutRecords.FailedRecords", COUNT, "records that failed by an internal error: always 0"),
            Metric("PutRecords.ThrottledRecords", COUNT, "records refused because of the shard's limits"),
            Metric("GetRecords.Bytes", BYTES, "read by a GetRecords: data and partition keys"),
            Metric(
                "GetRecords.IteratorAgeMilliseconds", MILLISECONDS, "age of the last record read; 0 if there was none"
            ),
            Metric("GetRecords.Latency", MILLISECONDS, "duration of a GetRecords"),
            Metric("GetRecords.Records", COUNT, "records read"),
            Metric("GetRecords.Success", COUNT, "1 if it was answered, 0 if it was refused"),
        ),
    ),
    Group(
        "Shards",
        "AWS/Kinesis",
        (("StreamName", "ShardId"),),
        "those that EnableEnhancedMonitoring has selected",
        (
            Metric("IncomingRecords", COUNT, "records put"),
            Metric("IncomingBytes", BYTES, "their data and partition keys"),
            Metric("OutgoingRecords", COUNT, "records read"),
            Metric("OutgoingBytes", BYTES, "their data and partition keys"),
            Metric("IteratorAgeMilliseconds", MILLISECONDS, "age of the last record read; 0 if there was none"),
            _THROTTLED_WRITES,
            _THROTTLED_READS,
        ),
    ),
    Group(
        "Functions",
        "AWS/Lambda",
        ((), ("FunctionName",), ("FunctionName", "Resource"), ("FunctionName", "Resource", "ExecutedVersion")),
        "`Resource` is the function with the invoked version or alias; `ExecutedVersion` is there behind an alias "
        "only, and not for the last two",
        (
            Metric("Invocations", COUNT, "1 for each invocation that ran"),
            Metric("Errors", COUNT, "1 if it ended with a function error, 0 if not"),
            Metric("Throttles", COUNT, "1 for each invocation refused for lack of concurrency, 0 for one that ran"),
            Metric("Duration", MILLISECONDS, "time in which the function worked on the event"),
            Metric(
                "IteratorAge",
                MILLISECONDS,
                "age of the last record of a batch from Kinesis when it is sent; again for each retry",
            ),
            Metric("DestinationDeliveryFailures", COUNT, "failed attempts to write to a failure destination"),
        ),
    ),
    Group(
        "Event source mappings",
        "AWS/Lambda",
        (("EventSourceMappingUUID",),),
        "if the mapping's MetricsConfig has EventCount",
        (
            Metric("PolledEventCount", COUNT, "records read from the stream"),
            Metric("FilteredOutEventCount", COUNT, "records that no filter pattern matches"),
            Metric("InvokedEventCount", COUNT, "records with which the function was invoked; again for each retry"),
            Metric("FailedInvokeEventCount", COUNT, "records of an invocation that the function reported as failed"),
            Metric("DroppedEventCount", COUNT, "records given up without a failure destination that took them"),
            Metric("OnFailureDestinationDeliveredEventCount", COUNT, "records sent to the failure destination"),
            Metric("DeletedEventCount", COUNT, "messages of a queue deleted after the function processed them"),
        ),
    ),
)

UNITS = {metric.name: metric.unit for group in GROUPS for metric in group.metrics}


def documentation() -> str:
    """Return a table for each group, as Markdown."""
    return "\n".join(_section(group) for group in GROUPS)


def _section(group: Group) -> str:
    sets = "; ".join(", ".join(f"`{name}`" for name in names) or "none" for names in group.dimensions)
    lines = [f"### {group.title}", "", f"Namespace `{group.namespace}`. Dimensions: {sets}."]
    lines += [f"Counted: {group.when}."] if group.when else []
    lines += ["", "| metric | unit | a value is |", "|---|---|---|"]
    lines += [f"| `{one.name}` | {one.unit} | {one.meaning} |" for one in group.metrics]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(documentation())
