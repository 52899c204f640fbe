"""What was acknowledged and is gone: GET /_pipeline/kinesis/losses."""

import json
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOG = logging.getLogger(__name__)
PATH = "/_pipeline/kinesis/losses"


@dataclass
class Losses:
    """What the last LocalStack acknowledged and this one could not load.

    Attributes:
        records: records that are gone, by stream. Records of a stream that is gone itself are under None.
        unknown: why losses cannot be counted, or empty if they can.
    """

    records: Counter[str | None] = field(default_factory=Counter)
    unknown: str = ""

    def report(self, file: Path) -> None:
        """Log a warning if anything is gone, or may be."""
        if self.unknown:
            LOG.warning("%s: whether acknowledged records are gone is not known: %s", file, self.unknown)
        if total := self.records.total():
            LOG.warning(
                "%s: %d acknowledged records are gone (%s). The file's write-ahead log (-wal) or the file itself was"
                " damaged, removed or replaced by an older one.",
                file,
                total,
                ", ".join(f"{name or 'streams that are gone, too'}: {count}" for name, count in self.records.items()),
            )

    def as_json(self) -> dict[str, Any]:
        """Return the report as the API presents it."""
        by_stream = [{"stream": name, "records": count} for name, count in self.records.items()]
        return {"records": self.records.total(), "streams": by_stream, "unknown": self.unknown or None}


def compare(acknowledged: Mapping[int, int], stored: Mapping[int, tuple[str, int]]) -> Losses:
    """Return the losses.

    Args:
        acknowledged: counters of shards, by creation time, as they were acknowledged.
        stored: stream and counter of the shards in the database.
    """
    losses = Losses()
    for created, counter in acknowledged.items():
        stream, present = stored.get(created, (None, 0))
        if counter > present:
            losses.records[stream] += counter - present
    return losses


def install(losses: Losses) -> None:
    """Add the path to the gateway's router."""
    from localstack.http import Response
    from localstack.services.edge import ROUTER

    def handle(_request: Any, _arguments: Any = None) -> Any:
        return Response(json.dumps(losses.as_json()), mimetype="application/json")

    ROUTER.add(PATH, endpoint=handle, methods=["GET"])
