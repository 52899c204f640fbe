"""Notifications of puts."""

import threading

import pytest

from pipeline_emulator.kinesis.activity import ShardKey, StreamActivity

pytestmark = pytest.mark.local_only

SHARD: ShardKey = ("000000000000", "ap-south-1", "stream", "shardId-000000000000")
OTHER: ShardKey = ("000000000000", "ap-south-1", "stream", "shardId-000000000001")


def test_put_wakes_every_subscriber_of_its_shard_only() -> None:
    activity = StreamActivity()
    first, second, other = threading.Event(), threading.Event(), threading.Event()
    with activity.subscribed(SHARD, first), activity.subscribed(SHARD, second), activity.subscribed(OTHER, other):
        activity.notify(SHARD)
        assert (first.is_set(), second.is_set(), other.is_set()) == (True, True, False)


def test_unsubscribed_event_is_not_set() -> None:
    activity = StreamActivity()
    event = threading.Event()
    with activity.subscribed(SHARD, event):
        pass
    activity.notify(SHARD)
    assert not event.is_set()
