"""The benchmarks of both runtimes, each beside a bare round trip through its Kinesis server in the same run."""

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

from harness import console, engine, events, ledger, local, offline, processes, streams, usage
from harness.clients import Clients
from harness.errors import HarnessError
from harness.paths import CACHE, shown
from harness.stack import DOCKER, EMBEDDED, Stack

SINGLE_EVENTS = 200
MANY_EVENTS = 10_000
COLD_INVOKES = 5
ROUNDS = 2  # the Kinesis server gets slower with the records it holds: the second round shows by how much
ANSWER_DEADLINE = 30.0


def run(many: int = MANY_EVENTS) -> None:
    """Measures each runtime that this machine has, side by side, prints a table and writes JSON.

    The stacks are the benchmark's own; both are up meanwhile, so that the machine is the same for each.

    Args:
        many: events of each throughput round.

    Raises:
        HarnessError: an event was lost or wrong, so that the figures mean nothing.
    """
    missing = engine.missing()
    if missing:
        console.warn(f"{missing}: the embedded runtime alone is measured")
    with contextlib.ExitStack() as until_done:
        up = [until_done.enter_context(_stack(name)) for name in (EMBEDDED, *([] if missing else [DOCKER]))]
        reports = {stack.runtime: _measure(stack, many) for stack in up}
    machine = {
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
    }
    _write({"machine": machine, "runtimes": reports})


@contextmanager
def _stack(runtime: str) -> Iterator[Stack]:
    name = f"bench-{runtime}"
    try:
        yield local.up(name, "bench", processes.free_ports(1)[0], runtime)[0]
    finally:
        local.down(name)


def _measure(stack: Stack, many: int) -> dict[str, Any]:
    at_rest = _memory(stack)
    cold, warm = _invocations(stack)
    clients = Clients(stack)
    with (
        _scratch_stream(clients) as scratch,
        console.step(f"{stack.runtime}: {SINGLE_EVENTS} bare round trips through Kinesis (reference)") as step,
    ):
        records = events.made_up(stack, SINGLE_EVENTS)
        bare = _round_trips(clients.kinesis, scratch, scratch, records)
        step.result = f"p50 {_percentile(bare, 0.5):.0f} ms"
    with console.step(f"{stack.runtime}: {SINGLE_EVENTS} single events, put to prediction readable") as step:
        records = events.made_up(stack, SINGLE_EVENTS)
        names = (stack.outputs["source_stream_name"], stack.outputs["predictions_stream_name"])
        single = _round_trips(clients.kinesis, *names, records)
        step.result = f"p50 {_percentile(single, 0.5):.0f} ms"
    with console.step(f"{stack.runtime}: CPU at rest") as step:
        idle = _cpu_share(stack, 5.0)
        step.result = f"{idle:.1f} % of a core"
    rates, cpu = [], []
    for number in range(1, ROUNDS + 1):
        with console.step(f"{stack.runtime}: {many} events, round {number} of {ROUNDS}") as step:
            before = _cpu_seconds(stack)
            result = ledger.run(stack, events.made_up(stack, many), offline.expectations(stack.model), step)
            if not result.passed or len(result.entries) != many:
                raise HarnessError(f"not every event was predicted rightly: {result.summary()}", "make local-logs")
            rates.append(many / result.seconds)
            cpu.append((_cpu_seconds(stack) - before) / many * 1000)
            step.result = f"{rates[-1]:.0f} events/s"
    return {
        "cold_invoke_ms": _latencies(cold),
        "warm_invoke_ms": _latencies(warm),
        "bare_round_trip_ms": _latencies(bare),
        "single_event_ms": _latencies(single),
        "single_event_to_bare_ratio": round(statistics.median(single) / statistics.median(bare), 2),
        "events_per_second": {f"round {n}": round(rate, 1) for n, rate in enumerate(rates, 1)},
        "cpu_seconds_per_1000_events": {f"round {n}": round(c, 2) for n, c in enumerate(cpu, 1)},
        "cpu_at_rest_percent_of_a_core": round(idle, 1),
        "resident_mib_at_rest": at_rest,
        "resident_mib_afterwards": _memory(stack),
        "lost": 0,
    }


def _invocations(stack: Stack) -> tuple[list[float], list[float]]:
    """Milliseconds of Invoke with an empty batch: the first after each change of the function, and later ones."""
    client = Clients(stack).functions
    name = stack.outputs["lambda_function"]
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def timed() -> float:
        started = time.perf_counter()
        client.invoke(FunctionName=name, Payload=b'{"Records": []}')["Payload"].read()
        return (time.perf_counter() - started) * 1000

    cold = []
    with console.step(f"{stack.runtime}: cold and warm Invoke") as step:
        for number in range(COLD_INVOKES):
            changed = variables | {"BENCH": str(number)}
            client.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
            client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
            cold.append(timed())
        warm = [timed() for _ in range(SINGLE_EVENTS)]
        step.result = f"p50 {_percentile(cold, 0.5):.0f} ms and {_percentile(warm, 0.5):.0f} ms"
    return cold, warm


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
    by_runtime: dict[str, dict[str, Any]] = report["runtimes"]
    table = Table("figure", *by_runtime, box=None, pad_edge=False)
    for name in next(iter(by_runtime.values())):
        table.add_row(name, *(_shown(figures[name]) for figures in by_runtime.values()))
    console.out.print(table)
    console.say(f"written to {shown(path)}")


def _shown(value: Any) -> str:
    return "\n".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


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
    return sum(used.cpu_seconds for used in usage.of(stack))


def _cpu_share(stack: Stack, seconds: float) -> float:
    before = _cpu_seconds(stack)
    time.sleep(seconds)
    return (_cpu_seconds(stack) - before) / seconds * 100


def _memory(stack: Stack) -> dict[str, float]:
    found: dict[str, float] = {}
    for used in usage.of(stack):
        found[used.kind] = round(found.get(used.kind, 0) + used.memory_bytes / 2**20)
    return found
