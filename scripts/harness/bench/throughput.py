"""Events per second from the first put to the last prediction, with the ledger's verdict on each event."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness import events, offline, streams, usage
from harness.bench import figures
from harness.bench.figures import Figure
from harness.clients import Clients
from harness.console import Step
from harness.ledger import Entry, Ledger, Verdict
from harness.stack import Stack

QUIET_SECONDS = 15.0
REPEATS_BELOW = 50_000  # events: three rounds of fewer, two of more
DEADLINES = {10_000: 60.0, 100_000: 120.0}
EVENTS_PER_SECOND = 100  # what other numbers of events get their deadline by
UNIT, CPU_UNIT = "events/s", "s"


@dataclass(frozen=True)
class Round:
    """One round: how many events of how many were answered, in how many seconds, and what went wrong.

    Attributes:
        events: that were to be put.
        put: that were acknowledged.
        verdicts: how many of them got which verdict.
        seconds: from the first put to the last answer.
        late: the deadline in seconds that ended the round; None where it came to its own end.
    """

    events: int
    put: int
    verdicts: dict[Verdict, int]
    seconds: float
    late: float | None

    @property
    def answered(self) -> int:
        """Events with at least one prediction, right or wrong."""
        return self.put - self.verdicts.get(Verdict.LOST, 0)

    @property
    def rate(self) -> float:
        """Answered events per second."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def faultless(self) -> bool:
        """Every event was put and got its right prediction, once or more often."""
        right = self.verdicts.get(Verdict.PREDICTED, 0) + self.verdicts.get(Verdict.DUPLICATED, 0)
        return right == self.events

    @property
    def remark(self) -> str:
        """What must be said with the rate; empty where each event was predicted once and rightly."""
        found = []
        if self.late is not None:
            found.append(f"deadline of {self.late:.0f} s: {self.answered:,} of {self.events:,} done")
        elif lost := self.verdicts.get(Verdict.LOST, 0):
            found.append(f"{lost:,} of {self.events:,} lost")
        for verdict, word in (
            (Verdict.WRONG, "wrong"),
            (Verdict.FAILED, "failed"),
            (Verdict.DUPLICATED, "predicted twice"),
        ):
            if count := self.verdicts.get(verdict, 0):
                found.append(f"{count:,} {word}")
        return ", ".join(found)


def many_events(stack: Stack, count: int, step: Step) -> tuple[dict[str, Figure], list[Round]]:
    """Some rounds of `count` events: the rate, and the processor time they take.

    After a round that its deadline ended there is no other: what is left of it would be measured again.
    """
    rounds: list[Round] = []
    cpu: list[float] = []
    wanted = 3 if count < REPEATS_BELOW else 2
    expect = offline.expectations(stack.model)
    for number in range(wanted):
        step.note("making events")
        records = events.made_up(stack, count)
        expected = expect([data for data, _ in records])
        before = cpu_seconds(stack)
        rounds.append(_round(stack, records, expected, deadline(count), step, f"round {number + 1} of {wanted}: "))
        cpu.append((cpu_seconds(stack) - before) / max(1, rounds[-1].answered) * 1000)
        if rounds[-1].late is not None:
            break
    remark = "; ".join(dict.fromkeys(done.remark for done in rounds if done.remark))
    made = {
        rate_key(count): figures.of_rounds([done.rate for done in rounds], UNIT, remark),
        cpu_key(count): figures.of_rounds(cpu, CPU_UNIT, remark),
    }
    return made, rounds


def rate_key(count: int) -> str:
    """The rate's name in the report."""
    return f"rate_{count}"


def cpu_key(count: int) -> str:
    """The processor time's name in the report."""
    return f"cpu_per_1000_{count}"


def deadline(count: int) -> float:
    """Seconds that a round of so many events may take."""
    return DEADLINES.get(count, max(60.0, count / EVENTS_PER_SECOND))


def cpu_seconds(stack: Stack) -> float:
    """Processor time that everything of the stack has used so far, without this client's."""
    return sum(used.cpu_seconds for used in usage.of(stack))


def _round(
    stack: Stack,
    records: Sequence[tuple[bytes, str]],
    expected: Sequence[float | None],
    seconds: float,
    step: Step,
    title: str,
) -> Round:
    kinesis = Clients(stack).kinesis
    reader = streams.Reader(kinesis, stack.outputs["predictions_stream_name"], "LATEST")
    ledger = Ledger()
    with streams.Follower(reader) as follower:
        started = time.monotonic()
        end = started + seconds
        puts = streams.put(kinesis, stack.outputs["source_stream_name"], records)
        for put, answer in zip(puts, expected, strict=True):
            ledger.entries[put.event_id] = Entry(put, answer)
            if len(ledger.entries) % streams.MAX_RECORDS == 0:
                step.note(f"{title}{len(ledger.entries):,} of {len(records):,} put")
                if time.monotonic() > end:
                    break

        def note(heard: int) -> None:
            step.note(f"{title}{heard:,} of {len(ledger.entries):,} answered")

        last, late = follow(ledger, lambda: follower.take(), stack.run_id, end, note)
    late = late or len(ledger.entries) < len(records)
    return Round(
        len(records), len(ledger.entries), dict(ledger.counts), last - started, seconds if late else None
    )  # fmt: skip


def follow(
    ledger: Ledger,
    take: Callable[[], list[streams.Read]],
    version: str,
    end: float,
    note: Callable[[int], None],
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[float, bool]:
    """Enters answers until all are there, none came for `QUIET_SECONDS`, or the time is over.

    Args:
        ledger: of the events that were put.
        take: gives what was read since the last call.
        version: model version that every prediction must name.
        end: time of `clock` to stop at.
        note: gets told how many events are answered.
        clock: seconds.
        pause: waits so many seconds.

    Returns:
        Time of the last answer, and whether the deadline ended it.
    """
    last = clock()
    heard = 0
    while True:
        ledger.take_predictions(take(), version)
        now = clock()
        if ledger.heard > heard:
            heard, last = ledger.heard, now
        note(heard)
        if heard == len(ledger.entries) or now - last > QUIET_SECONDS:
            return last, False
        if now > end:
            return now, True
        pause(streams.FOLLOW_PAUSE)
