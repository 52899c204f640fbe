"""Reads one shard to its end, independently of the others, and feeds its lanes."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack import config

from pipeline_emulator.event_source import hooks
from pipeline_emulator.event_source.batching import lane_of
from pipeline_emulator.event_source.filters import RecordFilter
from pipeline_emulator.event_source.lane import Lane
from pipeline_emulator.event_source.progress import ShardProgress
from pipeline_emulator.event_source.records import Events, SourceRecord, StreamRecord, stream_record
from pipeline_emulator.event_source.retries import backoff, longest_seconds
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position
from pipeline_emulator.event_source.source import IteratorExpiredError, Page, PositionRefusedError, Source
from pipeline_emulator.event_source.stop import Stop
from pipeline_emulator.kinesis.activity import STREAM_ACTIVITY

LOG = logging.getLogger(__name__)

# Reads are larger than small batches, so that the next batch is ready when an invocation ends.
SMALLEST_READ = 1_000


class RecordsLeftError(Exception):
    """A lane failed with unfinished records: the shard is read again from its checkpoint."""


class ShardConsumer:
    """Reads one shard of one mapping, with a reader thread and one thread per lane."""

    def __init__(
        self,
        shard_id: str,
        position: Position,
        resume_position: Callable[[], Position],
        settings: MappingSettings,
        progress: ShardProgress,
        source: Source,
        event_source: Events,
        make_lane: Callable[[str, int], Lane],
        stop: Stop,
        ended: threading.Event,
    ) -> None:
        """Prepare to read from `position`, or from `resume_position()` if the iterator expires before the first record.

        `ended` is set when the thread ends for any reason.

        Raises:
            PositionRefusedError: the stream has no such position.
            botocore.exceptions.ClientError: getting an iterator failed.
        """
        self.shard_id = shard_id
        self._position = position
        self._resume_position = resume_position
        self._settings = settings
        self._progress = progress
        self._source = source
        self._event_source = event_source
        self._filter = RecordFilter(settings.filter_patterns)
        self._lanes = [make_lane(shard_id, number) for number in range(settings.parallelization_factor)]
        self._stop = stop
        self._ended = ended
        self._put_seen = threading.Event()
        self._iterator: Any = source.iterator(shard_id, position)
        self._last_read: int | None = None
        self._errors = 0
        self._thread = threading.Thread(target=self._run, name=f"esm-{settings.uuid[:8]}-{shard_id}", daemon=True)

    def start(self) -> None:
        """Start reading."""
        self._progress.restart()
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the shard is being read."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until the reader thread and its lanes have ended."""
        self._thread.join()

    def wake(self) -> None:
        """Make every thread check its stop request."""
        self._put_seen.set()
        for lane in self._lanes:
            lane.wake()

    def _run(self) -> None:
        settings = self._settings
        source, stream_arn = settings.source, settings.stream_arn
        for lane in self._lanes:
            lane.start()
        try:
            with STREAM_ACTIVITY.subscribed(
                (source.account, source.region, settings.stream_name, self.shard_id), self._put_seen
            ):
                self._read_to_end()
        except RecordsLeftError:
            LOG.warning("Mapping %s reads %s again from its checkpoint", settings.uuid, self.shard_id)
            self._pause_before_restart()
        except PositionRefusedError as error:
            LOG.warning("The position in %s of %s was refused: %s", self.shard_id, stream_arn, error)
            self._close_lanes()
        except Exception:
            LOG.exception("Reading %s of %s failed unexpectedly; restarting", self.shard_id, stream_arn)
            self._close_lanes()
            self._pause_before_restart()
        finally:
            self._ended.set()

    def _pause_before_restart(self) -> None:
        self._stop.requested.wait(longest_seconds())

    def _read_to_end(self) -> None:
        while not self._stop.requested.is_set():
            # Cleared before the read, so that a put during the read shortens the wait after it.
            self._put_seen.clear()
            self._check_lanes()
            page = self._read()
            if page is None:
                continue
            self._dispatch(page.records)
            if page.next_iterator is None and not page.records:
                self._close_lanes()
                # Interrupted lanes leave records: the shard is finished only if all of them are done.
                self._progress.finished = self._progress.all_done
                self._check_lanes()
                return
            # After the last records of a closed shard, read once more: a server may end the iterator too early.
            self._iterator = page.next_iterator
            if not page.records and page.milliseconds_behind == 0 and not self._stop.requested.is_set():
                self._put_seen.wait(config.LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC)
        self._close_lanes()

    def _check_lanes(self) -> None:
        """Stop reading if a lane has failed, because its records must not be skipped.

        Raises:
            RecordsLeftError: a lane has failed.
        """
        if any(lane.failed for lane in self._lanes):
            for lane in self._lanes:
                lane.abandon()
            self._close_lanes()
            raise RecordsLeftError

    def _read(self) -> Page[SourceRecord] | None:
        """Return the next page, or None after an error that is worth a retry."""
        try:
            if self._iterator is None:
                self._iterator = self._new_iterator()
            page = self._source.read(self._iterator, max(self._settings.batch_size, SMALLEST_READ))
        except IteratorExpiredError:
            self._iterator = None
            return None
        except (ClientError, BotoCoreError) as error:
            self._errors += 1
            level = logging.WARNING if self._errors == 1 else logging.DEBUG
            LOG.log(level, "Reading %s of %s: %s", self.shard_id, self._settings.stream_arn, error)
            self._stop.requested.wait(backoff(self._errors))
            return None
        self._errors = 0
        return page

    def _new_iterator(self) -> Any:
        if self._last_read is not None:
            return self._source.iterator(
                self.shard_id, Position("AFTER_SEQUENCE_NUMBER", sequence_number=self._last_read)
            )
        self._position = self._resume_position()
        return self._source.iterator(self.shard_id, self._position)

    def _dispatch(self, records: Sequence[SourceRecord]) -> None:
        batches: list[list[StreamRecord]] = [[] for _ in self._lanes]
        filtered: list[int] = []
        polled = 0
        for raw in records:
            event = self._event_source.event(self.shard_id, raw)
            record = stream_record(raw, event)
            self._last_read = record.sequence_number
            if not self._position.admits(record.arrival) or not self._progress.register(record.sequence_number):
                continue
            polled += 1
            if self._filter.matches(event):
                batches[lane_of(record.partition_key, len(self._lanes))].append(record)
            else:
                filtered.append(record.sequence_number)
        self._progress.complete(filtered)
        hooks.events_counted(self._settings, "PolledEventCount", polled)
        hooks.events_counted(self._settings, "FilteredOutEventCount", len(filtered))
        for lane, batch in zip(self._lanes, batches, strict=True):
            if batch:
                lane.add(batch)

    def _close_lanes(self) -> None:
        for lane in self._lanes:
            lane.close()
        for lane in self._lanes:
            lane.join()
