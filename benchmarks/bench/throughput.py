"""Events per second from the first put to the last prediction, with the ledger's verdict on each event."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.bench import figures
from benchmarks.bench.figures import Figure
from benchmarks.bench.rounds import Round, follow
from harness import events, streams
from harness.console import Step
from harness.ledger import Ledger, expected
from harness.ledger.collector import Watch
from harness.local import usage
from harness.stack.clients import Clients
from harness.stack.state import Stack

REPEATS_BELOW = 50_000  # events: three rounds below, two rounds from here on
DEADLINES = {10_000: 40.0, 100_000: 90.0}
LONG_SECONDS = 45.0
EVENTS_PER_SECOND = 100  # sets the deadline of other event counts
NOTED = 500  # events between two progress notes
READ_PAUSE = 0.05  # short compared with a round, and long enough to leave the CPU to the tools
UNIT, CPU_UNIT = "events/s", "s"


def many_events(stack: Stack, count: int, step: Step) -> tuple[dict[str, Figure], list[Round]]:
    """Some rounds of `count` events: the rate, and the CPU time used.

    A round that hits its deadline is the last: its backlog would distort the next one. So is one that takes long: all
    tools together have 20 minutes.
    """
    rounds: list[Round] = []
    cpu: list[float] = []
    wanted = 3 if count < REPEATS_BELOW else 2
    expect = expected.of(stack)
    for number in range(wanted):
        step.note("making events")
        records = events.made_up(stack, count)
        answers = expect([data for data, _ in records])
        before, started = cpu_seconds(stack), time.monotonic()
        rounds.append(_round(stack, records, answers, deadline(count), step, f"round {number + 1} of {wanted}: "))
        cpu.append((cpu_seconds(stack) - before) / max(1, rounds[-1].answered) * 1000)
        if rounds[-1].late is not None or time.monotonic() - started > LONG_SECONDS:
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
    """The CPU time's name in the report."""
    return f"cpu_per_1000_{count}"


def deadline(count: int) -> float:
    """Seconds that a round of this many events may take."""
    return DEADLINES.get(count, max(60.0, count / EVENTS_PER_SECOND))


def cpu_seconds(stack: Stack) -> float:
    """CPU time that the stack has used so far, without this client's."""
    return sum(used.cpu_seconds for used in usage.of(stack))


def _round(
    stack: Stack,
    records: Sequence[tuple[bytes, str]],
    answers: expected.Answers,
    seconds: float,
    step: Step,
    title: str,
) -> Round:
    kinesis = Clients(stack).kinesis
    reader = streams.Reader(kinesis, stack.resources.output_stream, "LATEST")
    reader.read()  # turns LATEST into a position in the stream
    ledger = Ledger(stack.pipeline)
    with Watch(lambda: ledger.take_predictions(reader.read()), READ_PAUSE) as watch:
        started = time.monotonic()
        end = started + seconds
        puts = streams.put(kinesis, stack.resources.source_stream, records)
        for put, answer in zip(puts, answers, strict=True):
            ledger.enter(put, answer)
            if len(ledger.entries) % NOTED == 0:
                step.note(f"{title}{len(ledger.entries):,} of {len(records):,} put")
                if time.monotonic() > end:
                    break
        ledger.all_entered()

        def note(heard: int) -> None:
            step.note(f"{title}{heard:,} of {len(ledger.entries):,} answered")

        last, late = follow(ledger, watch.check, end, note)
    late = late or len(ledger.entries) < len(records)
    return Round(
        len(records), len(ledger.entries), dict(ledger.counts), last - started, seconds if late else None
    )  # fmt: skip
