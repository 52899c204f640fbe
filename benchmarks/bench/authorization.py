"""The cost of authorizing every request: the same requests to two LocalStacks, with IAM_ENFORCEMENT=on and off."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3

from harness import console
from harness.errors import HarnessError
from harness.machine import environment
from harness.stack.clients import CONFIG, Clients
from harness.stack.state import EMBEDDED, REGION, Stack
from harness.stages import rehearsal

STREAM, USER = "bench", "bench"
ARN = f"arn:aws:kinesis:{REGION}:000000000000:stream/{STREAM}"
# As many statements as the function's role has; the matching one comes last.
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        *(
            {"Effect": "Allow", "Action": f"s3:{name}", "Resource": "arn:aws:s3:::b/*"}
            for name in ("GetObject", "List*")
        ),
        *(
            {"Effect": "Allow", "Action": f"logs:{name}", "Resource": "*"}
            for name in ("CreateLogStream", "PutLogEvents")
        ),
        {"Effect": "Allow", "Action": ["kinesis:PutRecord", "kinesis:PutRecords"], "Resource": ARN},
    ],
}
ROUNDS, REQUESTS = 40, 250
MOST_LOST = 0.10


def run() -> None:
    """Measures PutRecord, the pipeline's fastest request, in alternating rounds; prints the ratio.

    Raises:
        HarnessError: authorization costs more than a tenth of the throughput.
    """
    rates: dict[str, list[float]] = {"on": [], "off": []}
    with ExitStack() as block:
        clients = {mode: _client(block.enter_context(_localstack(mode))) for mode in rates}
        with console.step(f"{ROUNDS} rounds of {REQUESTS} requests to each") as step:
            for number in range(ROUNDS):
                step.note(f"round {number + 1}")
                for mode in sorted(rates, reverse=bool(number % 2)):
                    rates[mode].append(_rate(clients[mode]))
    ratios = [on / off for on, off in zip(rates["on"], rates["off"], strict=True)]
    ratio = statistics.median(rates["on"]) / statistics.median(rates["off"])
    quarters = statistics.quantiles(ratios)
    console.out.print(
        f"PutRecord by an IAM user, one after the other: {statistics.median(rates['on']):.0f} a second with "
        f"IAM_ENFORCEMENT=on, {statistics.median(rates['off']):.0f} with off: {ratio:.3f} of it "
        f"({ROUNDS} rounds; a quarter below {quarters[0]:.3f}, a quarter above {quarters[2]:.3f})"
    )
    if ratio < 1 - MOST_LOST:
        raise HarnessError(
            f"authorization costs {1 - ratio:.0%} of the requests", "profile pipeline_emulator/authorization"
        )


@contextmanager
def _localstack(mode: str) -> Iterator[Stack]:
    started = rehearsal.empty_localstack(f"bench-iam-{mode}", EMBEDDED)
    with environment.set_to(IAM_ENFORCEMENT=mode), started as stack:
        yield stack


def _client(stack: Stack) -> Any:
    """A Kinesis client with the keys of a user who may put records to an existing stream."""
    root = Clients(stack)
    root.kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    root.kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    root.iam.create_user(UserName=USER)
    root.iam.put_user_policy(UserName=USER, PolicyName="put", PolicyDocument=json.dumps(POLICY))
    key = root.iam.create_access_key(UserName=USER)["AccessKey"]
    session = boto3.session.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    return session.client("kinesis", endpoint_url=stack.endpoint_url, config=CONFIG)


def _rate(kinesis: Any) -> float:
    """Requests per second."""
    started = time.perf_counter()
    for number in range(REQUESTS):
        kinesis.put_record(StreamName=STREAM, Data=b"x" * 200, PartitionKey=str(number))
    return REQUESTS / (time.perf_counter() - started)
