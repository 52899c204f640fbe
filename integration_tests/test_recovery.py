"""After a kill -9 of LocalStack, a second start works, and local-down leaves no process, port or file."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import chaos, events, ledger, streams
from harness.chaos import KILL
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger import expected
from harness.local import deployment, lifecycle, runtimes
from harness.machine import engine, ports, processes
from harness.machine.waiting import poll
from harness.paths import STACKS
from harness.stack import state as stacks
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack
from harness.terraform.runner import Terraform

pytestmark = [
    pytest.mark.local_only,
    pytest.mark.own_stacks,
    pytest.mark.long_proof,
    pytest.mark.timeout(1800),  # several full starts each
]

BATCH_SIZE = 100
SEED_WITH_KILL = 18  # one of the few: most seeds have no kill in a schedule of eight seconds
# As Terraform writes it; without the fix, `tflocal apply` fails with "Error acquiring the state lock".
LOCK = json.dumps({"ID": "0c1d", "Operation": "OperationTypeApply", "Who": "killed@here", "Version": "1.11.4"})


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    """The stack's name; the second test continues with the first one's stack, or starts it itself."""
    name = f"e2e-recovery-{os.getpid()}"
    yield name
    lifecycle.down(name)


@pytest.fixture(scope="module")
def port() -> int:
    """The port of that stack's LocalStack."""
    return ports.free_ports(1)[0]


def test_a_localstack_killed_during_the_apply_is_reported_and_the_next_start_works(name: str, port: int) -> None:
    """The first start fails at once with the reason, instead of waiting for Terraform's retries."""
    with ThreadPoolExecutor(1) as pool:
        start = pool.submit(lifecycle.up, name, "recovery", port)
        poll(lambda: start.done() or "Creation complete" in _log(name), "the first resources", deadline=600)
        assert not start.done(), start.exception()
        stack = stacks.load(name)
        assert stack is not None
        runtimes.of(stack).kill(stack)
        with pytest.raises(HarnessError, match="LocalStack has ended"):
            start.result(180)
    assert lifecycle.up(name, "recovery", port)[1]["prediction"]["sales_prediction"] > 0


def _log(name: str) -> str:
    log = STACKS / name / "logs" / "terraform.log"
    return log.read_text() if log.exists() else ""


def test_a_killed_localstack_is_replaced_and_nothing_is_left_after_down(name: str, port: int) -> None:
    # GIVEN a stack whose LocalStack is killed, without a chance to clean up, while events flow
    stack, _ = lifecycle.up(name, "recovery", port)
    assert stack.alive()
    records, step = events.made_up(stack, 5000, seed=2), Step("5,000 events")
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(ledger.run, stack, records, expected.of(stack), step, 100.0)
        poll(lambda: step.done > 100 or run.done(), "the first events", deadline=300)
        runtimes.of(stack).kill(stack)
        poll(lambda: not stack.alive(), "the end of LocalStack")
        # THEN the ledger stops waiting, because its streams are gone
        result = run.result(300)
    assert result.broken is not None
    assert "LocalStack has died" in result.broken.cause
    assert not result.passed
    assert len(result.entries) + result.not_put == 5000
    assert result.not_put > 0
    with pytest.raises(HarnessError, match="has ended"):
        stacks.running(name)
    # WHEN it is started again
    again, answer = lifecycle.up(name, "recovery", port)
    # THEN it answers, without any process of the first one
    assert answer["prediction"]["sales_prediction"] > 0
    assert again.instance != stack.instance
    # WHEN it is already running THEN another start keeps it, also after a start killed while Terraform held its lock
    Clients(again).s3.put_object(Bucket="tf-test-state", Key="store-sales/local/terraform.tfstate.tflock", Body=LOCK)
    same, _ = lifecycle.up(name, "recovery", port)
    assert same.instance == again.instance
    # AND a move to another port is refused
    with pytest.raises(HarnessError, match=f"runs on port {port}"):
        lifecycle.up(name, "recovery", ports.free_ports(1)[0])
    # WHEN it is taken down THEN nothing is left
    lifecycle.down(name)
    assert _left_of(stack) == []
    assert processes.port_is_free(port)
    assert not (STACKS / name).exists()
    assert not (STACKS / f"{name}.lock").exists()


def test_streams_and_the_mappings_position_survive_a_killed_localstack(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN acknowledged events, not all predicted WHEN LocalStack is killed and the stack started again
    lifecycle.down(name)  # if the previous test failed, its streams are not persistent
    monkeypatch.setenv("PERSISTENCE", "1")
    port = ports.free_ports(1)[0]
    stack, _ = lifecycle.up(name, "recovery", port)
    records = events.made_up(stack, 2000, seed=3)
    put = list(streams.put(Clients(stack).kinesis, stack.outputs["source_stream_name"], records))
    runtimes.of(stack).kill(stack)
    poll(lambda: not stack.alive(), "the end of LocalStack")
    monkeypatch.delenv("PERSISTENCE")  # the stack remembers that its streams are persistent
    again, _ = lifecycle.up(name, "recovery", port)
    # THEN every event has its prediction, those from before the kill included
    reader = streams.Reader(Clients(again).kinesis, again.outputs["predictions_stream_name"])
    predicted: Counter[str] = Counter()

    def all_predicted() -> bool:
        predicted.update(json.loads(read.data)["event_id"] for read in reader.read())
        return predicted.keys() >= {record.event_id for record in put}

    assert poll(all_predicted, "the predictions", deadline=180)
    # AND at most one batch per shard was delivered twice, and Terraform knows the streams
    assert sum(times - 1 for times in predicted.values()) <= 2 * BATCH_SIZE
    assert Terraform(again, deployment.variables(again, again.run_id)).plan_is_empty()
    monkeypatch.setenv("PERSISTENCE", "0")
    with pytest.raises(HarnessError, match="runs with PERSISTENCE=1"):
        lifecycle.up(name, "recovery", port)
    # WHEN a schedule of faults kills it again while events flow THEN none is lost, and the stack is up to date
    killed = again.instance
    outcome = chaos.run(again, SEED_WITH_KILL, Step("chaos"), 800)
    assert outcome.ledger.passed, outcome.ledger.summary()
    assert outcome.happened[KILL] == 1
    assert again.instance != killed
    assert stacks.running(name) == again
    # WHEN it is taken down THEN the streams are gone as well
    lifecycle.down(name)
    assert _left_of(again) == []
    assert not (STACKS / name).exists()


def _left_of(stack: Stack) -> list[str]:
    found = [processes.command_line(process) for process in processes.of_stack(stack.folder)]
    if stack.runtime == DOCKER:
        client = engine.client()
        label = {"label": f"{engine.PROJECT_LABEL}={stack.project}"}
        found += [str(container.name) for container in engine.containers(engine.PROJECT_LABEL, stack.project)]
        found += [str(container.name) for container in engine.containers(engine.STACK_LABEL, stack.project)]
        found += [network.name for network in client.networks.list(filters=label)]
        found += [volume.name for volume in client.volumes.list(filters=label)]
        found += [
            tag for image in client.images.list() for tag in image.tags if tag.startswith(f"127.0.0.1:{stack.port}/")
        ]
    return found
