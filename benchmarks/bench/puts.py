"""Milliseconds per PutRecord and per PutRecords of 500, beside a stub's for the same calls of the same client."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3

from benchmarks.bench import figures, latency, stub
from benchmarks.bench.figures import Figure
from harness import events
from harness.console import Step
from harness.stack.clients import CONFIG, Clients
from harness.stack.state import Stack
from harness.streams import MAX_RECORDS

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

ROUNDS = 6  # of each, one after the other: A B A B
ONES, MANIES = 100, 10  # calls per round
ROUND_SECONDS = 5.0
UNIT, RATIO = "ms", "x the stub's"

type Call = Callable[[KinesisClient, str], object]


def beside_stub(stack: Stack, step: Step) -> dict[str, Figure]:
    """Medians of the target and their ratios to the stub's, each ratio within one pair of rounds."""
    made = events.made_up(stack, MAX_RECORDS)
    records: Any = [{"Data": data, "PartitionKey": key} for data, key in made]

    def one(kinesis: KinesisClient, name: str) -> object:
        return kinesis.put_record(StreamName=name, **records[0])

    def many(kinesis: KinesisClient, name: str) -> object:
        return kinesis.put_records(StreamName=name, Records=records)

    kinesis = Clients(stack).kinesis
    with latency.scratch_stream(kinesis) as name, _stub() as limit:
        return _pairs("put_one", one, ONES, (kinesis, limit), name, step) | _pairs(
            "put_500", many, MANIES, (kinesis, limit), name, step
        )


def _pairs(
    key: str, call: Call, count: int, clients: tuple[KinesisClient, KinesisClient], name: str, step: Step
) -> dict[str, Figure]:
    rounds: tuple[list[list[float]], list[list[float]]] = ([], [])
    for number in range(ROUNDS):
        step.note(f"{key}, round {number + 1} of {ROUNDS}")
        for client, done in zip(clients, rounds, strict=True):
            done.append(_round(partial(call, client, name), count))
    medians = [[figures.percentile(samples, 0.5) for samples in done] for done in rounds]
    ratios = [ours / limit for ours, limit in zip(*medians, strict=True)]
    return {
        f"{key}_p50": figures.of_samples(rounds[0], 0.5, UNIT),
        f"{key}_of_stub": figures.of_rounds(ratios, RATIO, f"the stub's p50 is {min(medians[1]):.2f} ms at best"),
    }


def _round(call: Callable[[], object], count: int) -> list[float]:
    """Milliseconds of each call, at least one; the first, which may connect, does not count."""
    call()
    times: list[float] = []
    end = time.monotonic() + ROUND_SECONDS
    while not times or (len(times) < count and time.monotonic() < end):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return times


@contextmanager
def _stub() -> Iterator[KinesisClient]:
    command = [sys.executable, "-m", stub.__name__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            session = boto3.session.Session("test", "test", region_name="ap-south-1")
            yield session.client("kinesis", endpoint_url=f"http://127.0.0.1:{port}", config=CONFIG)
        finally:
            server.kill()
