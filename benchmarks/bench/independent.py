"""The rate that an independent client sees: see `independent_client`."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.bench import figures, independent_client
from benchmarks.bench.figures import Figure
from harness import events
from harness.console import Step
from harness.errors import HarnessError
from harness.stack.state import Stack

EVENTS, ROUNDS = 10_000, 3
RATE = "independent_rate"
SECONDS = 45.0  # per round


def many_events(stack: Stack, step: Step) -> dict[str, Figure]:
    """Events per second from the first put to the last answer; a round without all answers is the last."""
    rates: list[float] = []
    for number in range(ROUNDS):
        step.note(f"round {number + 1} of {ROUNDS}")
        seconds = _round(stack)
        if seconds is None:
            if not rates:
                raise HarnessError(f"not all answers within {SECONDS:.0f} s", "run make bench again")
            break
        rates.append(EVENTS / seconds)
    remark = "" if len(rates) == ROUNDS else f"not all answers within {SECONDS:.0f} s in round {len(rates) + 1}"
    return {RATE: figures.of_rounds(rates, "events/s", remark)}


def _round(stack: Stack) -> float | None:
    task = {
        "endpoint": stack.endpoint_url,
        "region": stack.region,
        "source": stack.resources.source_stream,
        "output": stack.resources.output_stream,
        "events": [(data.decode(), key) for data, key in events.made_up(stack, EVENTS)],
        "seconds": SECONDS,
    }
    command = [sys.executable, "-m", independent_client.__name__]
    done = subprocess.run(
        command, input=json.dumps(task), capture_output=True, text=True, timeout=SECONDS + 60, check=False
    )
    if done.returncode:
        raise HarnessError(f"the independent client failed: {done.stderr.strip()[-300:]}", "run make bench again")
    seconds: float | None = json.loads(done.stdout)
    return seconds
