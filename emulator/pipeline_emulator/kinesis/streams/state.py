"""A stream's settings as JSON values, to store them and to restore them on a new stream object."""

from collections.abc import Mapping
from typing import Any

from pipeline_emulator.kinesis.streams.stream import Stream


def settings(stream: Stream) -> dict[str, Any]:
    """Return a stream's settings. The caller holds its lock."""
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


def apply(stream: Stream, stored: Mapping[str, Any]) -> None:
    """Restore the settings that `settings` returned."""
    stream.mode = stored["mode"]
    stream.begins_at = stored["begins_at"]
    stream.restore_retention(stored["retention_hours"])
    stream.warm_throughput = stored["warm_throughput"]
    stream.largest_record_kib = stored["largest_record_kib"]
    stream.key_id = stored["key_id"]
    stream.metrics = set(stored["metrics"])
    stream.tags = dict(stored["tags"])
    stream.policies = dict(stored["policies"])
    for name, created_at, tags in stored["consumers"]:
        stream.consumers.restore(name, created_at, tags)
