"""Everyday commands for a running stack: send, watch, failed events and logs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness import console, events, failed, streams
from harness.errors import HarnessError
from harness.failed import report as failed_report
from harness.local import status
from harness.paths import shown
from harness.stack import mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack

FOLLOW_PAUSE = 1.0
WATCH_PAUSE = 0.2
LATE_LINES_MS = 10_000


def show_started(stack: Stack, answer: dict[str, Any]) -> None:
    """Print the answered sample event, the names of the stack's resources, and the next steps."""
    console.out.print()
    console.out.print(f"  event   {json.dumps(stack.pipeline.samples()[0])}", markup=False)
    console.out.print(f"  answer  {json.dumps(answer)}\n", markup=False)
    console.pairs(status.names(stack))
    text = (
        "\n  Next: [bold]make send COUNT=100[/bold], [bold]make watch[/bold], [bold]make verify[/bold], "
        "[bold]make local-logs[/bold]; stop it with [bold]make local-down[/bold]"
        + ("\n  Pull the image: [bold]make ecr-login[/bold]" if stack.outputs.get("image_uri") else "")
        + f"\n  Any AWS client works: [dim]AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\\n"
        f"    AWS_DEFAULT_REGION={stack.region} aws --endpoint-url {stack.endpoint_url} kinesis list-streams[/dim]"
    )
    console.out.print(console.worded(text))


def show_loaded(stack: Stack) -> None:
    """Print the names of the resources of a stack from a snapshot, and the next steps."""
    console.pairs(status.names(stack))
    console.say("Next: make send COUNT=100, make watch; make local-up applies what has changed since it was saved")


def show_trained(result: dict[str, Any]) -> None:
    """Print a training result and the next step."""
    for name, value in sorted(result["metrics"].items()):
        console.out.print(f"  {name:<24} {value:.4f}")
    console.out.print(f"  model: {shown(Path(result['model_dir']))}")
    console.say("Next: make local-up serves this model")


def show_logs(stack: Stack, *, follow: bool) -> None:
    """Print the function's log, oldest line first; with `follow`, continue with new lines until Ctrl-C."""
    client = Clients(stack).logs
    group = mapping.log_group(stack)
    console.say(f"log group {group}; LocalStack's own: {stack.localstack_log}")
    seen: set[str] = set()
    since = 0
    with ended_by_ctrl_c():
        while True:
            # Each execution environment has its own log stream, and the pages come stream by stream.
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
            new = [event for page in pages for event in page["events"] if event["eventId"] not in seen]
            for event in sorted(new, key=lambda event: event["timestamp"]):
                seen.add(event["eventId"])
                # Ask again only for the last LATE_LINES_MS: lines may come late.
                since = max(since, event["timestamp"] - LATE_LINES_MS)
                print(event["message"].rstrip(), flush=True)
            if not follow:
                return
            time.sleep(FOLLOW_PAUSE)


@contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """End a block quietly on Ctrl-C, which is the only way to end it."""
    try:
        yield
    except KeyboardInterrupt:
        console.say("")


def send(stack: Stack, file: Path | None, count: int, rate: float | None) -> None:
    """Put the events of a file, or `count` made-up ones, on the source stream."""
    if file is not None and str(file) != ".":
        records = [(data, events.partition_key(stack.pipeline, data)) for data in events.from_file(file.expanduser())]
        if not records:
            raise HarnessError(f"{file} holds no events", "write one JSON object per line")
    else:
        records = events.made_up(stack, count)
    client, source = Clients(stack).kinesis, stack.resources.source_stream
    with console.step(f"Send {len(records)} events to {source}") as step:
        for number, _ in enumerate(streams.put(client, source, records, rate), 1):
            step.note(f"{number} of {len(records)}")
    console.say("Next: make watch shows predictions, make failed-events the events without one")


def watch(stack: Stack) -> None:
    """Print each prediction as it arrives, until Ctrl-C."""
    output = stack.resources.output_stream
    reader = streams.Reader(Clients(stack).kinesis, output, "LATEST")
    console.say(f"following {output}; Ctrl-C ends it")
    with ended_by_ctrl_c():
        for found in reader.until(float("inf")):
            for read in found:
                print(read.data.decode(errors="replace"), flush=True)
            time.sleep(0 if found else WATCH_PAUSE)


def show_failed(stack: Stack) -> None:
    """List the failed events of both kinds."""
    if failed_report.show(Clients(stack).s3, failed.bucket_of(stack)):
        console.say("Next: make redrive puts them back on the source stream")


def redrive(stack: Stack) -> None:
    """Put failed events back on the source stream."""
    with console.step("Put failed events back") as step:
        done = failed.redrive(stack, step)
        step.result = f"{done.events} events"
    if done.again:
        console.say(f"{done.again} of them had been put back before, and had failed again")
    if done.finished:
        console.say(f"{done.finished} more had been put back by an interrupted run; they are now deleted")
    if done.doubtful:
        console.warn(f"{done.doubtful} of them may also have been put back by an interrupted run: expect duplicates")
    for found in done.unreadable:
        console.warn(f"{found.key} was left unchanged: {found.problem}")
    console.say("Next: make failed-events shows what failed again")
