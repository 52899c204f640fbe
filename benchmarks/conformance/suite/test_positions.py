"""Where a new mapping starts reading."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

pytestmark = pytest.mark.aws_valid


def test_trim_horizon(scene: Any) -> None:
    """TRIM_HORIZON: every record that the stream holds.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    scene.create_stream(shards=2)
    scene.put(1, 2, shard=0)
    scene.put(3, 4, shard=1)
    scene.map(StartingPosition="TRIM_HORIZON")
    scene.await_ids({1, 2, 3, 4})


def test_latest(scene: Any) -> None:
    """LATEST: only records that are put after the mapping.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    scene.create_stream()
    scene.put("before")
    scene.map(StartingPosition="LATEST")
    numbers = itertools.count()
    # A mapping may take a while to start reading, so keep putting records until it does.
    scene.eventually(lambda: scene.put(next(numbers)) and scene.delivered(), "delivery of a record put later")
    assert "before" not in scene.delivered(), "a record put before the mapping was delivered"


def test_at_timestamp(scene: Any) -> None:
    """AT_TIMESTAMP: records from that time on.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    scene.create_stream()
    scene.put(1)
    put_at = datetime.now(UTC)
    # Whole seconds, the API's resolution. Two, because arrival times are approximate.
    scene.eventually(lambda: (datetime.now(UTC) - put_at).total_seconds() > 2, "two seconds after the first record")
    start = datetime.now(UTC).replace(microsecond=0)
    scene.put(2)
    scene.map(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=start)
    scene.await_ids({2})
    assert scene.delivered() == [2], f"delivered {scene.delivered()}, of which only 2 was put after the time"
