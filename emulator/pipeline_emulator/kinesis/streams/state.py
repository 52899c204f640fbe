"""What a user has set on a stream, as JSON values: to be kept, and to be put back on a stream just made."""

from collections.abc import Mapping
from typing import Any

from pipeline_emulator.kinesis.streams.stream import Stream


def settings(stream: Stream) -> dict[str, Any]:
    """Return a stream's settings; its lock is held."""
    return {
        "mode": stream.mode,
        "begins_at": stream.begins_at,
        "retention_hours": stream.retention_hours,
        "warm_throughput": stream.warm_throughput,
        "largest_record_kib": stream.largest_record_kib,
        "key_id": stream.key_id,
        "metrics": sorted(stream.metrics),
        "tags": stream.tags,
        "policies": stream.policies,
        "consumers": [[one.name, one.created_at, one.tags] for one in stream.consumers.all()],
    }


def apply(stream: Stream, kept: Mapping[str, Any]) -> None:
    """Give a stream the settings that `settings` returned."""
    stream.mode = kept["mode"]
    stream.begins_at = kept["begins_at"]
    stream.restore_retention(kept["retention_hours"])
    stream.warm_throughput = kept["warm_throughput"]
    stream.largest_record_kib = kept["largest_record_kib"]
    stream.key_id = kept["key_id"]
    stream.metrics = set(kept["metrics"])
    stream.tags = dict(kept["tags"])
    stream.policies = dict(kept["policies"])
    for name, created_at, tags in kept["consumers"]:
        stream.consumers.restore(name, created_at, tags)
