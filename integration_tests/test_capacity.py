"""What `pipeline capacity` computes is what happens: below a limit nothing waits, above it something does."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.capacity import limits, plan
from harness.capacity.plan import Function, Load, Settings
from harness.machine import environment
from harness.machine.waiting import poll
from harness.stack.clients import Clients
from harness.stack.state import EMBEDDED, REGION, Stack
from harness.stages import rehearsal
from integration_tests.producers import put

QUIET = "PROVE_CAPACITY"
pytestmark = [
    # It compares rates with limits in real time, so nothing else may run: no suite can promise that.
    pytest.mark.skipif(os.environ.get(QUIET) != "1", reason=f"needs a machine with nothing else to do: {QUIET}=1"),
    pytest.mark.local_only,
    pytest.mark.own_stacks,
    pytest.mark.long_proof,
    pytest.mark.timeout(600),
]

# Milliseconds that the function takes for a batch, by the number of shards: they invoke it 20, 80 and 40 times a
# second, for which half of a core does.
BATCH_MS = {2: 100.0, 8: 100.0, 32: 800.0}
SHARDS = tuple(BATCH_MS)
HOT = 2
BATCH_SIZE = 10
SECONDS = 8.0
WRITE_SECONDS = 4.0
RECORD_BYTES = 100
BELOW, ABOVE = 0.6, 1.6
FAR_ABOVE = 2.5  # the producers may be slowed down by others on the machine
# It needs the same time whatever the batch.
CODE = """\
import os
import time

def handler(event, context):
    arrived = event["Records"][0]["kinesis"]["approximateArrivalTimestamp"]
    print(f"AGE {time.time() - arrived:.3f}", flush=True)
    time.sleep(float(os.environ["BATCH_MS"]) / 1000)
"""
type Ages = tuple[list[float], list[float]]  # seconds, below and above the limit


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """An empty LocalStack whose shards have AWS's limits."""
    with environment.set_to(KINESIS_ENFORCE_LIMITS="1"), rehearsal.empty_localstack("capacity", EMBEDDED) as started:
        yield started


@pytest.fixture(scope="module")
def keys(stack: Stack) -> dict[str, str]:
    """The environment of the producers."""
    return {
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def _stream(stack: Stack, name: str, shards: int) -> str:
    kinesis = Clients(stack).kinesis
    kinesis.create_stream(StreamName=name, ShardCount=shards)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]


@pytest.mark.parametrize("shards", SHARDS)
def test_shards_take_their_limits_and_throttle_the_rest(stack: Stack, keys: dict[str, str], shards: int) -> None:
    """Above the limit, two shards get all records: of more shards, the stream as a whole is then below its limit."""
    name = f"writes-{shards}"
    _stream(stack, name, shards)
    below = put(keys, name, shards, BELOW * shards * limits.WRITE_RECORDS, RECORD_BYTES, WRITE_SECONDS)
    assert below.throttled == 0
    hot = HOT * limits.WRITE_RECORDS
    above = put(keys, name, shards, FAR_ABOVE * hot, RECORD_BYTES, WRITE_SECONDS, used=HOT)
    offered = (above.accepted + above.throttled) / above.seconds
    assert offered > hot, f"this machine put only {offered:.0f} records/s, less than {hot}, the limit"
    assert above.throttled > 0, "more than the limit was put, and nothing was throttled"
    # A shard at rest has a second's worth in hand.
    assert above.accepted <= hot * (above.seconds + 1.1)


@pytest.fixture(scope="module")
def ages(stack: Stack, keys: dict[str, str]) -> dict[int, Ages]:
    """The ages by number of shards; the two small streams are measured at the same time: their functions only wait."""
    *small, large = SHARDS
    with ThreadPoolExecutor(len(small)) as pool:
        found = dict(zip(small, pool.map(lambda shards: _measured(stack, keys, shards), small), strict=True))
    return {**found, large: _measured(stack, keys, large)}


@pytest.mark.parametrize("shards", SHARDS)
def test_the_iterator_age_is_flat_below_the_computed_rate_and_grows_above_it(
    ages: dict[int, Ages], shards: int
) -> None:
    below, above = ages[shards]
    flat, grown = _late(below), _late(above)
    assert flat < 1.5, f"below the limit the records waited {flat:.1f} s: {below}"
    # After eight seconds at 1.6 times the rate, the last records come three seconds late.
    assert grown > flat + 1.2, f"above the limit the age grew from {flat:.1f} s to {grown:.1f} s only: {above}"


def _measured(stack: Stack, keys: dict[str, str], shards: int) -> Ages:
    settings = Settings(shards, 1, BATCH_SIZE, limits.MEMORY_OF_ONE_CPU, REGION)
    carried = plan.carried(Load(1.0, 100, 1), Function(BATCH_MS[shards], 0.0, None, "its code"), settings)
    assert carried == pytest.approx(shards * BATCH_SIZE / BATCH_MS[shards] * 1000)
    name = f"ages-{shards}"
    _consumer(stack, name, _stream(stack, name, shards), BATCH_MS[shards])
    put(keys, name, shards, 4.0 * shards, 100, 1.0)
    poll(lambda: len(_ages(stack, name)) >= shards, "an answer from each shard", deadline=60)
    started = len(_ages(stack, name))
    put(keys, name, shards, BELOW * carried, 100, SECONDS)
    below = len(_ages(stack, name))
    put(keys, name, shards, ABOVE * carried, 100, SECONDS)
    found = _ages(stack, name)
    return found[started:below], found[below:]


def _late(ages: list[float]) -> float:
    """The median age in the last quarter."""
    last = sorted(ages[-len(ages) // 4 :])
    return last[len(last) // 2]


def _consumer(stack: Stack, name: str, source: str, batch_ms: float) -> None:
    clients = Clients(stack)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = clients.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": ["kinesis:*", "logs:*"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    clients.iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", CODE)
    settings: dict[str, Any] = {"Runtime": "python3.13", "Handler": "index.handler", "Timeout": 30}
    settings["Environment"] = {"Variables": {"BATCH_MS": str(batch_ms)}}
    clients.functions.create_function(
        FunctionName=name, Role=role, Code={"ZipFile": package.getvalue()}, MemorySize=256, **settings
    )
    clients.functions.get_waiter("function_active_v2").wait(FunctionName=name)
    mapping = clients.functions.create_event_source_mapping(
        EventSourceArn=source, FunctionName=name, StartingPosition="TRIM_HORIZON", BatchSize=BATCH_SIZE
    )
    poll(
        lambda: clients.functions.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled",
        "an enabled mapping", deadline=60,
    )  # fmt: skip


def _ages(stack: Stack, name: str) -> list[float]:
    """The seconds that each batch's first record waited, in order."""
    logs = Clients(stack).logs
    try:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{name}", filterPattern="AGE"
        )
        lines = [(line["timestamp"], line["message"]) for page in pages for line in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []
    found = [(time, re.search(r"AGE ([\d.]+)", message)) for time, message in sorted(lines)]
    return [float(match[1]) for _, match in found if match]
