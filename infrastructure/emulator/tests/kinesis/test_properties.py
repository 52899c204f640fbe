"""Random puts, reads, reshardings and the passing of time, against lists that are searched from end to end."""

import dataclasses
import hashlib
import itertools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.store.loading import load
from pipeline_emulator.kinesis.streams import resharding
from pipeline_emulator.kinesis.streams.hashing import entry
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.iterators import ShardIterator, Start
from pipeline_emulator.kinesis.streams.registry import Streams
from pipeline_emulator.kinesis.streams.settings import StreamSettings

pytestmark = pytest.mark.local_only

NAME = StreamName("000000000000", "ap-south-1", "stream")
DAY = 24 * 3600
LAST = 2**128 - 1
FEW = st.integers(0, 10**6)


@dataclasses.dataclass
class Model:
    """A shard as it should be; records are (number, arrival, data)."""

    start: int
    end: int
    parents: list[str] = dataclasses.field(default_factory=list)
    records: list[tuple[int, float, bytes]] = dataclasses.field(default_factory=list)
    is_open: bool = True


class StreamMachine(RuleBasedStateMachine):
    """One stream beside its model."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_800_000_000.0
        self.streams = self.open()
        self.stream = self.streams.create(NAME, 2, "PROVISIONED")
        middle = 2**127
        self.shards = {self.id(0): Model(0, middle - 1), self.id(1): Model(middle, LAST)}
        self.written = 0

    def open(self) -> Streams:
        return Streams(StreamSettings(), lambda: self.now)

    @staticmethod
    def id(index: int) -> str:
        return f"shardId-{index:012}"

    def open_ids(self) -> list[str]:
        found = [shard_id for shard_id, shard in self.shards.items() if shard.is_open]
        return sorted(found, key=lambda shard_id: self.shards[shard_id].start)

    def replace(self, parents: list[str], *ranges: tuple[int, int]) -> None:
        for parent in parents:
            self.shards[parent].is_open = False
        for start, end in ranges:
            self.shards[self.id(len(self.shards))] = Model(start, end, parents)

    @rule(keys=st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=30))
    def put(self, keys: list[str]) -> None:
        payloads = [str(self.written + index).encode() for index in range(len(keys))]
        self.written += len(keys)
        placed = self.streams.put(self.stream, [entry(one, key) for one, key in zip(payloads, keys, strict=True)])
        for key, data, place in zip(keys, payloads, placed, strict=True):
            shard = self.shards[place.shard_id]
            assert shard.is_open
            assert shard.start <= int(hashlib.md5(key.encode()).hexdigest(), 16) <= shard.end
            assert place.number is not None
            before = [*shard.records, *(record for parent in shard.parents for record in self.shards[parent].records)]
            assert all(number < place.number for number, _, _ in before)
            shard.records.append((place.number, self.now, data))

    @rule(seconds=st.one_of(st.integers(0, 10), st.integers(0, 10 * 3600)))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @rule(which=FEW, at=st.integers(2, 1000))
    def split(self, which: int, at: int) -> None:
        ids = self.open_ids()
        shard_id = ids[which % len(ids)]
        shard = self.shards[shard_id]
        key = shard.start + (shard.end - shard.start) * at // 1001
        if shard.start + 1 < key < shard.end and len(ids) < 12:
            resharding.split(self.stream, shard_id, key, self.now)
            self.replace([shard_id], (shard.start, key - 1), (key, shard.end))

    @precondition(lambda self: len(self.open_ids()) > 1)
    @rule(which=FEW, turned=st.booleans())
    def merge(self, which: int, turned: bool) -> None:
        ids = self.open_ids()
        index = which % (len(ids) - 1)
        low, high = ids[index], ids[index + 1]
        pair = [high, low] if turned else [low, high]
        resharding.merge(self.stream, *pair, self.now)
        self.replace(pair, (self.shards[low].start, self.shards[high].end))

    @rule(which=FEW, limit=st.integers(1, 20))
    def read_all(self, which: int, limit: int) -> None:
        self.check(which, Start("TRIM_HORIZON"), limit, lambda _: True)

    @rule(which=FEW, record=FEW, kind=st.sampled_from(["AT", "AFTER"]), limit=st.integers(1, 20))
    def read_from(self, which: int, record: int, kind: str, limit: int) -> None:
        records = list(self.shards.values())[which % len(self.shards)].records
        if records:
            first = records[record % len(records)][0]
            start = Start(f"{kind}_SEQUENCE_NUMBER", str(first))
            self.check(which, start, limit, lambda one: one[0] > first or (kind == "AT" and one[0] == first))

    @rule(which=FEW, ago=st.integers(0, 2 * DAY), limit=st.integers(1, 20))
    def read_since(self, which: int, ago: int, limit: int) -> None:
        moment = self.now - ago
        self.check(which, Start("AT_TIMESTAMP", timestamp=moment), limit, lambda one: one[1] >= moment)

    def check(self, which: int, start: Start, limit: int, wanted: Any) -> None:
        """Read a shard to its end; compare with the model's records."""
        shard_id = list(self.shards)[which % len(self.shards)]
        shard = self.shards[shard_id]
        iterator = self.stream.iterator(shard_id, start)
        found: list[tuple[int, bytes]] = []
        while True:
            chunk = self.stream.read(iterator, limit)
            assert len(chunk.records) <= limit
            found += [(record.number, record.data) for record in chunk.records]
            if chunk.position is None or not chunk.milliseconds_behind:
                break
            iterator = ShardIterator(NAME, iterator.created, shard_id, chunk.position)
        expected = [one for one in shard.records if one[1] >= self.now - DAY and wanted(one)]
        assert found == [(number, data) for number, _, data in expected]
        assert (chunk.position is None) == (not shard.is_open)

    @invariant()
    def open_shards_cover_all_hash_keys_once(self) -> None:
        ranges = [(shard.start, shard.end) for shard in self.stream.topology.open_shards]
        assert ranges == [(self.shards[shard_id].start, self.shards[shard_id].end) for shard_id in self.open_ids()]
        assert ranges[0][0] == 0
        assert ranges[-1][1] == LAST
        assert all(end + 1 == start for (_, end), (start, _) in itertools.pairwise(ranges))


class KeptStreamMachine(StreamMachine):
    """The same under PERSISTENCE=1, with a kill of the process now and then."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        super().__init__()

    def open(self) -> Streams:
        self.journal = SqliteJournal(self.folder / FILE)
        return load(self.journal, StreamSettings(), lambda: self.now)

    @rule(seconds=st.integers(0, 3600))
    def restart(self, seconds: int) -> None:
        """What a kill leaves are the files as they are at that moment."""
        left = Path(tempfile.mkdtemp())
        shutil.copytree(self.folder, left, dirs_exist_ok=True)
        self.teardown()
        self.folder = left
        self.now += seconds
        self.streams = self.open()
        self.stream = self.streams.get(NAME)

    @rule()
    def trim(self) -> None:
        """Drop now what reads only pass over."""
        self.stream.set_retention(24)

    def teardown(self) -> None:
        self.journal.database.close()
        shutil.rmtree(self.folder)


StreamMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None, database=None)
TestStream = StreamMachine.TestCase
KeptStreamMachine.TestCase.settings = StreamMachine.TestCase.settings
TestKeptStream = KeptStreamMachine.TestCase
