"""Counts events: which were put into a stream, and which answers came out of another."""

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.testing.emulator import Emulator

_BATCH = 500
_ATTEMPTS = 10
_PAUSE = 0.2  # between reads of a shard, of which AWS allows five per second


@dataclass(frozen=True)
class Verdict:
    """What became of the events, by their ids.

    Attributes:
        lost: events without an answer.
        duplicated: events with several answers, and how many.
        unexpected: answers to no event that was put.
    """

    lost: list[Hashable] = field(default_factory=list)
    duplicated: dict[Hashable, int] = field(default_factory=dict)
    unexpected: list[Hashable] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether each event has an answer, and each answer an event. Kinesis may deliver events twice."""
        return not self.lost and not self.unexpected


class Ledger:
    """Puts events, collects answers and compares them. One test has one ledger."""

    def __init__(self, emulator: Emulator) -> None:
        """Start an empty ledger."""
        self._emulator = emulator
        self._clients: dict[str, Any] = {}
        self._began = time.time()
        self._readers: dict[str, _Reader] = {}
        self.events: list[Any] = []
        self.answers: list[Any] = []
        self.last_verdict: Verdict | None = None

    @property
    def _kinesis(self) -> Any:
        """A client in the emulator's region, which a stack may change after the ledger was made."""
        region = self._emulator.region
        if region not in self._clients:
            self._clients[region] = self._emulator.client("kinesis")
        return self._clients[region]

    def put(self, stream: str, events: Iterable[Any], key: Callable[[Any], str] | None = None) -> None:
        """Put events into a stream, in order, and remember them.

        Args:
            stream: its name.
            events: bytes are put as they are, everything else as JSON.
            key: returns an event's partition key; by default they spread over all shards.

        Raises:
            EmulatorError: the stream refused an event ten times.
        """
        count = itertools.count()
        for some in itertools.batched(events, _BATCH, strict=False):
            waiting = [
                {"Data": _encoded(each), "PartitionKey": key(each) if key else str(next(count))} for each in some
            ]
            for attempt in range(_ATTEMPTS):
                placed = self._kinesis.put_records(StreamName=stream, Records=waiting)["Records"]
                refused = [answer for answer in placed if "ErrorCode" in answer]
                waiting = [each for each, answer in zip(waiting, placed, strict=True) if "ErrorCode" in answer]
                if not waiting:
                    break
                time.sleep(0.1 * 2**attempt)
            else:
                cause = f"{stream} refused {len(waiting)} events {_ATTEMPTS} times: {refused[0]['ErrorMessage']}"
                raise EmulatorError(cause, "put fewer events at a time, or give the stream more shards")
            self.events += some

    def collect(self, stream: str, count: int | None = None, timeout: float = 60.0) -> list[Any]:
        """Read answers that came since this ledger began, until there are enough or the time is over.

        Args:
            stream: its name.
            count: how many to wait for; by default as many as events were put.
            timeout: seconds to wait at most. Fewer answers are no error: see `verdict`.

        Returns:
            All answers so far: JSON decoded, other records as bytes.
        """
        reader = self._readers.setdefault(stream, _Reader(self._kinesis, stream, self._began))
        wanted, deadline = len(self.events) if count is None else count, time.monotonic() + timeout
        while True:
            self.answers += reader.read()
            if len(self.answers) >= wanted or time.monotonic() > deadline:
                return self.answers
            time.sleep(_PAUSE)

    def verdict(self, event_id: Callable[[Any], Hashable], answer_id: Callable[[Any], Hashable]) -> Verdict:
        """Compare the answers with the events.

        Args:
            event_id: returns what identifies an event.
            answer_id: returns the id of the event that an answer belongs to.
        """
        put = [event_id(each) for each in self.events]
        answered = Counter(answer_id(each) for each in self.answers)
        known = set(put)
        self.last_verdict = Verdict(
            lost=[each for each in put if each not in answered],
            duplicated={each: times for each, times in answered.items() if times > 1 and each in known},
            unexpected=[each for each in answered if each not in known],
        )
        return self.last_verdict


class _Reader:
    """Reads all shards of a stream, those of a resharding too."""

    def __init__(self, kinesis: Any, stream: str, since: float) -> None:
        self._kinesis, self._stream, self._since = kinesis, stream, since
        self._positions: dict[str, str | None] = {}

    def read(self) -> Iterator[Any]:
        pages = self._kinesis.get_paginator("list_shards").paginate(StreamName=self._stream)
        for name in [shard["ShardId"] for page in pages for shard in page["Shards"]]:
            if name not in self._positions:
                self._positions[name] = self._kinesis.get_shard_iterator(
                    StreamName=self._stream, ShardId=name, ShardIteratorType="AT_TIMESTAMP", Timestamp=self._since
                )["ShardIterator"]
            while position := self._positions[name]:
                answer = self._kinesis.get_records(ShardIterator=position)
                self._positions[name] = answer.get("NextShardIterator")
                yield from (_decoded(record["Data"]) for record in answer["Records"])
                if not answer["Records"]:
                    break


def _encoded(event: Any) -> bytes:
    return event if isinstance(event, bytes) else json.dumps(event).encode()


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data
