"""Runs one consumer for every readable shard of a mapping's stream."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from pipeline_emulator.event_source.batch_run import Outcome
from pipeline_emulator.event_source.destination import FailureDestination
from pipeline_emulator.event_source.invoker import LambdaInvoker
from pipeline_emulator.event_source.lane import Lane
from pipeline_emulator.event_source.progress import MappingProgress
from pipeline_emulator.event_source.records import Events, EventSource
from pipeline_emulator.event_source.retries import backoff
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shard_consumer import ShardConsumer
from pipeline_emulator.event_source.shards import Shard, begin, position, readable
from pipeline_emulator.event_source.source import KinesisSource, PositionRefusedError, Source
from pipeline_emulator.event_source.stop import Stop

LOG = logging.getLogger(__name__)

# The shards are listed at the end of a shard, and at this interval.
LISTING_INTERVAL_SECONDS = 30.0
READING_ERRORS = (ClientError, BotoCoreError, PositionRefusedError)
# Logs the first error as a warning, and then about one a minute if errors persist (retries are 5 s apart then).
ERRORS_PER_WARNING = 12


class MappingConsumer:
    """Reads all shards of a stream for a mapping; `run` blocks until `stop`."""

    def __init__(
        self,
        settings: MappingSettings,
        role_arn: str,
        progress: MappingProgress,
        report: Callable[[Outcome], None],
        stop: Stop,
    ) -> None:
        """Continue from `progress` with the permissions of `role_arn`; `report` is called with every outcome."""
        self._settings = settings
        self._progress = progress
        self._report = report
        self._stop = stop
        self._source, self._event_source = _reader(settings, role_arn)
        self._invoker = LambdaInvoker(settings)
        self._destination = FailureDestination(settings, role_arn)
        self._consumers: dict[str, ShardConsumer] = {}
        self._changed = threading.Event()

    def run(self, started: Callable[[], None]) -> None:
        """Read until stopped; `started` is called after each attempt to start reading, successful or not."""
        errors = 0
        # LATEST means the end of the stream at the first attempt. If only a later attempt succeeds, this time replaces
        # it: the mapping is already enabled, so records put since then must be delivered.
        began = datetime.now(UTC)
        first_start = self._progress.started_at is None
        while not self._stop.requested.is_set():
            self._changed.clear()
            try:
                self._start_readable_shards(began, first_start)
                errors, wait = 0, LISTING_INTERVAL_SECONDS
            except READING_ERRORS as error:
                errors += 1
                level = logging.WARNING if errors % ERRORS_PER_WARNING == 1 else logging.DEBUG
                LOG.log(level, "Mapping %s cannot read all its shards: %s", self._settings.uuid, error)
                wait = backoff(errors)
            first_start = False
            started()
            if not self._stop.requested.is_set():
                self._changed.wait(wait)
        for consumer in self._consumers.values():
            consumer.join()

    def wake(self) -> None:
        """Make every thread check its stop request."""
        self._changed.set()
        for consumer in list(self._consumers.values()):
            consumer.wake()

    def _start_readable_shards(self, began: datetime, first_start: bool) -> None:
        """Start reading the readable shards. A failing one does not hold up the others; its error is raised last."""
        self._consumers = {key: consumer for key, consumer in self._consumers.items() if consumer.is_alive}
        if not self._progress.check_stream(self._source.created()):
            LOG.warning("Mapping %s: its stream was recreated and is read from the start", self._settings.uuid)
        shards = self._source.shards()
        if self._progress.started_at is None:
            begin(self._progress, shards, self._settings, began)
        fresh, error = self._new_consumers(shards, first_start)
        for consumer in fresh:
            self._consumers[consumer.shard_id] = consumer
            consumer.start()
        if self._stop.requested.is_set():
            self.wake()
        if error:
            raise error

    def _new_consumers(self, shards: list[Shard], first_start: bool) -> tuple[list[ShardConsumer], Exception | None]:
        """Return a new consumer for each readable shard, and the last error of those that failed."""
        fresh: list[ShardConsumer] = []
        last_error: Exception | None = None
        for shard in readable(shards, self._progress.finished):
            if shard.shard_id not in self._consumers:
                try:
                    fresh.append(self._consumer(shard, first_start))
                except READING_ERRORS as error:
                    last_error = error
        return fresh, last_error

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


def _reader(settings: MappingSettings, role_arn: str) -> tuple[Source, Events]:
    """Return what reads the stream of a mapping, and what makes events of its records."""
    if settings.source.service == "dynamodb":
        # Most emulators have no tables, and moto's modules of them are large.
        from pipeline_emulator.event_source.tables import TableEvents, TableSource

        return TableSource(settings, role_arn), TableEvents(settings.source)
    return (
        KinesisSource(settings, role_arn),
        EventSource(settings.event_source_arn, settings.source.region, role_arn),
    )
