"""Random puts, reads, reshardings and time steps, compared with a model that searches plain lists."""

import dataclasses
import hashlib
import itertools
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.store.loading import load
from pipeline_emulator.kinesis.streams import resharding
from pipeline_emulator.kinesis.streams.errors import ExpiredIteratorError, ResourceNotFoundError
from pipeline_emulator.kinesis.streams.hashing import entry
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.iterators import ShardIterator, Start, open_iterator
from pipeline_emulator.kinesis.streams.listing import list_shards
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.shard import Chunk, Entry
from pipeline_emulator.kinesis.streams.streams import Streams

pytestmark = pytest.mark.local_only

NAME = StreamName("000000000000", "ap-south-1", "stream")
HOUR = 3600
LAST = 2**128 - 1
MAX_SHARDS = 12
FEW = st.integers(0, 10**6)
LIMIT = st.integers(1, 20)


@dataclasses.dataclass
class Written:
    """A record as it was put; its arrival in seconds, rounded down to the milliseconds that clients see."""

    number: int
    arrival: float
    data: bytes


@dataclasses.dataclass
class Model:
    """A shard as it should be, including its trimmed records."""

    start: int
    end: int
    parents: tuple[str, ...] = ()
    records: list[Written] = dataclasses.field(default_factory=list)
    closed_at: float | None = None


@dataclasses.dataclass
class Held:
    """An iterator that a client holds: text, creation time, and index of the shard's next record."""

    text: str
    made_at: float
    shard_id: str
    following: int


class StreamMachine(RuleBasedStateMachine):
    """A stream and its model."""

    def __init__(self) -> None:
        super().__init__()
        self.microseconds = 1_800_000_000_000_000
        self.streams = self.open()
        self.stream = self.streams.create(NAME, 2, "PROVISIONED")
        middle = 2**127
        self.shards = {self.id(0): Model(0, middle - 1), self.id(1): Model(middle, LAST)}
        self.made = 2
        self.written = 0
        self.hours = 24
        self.trimmed_before = 0.0
        self.held: list[Held] = []

    @property
    def now(self) -> float:
        return self.microseconds / 1e6

    def open(self) -> Streams:
        return Streams(StreamSettings(), lambda: self.now)

    @staticmethod
    def id(index: int) -> str:
        return f"shardId-{index:012}"

    def open_ids(self) -> list[str]:
        found = [shard_id for shard_id, shard in self.shards.items() if shard.closed_at is None]
        return sorted(found, key=lambda shard_id: self.shards[shard_id].start)

    def any_id(self, which: int) -> str:
        return list(self.shards)[which % len(self.shards)]

    def is_there(self, record: Written) -> bool:
        return record.arrival >= max(self.trimmed_before, self.now - self.hours * HOUR)

    # --- puts

    def put(self, entries: Sequence[Entry]) -> list[str]:
        """Put entries and return the shards they went to."""
        placed = self.streams.put(self.stream, list(entries))
        for one, place in zip(entries, placed, strict=True):
            shard = self.shards[place.shard_id]
            assert shard.closed_at is None
            assert shard.start <= one.hash_key <= shard.end
            assert place.number is not None
            family = [shard, *(self.shards[parent] for parent in shard.parents if parent in self.shards)]
            assert all(relative.records[-1].number < place.number for relative in family if relative.records)
            shard.records.append(Written(place.number, self.microseconds // 1000 / 1000, one.data))
        return [place.shard_id for place in placed]

    def data(self) -> bytes:
        self.written += 1
        return str(self.written).encode()

    @rule(keys=st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=30))
    def put_by_partition_key(self, keys: list[str]) -> None:
        entries = [entry(self.data(), key) for key in keys]
        for key, one in zip(keys, entries, strict=True):
            assert one.hash_key == int(hashlib.md5(key.encode()).hexdigest(), 16)
        self.put(entries)

    @rule(which=FEW, last=st.booleans())
    def put_at_a_bound_of_a_shard(self, which: int, last: bool) -> None:
        ids = self.open_ids()
        shard_id = ids[which % len(ids)]
        bound = self.shards[shard_id].end if last else self.shards[shard_id].start
        assert self.put([entry(self.data(), "key", str(bound))]) == [shard_id]

    @rule(which=FEW)
    def put_enough_for_trimming_to_free_memory(self, which: int) -> None:
        ids = self.open_ids()
        start = str(self.shards[ids[which % len(ids)]].start)
        self.put([entry(self.data(), "key", start) for _ in range(1_000)])

    # --- time

    @rule(quarter_milliseconds=st.integers(0, 40))
    def pass_milliseconds(self, quarter_milliseconds: int) -> None:
        self.microseconds += quarter_milliseconds * 250

    @rule(hours=st.integers(0, 30))
    def pass_hours(self, hours: int) -> None:
        self.microseconds += hours * HOUR * 1_000_000

    def pass_until(self, moment: float, quarter_milliseconds: int) -> None:
        """Set the clock to a moment, with an offset, unless it has passed."""
        self.microseconds = max(self.microseconds, round(moment * 1e6) + quarter_milliseconds * 250)

    @rule(which=FEW, record=FEW, quarter_milliseconds=st.integers(-1, 1))
    def pass_until_a_record_is_trimmed(self, which: int, record: int, quarter_milliseconds: int) -> None:
        if records := [one for one in self.shards[self.any_id(which)].records if self.is_there(one)]:
            self.pass_until(records[record % len(records)].arrival + self.hours * HOUR, quarter_milliseconds)

    @rule(which=FEW, record=FEW, quarter_milliseconds=st.integers(-1, 1), hours=st.sampled_from([24, 25, 48, 72]))
    def change_retention(self, which: int, record: int, quarter_milliseconds: int, hours: int) -> None:
        self.pass_until_a_record_is_trimmed(which, record, quarter_milliseconds)
        self.trimmed_before = max(self.trimmed_before, self.now - min(hours, self.hours) * HOUR)
        with self.stream.changing():
            self.stream.set_retention(hours)
        self.hours = hours

    # --- reshardings

    def replace(self, parents: list[str], *ranges: tuple[int, int]) -> None:
        for parent in parents:
            self.shards[parent].closed_at = self.now
        for start, end in ranges:
            self.shards[self.id(self.made)] = Model(start, end, tuple(parents))
            self.made += 1

    @rule(which=FEW, at=st.integers(2, 1000))
    def split(self, which: int, at: int) -> None:
        ids = self.open_ids()
        shard_id = ids[which % len(ids)]
        shard = self.shards[shard_id]
        key = shard.start + (shard.end - shard.start) * at // 1001
        if shard.start + 1 < key < shard.end and len(ids) < MAX_SHARDS:
            resharding.split(self.stream, shard_id, key, self.now)
            self.replace([shard_id], (shard.start, key - 1), (key, shard.end))

    @precondition(lambda self: len(self.open_ids()) > 1)
    @rule(which=FEW)
    def merge(self, which: int) -> None:
        ids = self.open_ids()
        index = which % (len(ids) - 1)
        low, high = ids[index], ids[index + 1]
        resharding.merge(self.stream, low, high, self.now)
        self.replace([low, high], (self.shards[low].start, self.shards[high].end))

    @rule(wanted=st.integers(1, MAX_SHARDS))
    def update_shard_count(self, wanted: int) -> None:
        count = len(self.open_ids())
        if not count / 2 <= wanted <= 2 * count:
            return
        assert resharding.scale(self.stream, wanted, self.now) == count
        # The shards created in between are not documented, but each results from a split or a merge.
        for shard in self.stream.topology.shards:
            if shard.index >= self.made:
                self.replace(list(shard.parents))
                self.shards[shard.shard_id] = Model(shard.start, shard.end, shard.parents)
                ranges = sorted((self.shards[parent].start, self.shards[parent].end) for parent in shard.parents)
                assert ranges[0][0] <= shard.start <= shard.end <= ranges[-1][1]
                if len(ranges) == 2:
                    assert (shard.start, shard.end) == (ranges[0][0], ranges[1][1])
                    assert ranges[0][1] + 1 == ranges[1][0]
        self.made = max(self.made, *(shard.index + 1 for shard in self.stream.topology.shards))
        starts = [2**128 * index // wanted for index in range(wanted)]
        assert [self.shards[shard_id].start for shard_id in self.open_ids()] == starts

    @rule()
    def list_all(self) -> None:
        horizon = self.now - self.hours * HOUR
        self.shards = {
            shard_id: shard
            for shard_id, shard in self.shards.items()
            if shard.closed_at is None or shard.closed_at >= horizon
        }
        assert [shard.shard_id for shard in list_shards(self.stream)] == list(self.shards)

    # --- reads

    @rule(which=FEW, limit=LIMIT)
    def read_all(self, which: int, limit: int) -> None:
        self.check(self.any_id(which), Start("TRIM_HORIZON"), limit, lambda _: True)

    @rule(which=FEW, record=FEW, kind=st.sampled_from(["AT", "AFTER"]), limit=LIMIT)
    def read_from_number(self, which: int, record: int, kind: str, limit: int) -> None:
        shard_id = self.any_id(which)
        if records := self.shards[shard_id].records:
            first = records[record % len(records)].number
            start = Start(f"{kind}_SEQUENCE_NUMBER", first)
            self.check(shard_id, start, limit, lambda one: one.number > first or (kind == "AT" and one.number == first))

    @rule(which=FEW, record=FEW, milliseconds=st.integers(-1, 1), limit=LIMIT)
    def read_from_time(self, which: int, record: int, milliseconds: int, limit: int) -> None:
        shard_id = self.any_id(which)
        records = self.shards[shard_id].records
        arrival = records[record % len(records)].arrival if records else self.now - HOUR
        moment = min(round(arrival * 1000 + milliseconds) / 1000, self.now)
        self.check(shard_id, Start("AT_TIMESTAMP", timestamp=moment), limit, lambda one: one.arrival >= moment)

    def check(self, shard_id: str, start: Start, limit: int, wanted: Callable[[Written], bool]) -> None:
        """Read a shard to its end, in large steps if it is long, and compare."""
        shard = self.shards[shard_id]
        left = [record for record in shard.records if self.is_there(record) and wanted(record)]
        limit = max(limit, len(left) // 5)
        iterator = self.stream.iterator(shard_id, start)
        while True:
            chunk = self.stream.read(iterator, limit)
            left = self.compare(chunk, shard, left, limit)
            if not left:
                break
            assert chunk.position is not None
            iterator = ShardIterator(NAME, iterator.created, shard_id, chunk.position)

    def compare(self, chunk: Chunk, shard: Model, left: list[Written], limit: int) -> list[Written]:
        """Compare one response with the records left to read; return those left after it."""
        expected, left = left[:limit], left[limit:]
        found = [(record.number, record.arrival, record.data) for record in chunk.records]
        assert found == [(record.number, record.arrival, record.data) for record in expected]
        assert (chunk.milliseconds_behind > 0) == bool(left)
        assert (chunk.position is None) == (shard.closed_at is not None and not left)
        return left

    @rule(which=FEW, latest=st.booleans())
    def hold_iterator(self, which: int, latest: bool) -> None:
        shard_id = self.any_id(which)
        start = Start("LATEST" if latest else "TRIM_HORIZON")
        iterator = self.stream.iterator(shard_id, start)
        text = iterator.seal(self.now)
        assert open_iterator(text, self.now + 300) == iterator
        with pytest.raises(ExpiredIteratorError):
            open_iterator(text, self.now + 300.001)
        if latest:
            assert not self.stream.read(iterator, 1).records
        following = len(self.shards[shard_id].records) if latest else 0
        self.held.append(Held(text, self.now, shard_id, following))

    @precondition(lambda self: self.held)
    @rule(which=FEW, limit=LIMIT, after_five_minutes=st.sampled_from([None, 0, 1]))
    def read_held_iterator(self, which: int, limit: int, after_five_minutes: int | None) -> None:
        """Continue reading, at once or around the iterator's expiry (offset in quarters of a millisecond)."""
        held = self.held[which % len(self.held)]
        if after_five_minutes is not None:
            self.pass_until(held.made_at + 300, after_five_minutes)
        if self.now - held.made_at > 300:
            with pytest.raises(ExpiredIteratorError):
                self.streams.open_iterator(held.text)
            self.held.remove(held)
            return
        stream, iterator = self.streams.open_iterator(held.text)
        shard = self.shards.get(held.shard_id)
        if shard is None:
            with pytest.raises(ResourceNotFoundError):
                stream.read(iterator, limit)
            return
        left = [record for record in shard.records[held.following :] if self.is_there(record)]
        chunk = stream.read(iterator, limit)
        self.compare(chunk, shard, left, limit)
        if chunk.position is not None and left:
            held.following = shard.records.index(left[:limit][-1]) + 1
            held.text = ShardIterator(NAME, iterator.created, held.shard_id, chunk.position).seal(self.now)
            held.made_at = self.now

    # --- always

    @invariant()
    def open_shards_cover_all_hash_keys_once(self) -> None:
        ranges = [(shard.start, shard.end) for shard in self.stream.topology.open_shards]
        assert ranges == [(self.shards[shard_id].start, self.shards[shard_id].end) for shard_id in self.open_ids()]
        assert ranges[0][0] == 0
        assert ranges[-1][1] == LAST
        assert all(end + 1 == start for (_, end), (start, _) in itertools.pairwise(ranges))

    @invariant()
    def retention_decides_what_can_be_read(self) -> None:
        for shard_id, shard in self.shards.items():
            expected = [record.number for record in shard.records if self.is_there(record)]
            found = self.stream.read(self.stream.iterator(shard_id, Start("TRIM_HORIZON")), 10_000).records
            assert [record.number for record in found] == expected[:10_000]

    @invariant()
    def lineage_is_kept(self) -> None:
        for shard_id, shard in self.shards.items():
            found = self.stream.shard(shard_id)
            assert (found.parents, found.is_open) == (shard.parents, shard.closed_at is None)
            children = [one for one, other in self.shards.items() if shard_id in other.parents]
            assert [child.shard_id for child in self.stream.topology.children(found)] == children


class StoredStreamMachine(StreamMachine):
    """The same with PERSISTENCE=1 and occasional kills of the process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        super().__init__()

    def open(self) -> Streams:
        self.journal = SqliteJournal(self.folder / FILE)
        return load(self.journal, StreamSettings(), lambda: self.now)

    @rule(seconds=st.integers(0, 3600))
    def restart(self, seconds: int) -> None:
        """A kill leaves the files as they are at that moment."""
        left = Path(tempfile.mkdtemp())
        shutil.copytree(self.folder, left, dirs_exist_ok=True)
        self.teardown()
        self.folder = left
        self.microseconds += seconds * 1_000_000
        self.streams = self.open()
        self.stream = self.streams.get(NAME)

    @rule()
    def trim(self) -> None:
        """Drop the records that reads only skip."""
        self.stream.set_retention(self.hours)

    def teardown(self) -> None:
        self.journal.close()
        shutil.rmtree(self.folder)


StreamMachine.TestCase.settings = settings(max_examples=settings().max_examples * 7 // 10, stateful_step_count=50)
TestStream = pytest.mark.property(StreamMachine.TestCase)
StoredStreamMachine.TestCase.settings = StreamMachine.TestCase.settings
TestStoredStream = pytest.mark.property(StoredStreamMachine.TestCase)
