"""Milliseconds of single events and of Invoke, each sent after the answer to the previous one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.bench import figures
from benchmarks.bench.figures import Figure
from harness import events, streams
from harness.console import Step
from harness.errors import HarnessError
from harness.pipeline.identity import Identity
from harness.stack.clients import Clients
from harness.stack.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

ROUNDS = 3
EVENTS = 200  # per round
ROUND_SECONDS = 10.0  # stops after some ten events on an emulator that polls once a second
ANSWER_DEADLINE = 30.0
COLD_INVOKES = 5
# Between two reads of the answers; short, because it adds half of itself to every figure.
PAUSE = 0.002

type Answers = Callable[[streams.Read, streams.Put], bool]


def single_events(stack: Stack, step: Step) -> dict[str, Figure]:
    """One event at a time, from before the put until its prediction is read."""
    names = stack.resources.source_stream, stack.resources.output_stream
    return _figures("single_event", stack, names, _answers(stack.pipeline.identity), step)


def bare_round_trips(stack: Stack, step: Step) -> dict[str, Figure]:
    """One record at a time through a stream without a function: the share of Kinesis and this client."""
    with scratch_stream(Clients(stack).kinesis) as name:
        return _figures("bare_round_trip", stack, (name, name), lambda read, put: read.data == put.data, step)


def invokes(stack: Stack, step: Step) -> dict[str, Figure]:
    """Invoke with an empty batch: the first call after each change of the function, and later ones."""
    client = Clients(stack).functions
    name = stack.resources.function
    variables = client.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {})

    def timed() -> float:
        started = time.perf_counter()
        client.invoke(FunctionName=name, Payload=b'{"Records": []}')["Payload"].read()
        return (time.perf_counter() - started) * 1000

    cold = []
    for number in range(COLD_INVOKES):
        step.note(f"cold {number + 1} of {COLD_INVOKES}")
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables | {"BENCH": str(number)}}
        )
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        cold.append(timed())
    rounds = []
    for number in range(ROUNDS):
        step.note(f"warm, round {number + 1} of {ROUNDS}")
        end = time.monotonic() + ROUND_SECONDS
        rounds.append([timed() for _ in range(EVENTS) if time.monotonic() < end])
    return {"invoke_cold": figures.of_rounds(cold, "ms")} | _percentiles("invoke_warm", rounds, "")


def _figures(key: str, stack: Stack, names: tuple[str, str], answers: Answers, step: Step) -> dict[str, Figure]:
    kinesis = Clients(stack).kinesis
    rounds = []
    for number in range(ROUNDS):
        step.note(f"round {number + 1} of {ROUNDS}")
        rounds.append(round_trips(kinesis, names, events.made_up(stack, EVENTS), answers, ROUND_SECONDS))
    done = sum(map(len, rounds))
    cut = "" if done == ROUNDS * EVENTS else f"deadline of {ROUND_SECONDS:.0f} s a round: {done} events"
    return _percentiles(key, rounds, cut)


def _percentiles(key: str, rounds: Sequence[Sequence[float]], remark: str) -> dict[str, Figure]:
    return {
        f"{key}_p50": figures.of_samples(rounds, 0.5, "ms", remark),
        f"{key}_p99": figures.of_samples(rounds, 0.99, "ms", remark),
    }


def round_trips(
    kinesis: KinesisClient,
    names: tuple[str, str],
    records: Sequence[tuple[bytes, str]],
    answers: Answers,
    seconds: float,
) -> list[float]:
    """Puts records one by one, each after the answer to the previous one.

    Args:
        kinesis: client of the emulator.
        names: of the stream to write to, and of the one to read.
        records: data and partition key of each.
        answers: whether a record read is the answer to the one put.
        seconds: no record is put after this time.

    Returns:
        Milliseconds from before each put until its answer was read.

    Raises:
        HarnessError: an answer is missing.
    """
    reader = streams.Reader(kinesis, names[1], "LATEST")
    times: list[float] = []
    end = time.monotonic() + seconds
    for record in records:
        if time.monotonic() > end:
            break
        started = time.perf_counter()
        put = next(streams.put(kinesis, names[0], [record]))
        while not any(answers(read, put) for read in reader.read()):
            if time.perf_counter() - started > ANSWER_DEADLINE:
                raise HarnessError(f"an event had no answer within {ANSWER_DEADLINE:.0f} s", "run make bench again")
            time.sleep(PAUSE)
        times.append((time.perf_counter() - started) * 1000)
    return times


def _answers(identity: Identity) -> Answers:
    """Tells answers by the source record's id, or else by the event's own."""

    def answers(read: streams.Read, put: streams.Put) -> bool:
        answer = json.loads(read.data)
        if identity.source is not None:
            return bool(identity.source(answer) == put.event_id)
        return bool(identity.of_answer(answer) == identity.id_in(put.data))

    return answers


@contextmanager
def scratch_stream(kinesis: KinesisClient) -> Iterator[str]:
    """A stream of two shards with no other reader; deleted afterwards."""
    name = f"bench-{time.time_ns():x}"
    waiting: Any = {"Delay": 1, "MaxAttempts": 60}
    kinesis.create_stream(StreamName=name, ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig=waiting)
    try:
        yield name
    finally:
        kinesis.delete_stream(StreamName=name)
