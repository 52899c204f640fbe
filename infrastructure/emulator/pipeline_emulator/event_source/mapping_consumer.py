"""Keeps one consumer on every readable shard of a mapping's stream."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from pipeline_emulator.event_source.batch_run import Outcome, backoff
from pipeline_emulator.event_source.destination import FailureDestination
from pipeline_emulator.event_source.invoker import LambdaInvoker
from pipeline_emulator.event_source.lane import Lane
from pipeline_emulator.event_source.progress import MappingProgress
from pipeline_emulator.event_source.records import EventSource
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shard_consumer import ShardConsumer
from pipeline_emulator.event_source.shards import Shard, begin, position, readable
from pipeline_emulator.event_source.source import KinesisSource
from pipeline_emulator.event_source.stop import Stop

LOG = logging.getLogger(__name__)

# Besides at the end of a shard, the stream is listed again now and then.
LISTING_INTERVAL_SECONDS = 30.0


class MappingConsumer:
    """Reads a whole stream for a mapping: `run` blocks until `stop`."""

    def __init__(
        self,
        settings: MappingSettings,
        role_arn: str,
        progress: MappingProgress,
        report: Callable[[Outcome], None],
        stop: Stop,
    ) -> None:
        """Prepare to go on from `progress`, with the permissions of `role_arn`; `report` hears of every outcome."""
        self._settings = settings
        self._progress = progress
        self._report = report
        self._stop = stop
        self._source = KinesisSource(settings, role_arn)
        self._event_source = EventSource(settings.event_source_arn, settings.region, role_arn)
        self._invoker = LambdaInvoker(settings)
        self._destination = FailureDestination(settings, role_arn)
        self._consumers: dict[str, ShardConsumer] = {}
        self._changed = threading.Event()

    def run(self, started: Callable[[], None]) -> None:
        """Read until stopped; `started` is called once the starting positions are taken, or cannot be taken yet."""
        errors = 0
        first_start = self._progress.started_at is None
        while not self._stop.requested.is_set():
            self._changed.clear()
            try:
                self._start_readable_shards(first_start)
                first_start, errors, wait = False, 0, LISTING_INTERVAL_SECONDS
            except (ClientError, BotoCoreError) as error:
                errors += 1
                level = logging.WARNING if errors == 1 else logging.DEBUG
                LOG.log(level, "Mapping %s cannot list its shards: %s", self._settings.uuid, error)
                wait = backoff(errors)
            started()
            if not self._stop.requested.is_set():
                self._changed.wait(wait)
        for consumer in self._consumers.values():
            consumer.join()

    def wake(self) -> None:
        """Let every thread look at its stop request."""
        self._changed.set()
        for consumer in list(self._consumers.values()):
            consumer.wake()

    def _start_readable_shards(self, first_start: bool) -> None:
        self._consumers = {key: consumer for key, consumer in self._consumers.items() if consumer.is_alive}
        shards = self._source.shards()
        if self._progress.started_at is None:
            begin(self._progress, shards, self._settings, datetime.now(UTC))
        fresh = [
            self._consumer(shard, first_start)
            for shard in readable(shards, self._progress.finished)
            if shard.shard_id not in self._consumers
        ]
        for consumer in fresh:
            self._consumers[consumer.shard_id] = consumer
            consumer.start()
        if self._stop.requested.is_set():
            self.wake()

    def _consumer(self, shard: Shard, first_start: bool) -> ShardConsumer:
        progress = self._progress.shard(shard.shard_id)

        def make_lane(shard_id: str, number: int) -> Lane:
            return Lane(
                f"esm-{self._settings.uuid[:8]}-{shard_id}-lane-{number}",
                shard_id,
                self._settings,
                progress,
                self._invoker,
                self._destination,
                self._report,
                self._stop,
            )

        return ShardConsumer(
            shard.shard_id,
            position(shard.shard_id, self._progress, self._settings, first_start),
            lambda: position(shard.shard_id, self._progress, self._settings, first_start=False),
            self._settings,
            progress,
            self._source,
            self._event_source,
            make_lane,
            self._stop,
            self._changed,
        )
