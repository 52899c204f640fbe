"""Changed code reaches a running function without a deployment, and no event is lost on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import events, ledger, streams
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger import expected
from harness.ledger.collector import Watch
from harness.local import reloading
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack

pytestmark = pytest.mark.local_only

HANDLER, PROCESSOR = "store_sales/handler.py", "store_sales/processor.py"
COUNT, RATE = 1500, 150.0
RELOAD_SECONDS = 1.0


@pytest.fixture
def source(stack: Stack) -> Iterator[Path]:
    """The function's folder; its deployed code runs again at the end."""
    assert stack.pipeline.source is not None
    yield stack.pipeline.source
    reloading.withdraw(stack)


def _answer(stack: Stack, clients: Clients) -> dict[str, object]:
    """Put the sample event and return its answer."""
    reader = streams.Reader(clients.kinesis, stack.resources.output_stream, "LATEST")
    event = stack.pipeline.samples()[0] | {"sales_id": f"reload-{time.monotonic_ns()}"}
    data = events.encode(event)
    key = events.partition_key(stack.pipeline, data)
    list(streams.put(clients.kinesis, stack.resources.source_stream, [(data, key)]))
    for found in reader.until(time.monotonic() + 60):
        for read in found:
            answer: dict[str, object] = json.loads(read.data)
            if stack.pipeline.identity.of_answer(answer) == event["sales_id"]:
                return answer
    pytest.fail("no answer within 60 s")


def test_a_saved_file_answers_the_next_event(stack: Stack, clients: Clients, source: Path) -> None:
    # GIVEN an answer of the deployed code, so that an environment is open
    assert _answer(stack, clients)["model"] == "store_sales"
    # WHEN a file changes
    text = (source / PROCESSOR).read_text()
    assert '"store_sales"' in text
    began = time.monotonic()
    reloading.put(stack, {PROCESSOR: text.replace('"store_sales"', '"reloaded"').encode()})
    # THEN the next event is answered by the new code
    assert _answer(stack, clients)["model"] == "reloaded"
    print(f"from the save to the answer: {time.monotonic() - began:.2f} s")
    # AND code that does not start is refused, and changes nothing
    with pytest.raises(HarnessError, match="no_such_module"):
        reloading.put(stack, {HANDLER: b"import no_such_module\n"})
    assert _answer(stack, clients)["model"] == "reloaded"


@pytest.mark.long_proof
def test_a_reload_each_second_loses_no_event(stack: Stack, source: Path) -> None:
    text, last, count = (source / HANDLER).read_bytes(), 0.0, 0

    def reload() -> None:
        nonlocal last, count
        if time.monotonic() - last >= RELOAD_SECONDS:
            last, count = time.monotonic(), count + 1
            reloading.put(stack, {HANDLER: text + f"\n# {count}\n".encode()})

    with Watch(reload, 0.05) as watch:
        result = ledger.run(stack, events.made_up(stack, COUNT), expected.of(stack), Step("reloads"), RATE)
        watch.check()
    assert result.passed, result.summary()
    assert count >= (2 if stack.runtime == DOCKER else 4)
