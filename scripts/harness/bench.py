"""The benchmarks of a running pipeline, beside a bare round trip through its Kinesis server in the same run."""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psutil
from rich.table import Table

from harness import console, events, ledger, offline, processes, streams
from harness.clients import Clients
from harness.errors import HarnessError
from harness.paths import CACHE, shown
from harness.stack import Stack

SINGLE_EVENTS = 200
MANY_EVENTS = 10_000
ROUNDS = 2  # the Kinesis server gets slower with the records it holds: the second round shows by how much
ANSWER_DEADLINE = 30.0


def run(stack: Stack, many: int = MANY_EVENTS) -> None:
    """Measures, prints a table and writes JSON.

    Args:
        stack: a stack that is up and otherwise idle.
        many: events of each throughput round.

    Raises:
        HarnessError: an event was lost or wrong, so that the figures mean nothing.
    """
    clients = Clients(stack)
    with (
        _scratch_stream(clients) as scratch,
        console.step(f"{SINGLE_EVENTS} bare round trips through Kinesis (reference)") as step,
    ):
        records = events.made_up(stack, SINGLE_EVENTS)
        bare = _round_trips(clients.kinesis, scratch, scratch, records)
        step.result = f"p50 {_percentile(bare, 0.5):.0f} ms"
    with console.step(f"{SINGLE_EVENTS} single events, put to prediction readable") as step:
        records = events.made_up(stack, SINGLE_EVENTS)
        names = (stack.outputs["source_stream_name"], stack.outputs["predictions_stream_name"])
        single = _round_trips(clients.kinesis, *names, records)
        step.result = f"p50 {_percentile(single, 0.5):.0f} ms"
    with console.step("CPU at rest") as step:
        idle = _cpu_share(stack, 5.0)
        step.result = f"{idle:.1f} % of a core"
    rates, cpu = [], []
    for number in range(1, ROUNDS + 1):
        with console.step(f"{many} events, round {number} of {ROUNDS}") as step:
            before = _cpu_seconds(stack)
            result = ledger.run(stack, events.made_up(stack, many), offline.expectations(stack.model), step)
            if not result.passed or len(result.entries) != many:
                raise HarnessError(f"not every event was predicted rightly: {result.summary()}", "make local-logs")
            rates.append(many / result.seconds)
            cpu.append((_cpu_seconds(stack) - before) / many * 1000)
            step.result = f"{rates[-1]:.0f} events/s"
    report = {
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "runtime": "embedded",
        "bare_round_trip_ms": _latencies(bare),
        "single_event_ms": _latencies(single),
        "single_event_to_bare_ratio": round(statistics.median(single) / statistics.median(bare), 2),
        "events_per_second": {
            "median": round(statistics.median(rates), 1),
            "rounds": [round(rate, 1) for rate in rates],
        },
        "cpu_seconds_per_1000_events": {
            "median": round(statistics.median(cpu), 2),
            "rounds": [round(c, 2) for c in cpu],
        },
        "cpu_at_rest_percent_of_a_core": round(idle, 1),
        "resident_mib": _memory(stack),
        "lost": 0,
    }
    _write(report)


@contextmanager
def _scratch_stream(clients: Clients) -> Iterator[str]:
    name = f"bench-{time.time_ns():x}"
    clients.kinesis.create_stream(StreamName=name, ShardCount=2)
    clients.kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    try:
        yield name
    finally:
        clients.kinesis.delete_stream(StreamName=name)


def _write(report: dict[str, Any]) -> None:
    path = CACHE / "bench.json"
    path.write_text(json.dumps(report, indent=2))
    table = Table("figure", "value", box=None, pad_edge=False)
    for name, value in report.items():
        table.add_row(name, ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value))
    console.out.print(table)
    console.say(f"written to {shown(path)}")


def _round_trips(kinesis: Any, source: str, answers: str, records: Sequence[tuple[bytes, str]]) -> list[float]:
    """Puts records one by one, each after the answer to the one before; milliseconds from put to answer read."""
    reader = streams.Reader(kinesis, answers, "LATEST")
    times = []
    for record in records:
        started = time.perf_counter()
        put = next(streams.put(kinesis, source, [record]))
        for found in reader.until(time.monotonic() + ANSWER_DEADLINE):
            if any(_answers(read, put, source == answers) for read in found):
                break
        else:
            raise HarnessError(f"no answer within {ANSWER_DEADLINE:.0f} s", "look at make local-logs")
        times.append((time.perf_counter() - started) * 1000)
    return times


def _answers(read: streams.Read, put: streams.Put, same_stream: bool) -> bool:
    if same_stream:
        return read.data == put.data
    return bool(json.loads(read.data)["event_id"] == put.event_id)


def _latencies(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(_percentile(values, 0.5), 1),
        "p99": round(_percentile(values, 0.99), 1),
        "min": round(min(values), 1),
        "max": round(max(values), 1),
    }


def _percentile(values: Sequence[float], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, math.ceil(len(ranked) * share) - 1)]


def _cpu_seconds(stack: Stack) -> float:
    total = 0.0
    for process in processes.of_stack(stack.folder):
        with contextlib.suppress(psutil.NoSuchProcess):  # an idle environment may just end
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _cpu_share(stack: Stack, seconds: float) -> float:
    before = _cpu_seconds(stack)
    time.sleep(seconds)
    return (_cpu_seconds(stack) - before) / seconds * 100


def _memory(stack: Stack) -> dict[str, float]:
    found: dict[str, float] = {}
    for process in processes.of_stack(stack.folder):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = processes.command_line(process)
            kind = "kinesis server" if "kinesis" in command else "localstack" if "localstack" in command else "function"
            found[kind] = round(found.get(kind, 0) + process.memory_info().rss / 2**20)
    return found
