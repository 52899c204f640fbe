"""Reads one shard to its end, independently of all others, and feeds its lanes."""

import logging
import threading
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError
from localstack import config

from pipeline_emulator.event_source.batch_run import LONGEST_RETRY_SECONDS, backoff
from pipeline_emulator.event_source.batching import lane_of
from pipeline_emulator.event_source.filters import RecordFilter
from pipeline_emulator.event_source.lane import Lane
from pipeline_emulator.event_source.progress import ShardProgress
from pipeline_emulator.event_source.records import EventSource, StreamRecord, stream_record
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position
from pipeline_emulator.event_source.source import IteratorExpiredError, KinesisSource, Page, PositionRefusedError
from pipeline_emulator.event_source.stop import Stop
from pipeline_emulator.kinesis.activity import STREAM_ACTIVITY
from pipeline_emulator.kinesis.streams.iterators import ShardIterator
from pipeline_emulator.kinesis.streams.records import Record

LOG = logging.getLogger(__name__)

# Read ahead of the batches, so that the next one is there when an invocation ends.
SMALLEST_READ = 1_000


class RecordsLeftError(Exception):
    """A lane has left records undone: the shard is read again from its checkpoint."""


class ShardConsumer:
    """One shard of one mapping: a reading thread and the lanes' threads."""

    def __init__(
        self,
        shard_id: str,
        position: Position,
        resume_position: Callable[[], Position],
        settings: MappingSettings,
        progress: ShardProgress,
        source: KinesisSource,
        event_source: EventSource,
        make_lane: Callable[[str, int], Lane],
        stop: Stop,
        ended: threading.Event,
    ) -> None:
        """Prepare to read from `position`; `resume_position` replaces it when an iterator expires before any record.

        `ended` is set when the thread ends for whatever reason.

        Raises:
            PositionRefusedError: the stream has no such position.
            botocore.exceptions.ClientError: there is no iterator to be had.
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
        self._iterator: ShardIterator | None = source.iterator(shard_id, position)
        self._last_read: int | None = None
        self._errors = 0
        self._thread = threading.Thread(target=self._run, name=f"esm-{settings.uuid[:8]}-{shard_id}", daemon=True)

    def start(self) -> None:
        """Start reading."""
        self._progress.restart()
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the shard is still being read."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until the reading thread and its lanes have ended."""
        self._thread.join()

    def wake(self) -> None:
        """Let every thread look at its stop request."""
        self._put_seen.set()
        for lane in self._lanes:
            lane.wake()

    def _run(self) -> None:
        settings = self._settings
        stream = settings.stream
        for lane in self._lanes:
            lane.start()
        try:
            with STREAM_ACTIVITY.subscribed(
                (stream.account, stream.region, stream.name, self.shard_id), self._put_seen
            ):
                self._read_to_end()
        except RecordsLeftError:
            LOG.warning("Mapping %s reads %s again from its checkpoint", settings.uuid, self.shard_id)
            self._pause_before_restart()
        except PositionRefusedError as error:
            LOG.warning("Position in %s of %s is refused: %s", self.shard_id, stream.arn, error)
            self._close_lanes()
        except Exception:
            LOG.exception("Reading %s of %s ended unexpectedly; it starts again", self.shard_id, stream.arn)
            self._close_lanes()
            self._pause_before_restart()
        finally:
            self._ended.set()

    def _pause_before_restart(self) -> None:
        self._stop.requested.wait(LONGEST_RETRY_SECONDS)

    def _read_to_end(self) -> None:
        while not self._stop.requested.is_set():
            # Cleared before the read: a put during the read cuts the wait after it short.
            self._put_seen.clear()
            self._check_lanes()
            page = self._read()
            if page is None:
                continue
            self._dispatch(page.records)
            if page.next_iterator is None and not page.records:
                self._close_lanes()
                # Interrupted lanes leave records behind: the shard is only finished when all of them are done.
                self._progress.finished = self._progress.all_done
                self._check_lanes()
                return
            # After the last records of a closed shard, ask once more: a server may end the iterator too early.
            self._iterator = page.next_iterator
            if not page.records and page.milliseconds_behind == 0 and not self._stop.requested.is_set():
                self._put_seen.wait(config.LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC)
        self._close_lanes()

    def _check_lanes(self) -> None:
        """Give the shard up when a lane has failed: its records would be missing before those of the others."""
        if any(lane.failed for lane in self._lanes):
            for lane in self._lanes:
                lane.abandon()
            self._close_lanes()
            raise RecordsLeftError

    def _read(self) -> Page | None:
        """Return the next page, or None after an error that calls for another attempt."""
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
            LOG.log(level, "Reading %s of %s: %s", self.shard_id, self._settings.stream.arn, error)
            self._stop.requested.wait(backoff(self._errors))
            return None
        self._errors = 0
        return page

    def _new_iterator(self) -> ShardIterator:
        if self._last_read is not None:
            return self._source.iterator(
                self.shard_id, Position("AFTER_SEQUENCE_NUMBER", sequence_number=self._last_read)
            )
        self._position = self._resume_position()
        return self._source.iterator(self.shard_id, self._position)

    def _dispatch(self, records: Sequence[Record]) -> None:
        batches: list[list[StreamRecord]] = [[] for _ in self._lanes]
        filtered: list[int] = []
        for raw in records:
            event = self._event_source.event(self.shard_id, raw)
            record = stream_record(raw, event)
            self._last_read = record.sequence_number
            if not self._position.admits(record.arrival) or not self._progress.register(record.sequence_number):
                continue
            if self._filter.matches(event):
                batches[lane_of(record.partition_key, len(self._lanes))].append(record)
            else:
                filtered.append(record.sequence_number)
        self._progress.complete(filtered)
        for lane, batch in zip(self._lanes, batches, strict=True):
            if batch:
                lane.add(batch)

    def _close_lanes(self) -> None:
        for lane in self._lanes:
            lane.close()
        for lane in self._lanes:
            lane.join()
