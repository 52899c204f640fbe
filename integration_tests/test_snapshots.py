"""A snapshot brings a stack back without Terraform: the same records, positions and state, and an empty plan."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import events, ledger, streams
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger import expected
from harness.local import deployment, lifecycle
from harness.local.snapshots import loading, saving, store
from harness.machine import ports
from harness.machine.waiting import poll
from harness.stack import mapping
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.terraform.runner import Terraform

pytestmark = [pytest.mark.local_only, pytest.mark.own_stacks, pytest.mark.long_proof]

# Of LocalStack's processor time, which other suites beside this one do not change much.
LOAD_SECONDS = 15.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the snapshots of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        path = tmp_path_factory.mktemp("snapshots")
        patch.setattr(store, "SNAPSHOTS", path)
        yield path


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[Stack]:
    """A stack of this module's own."""
    name = f"e2e-snapshots-{os.getpid()}"
    try:
        yield lifecycle.up(name, "snapshots", ports.free_ports(1)[0])[0]
    finally:
        lifecycle.down(name)


def _read(stack: Stack, stream: str) -> list[streams.Read]:
    """Read a stream from its beginning to its end."""
    reader, found = streams.Reader(Clients(stack).kinesis, stream), []

    def at_end() -> bool:
        found.extend(reader.read())
        return reader.at_end

    poll(at_end, f"the end of {stream}")
    return found


def _answers(stack: Stack) -> Counter[str]:
    """Return how often each record of the source stream was answered."""
    found = _read(stack, stack.resources.output_stream)
    return Counter(json.loads(each.data)["event_id"] for each in found)


def _sources(stack: Stack) -> set[str]:
    return {f"{each.shard}:{each.sequence}" for each in _read(stack, stack.resources.source_stream)}


def _enable(stack: Stack, *, enabled: bool) -> None:
    functions, uuid = Clients(stack).functions, mapping.uuid(stack)
    functions.update_event_source_mapping(UUID=uuid, Enabled=enabled)
    wanted = "Enabled" if enabled else "Disabled"
    poll(lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == wanted, f"the mapping is {wanted}")


def test_a_snapshot_made_while_events_flow_loses_and_invents_nothing(stack: Stack) -> None:
    # GIVEN events that flow WHEN a snapshot is saved THEN each is answered, as the ledger says
    records, step = events.made_up(stack, 2000, seed=5), Step("2,000 events")
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(ledger.run, stack, records, expected.of(stack), step, 200.0)
        poll(lambda: step.done > 300 or run.done(), "the first events", deadline=120)
        saving.save(stack.name, "flow")
        assert run.result(300).passed
    # WHEN it is loaded
    loaded = loading.load(stack.name, "flow", force=True)
    if process := loaded.process():
        assert sum(process.cpu_times()[:2]) < LOAD_SECONDS
    # THEN every event that it has gets one answer, and there is none without an event
    wanted = _sources(loaded)
    assert 300 <= len(wanted) <= 2001
    poll(lambda: wanted <= set(_answers(loaded)), "the answers", deadline=120)
    assert _answers(loaded) == Counter(wanted)


def test_events_that_were_not_read_are_answered_after_loading(stack: Stack) -> None:
    # GIVEN a mapping that is disabled, and events that it has not read
    before = _sources(stack)
    _enable(stack, enabled=False)
    records = events.made_up(stack, 50, seed=6)
    waiting = {put.event_id for put in streams.put(Clients(stack).kinesis, stack.resources.source_stream, records)}
    saving.save(stack.name, "waiting")
    # WHEN the snapshot is loaded THEN they still wait
    loaded = loading.load(stack.name, "waiting", force=True)
    assert _sources(loaded) == before | waiting
    assert _answers(loaded) == Counter(before)
    # AND once the mapping reads, each of them gets one answer, and no other event another one
    _enable(loaded, enabled=True)
    poll(lambda: waiting <= set(_answers(loaded)), "the answers", deadline=120)
    assert _answers(loaded) == Counter(before | waiting)


def test_a_plan_is_empty_and_the_next_up_runs_no_terraform(stack: Stack) -> None:
    loaded = loading.load(stack.name, "flow", force=True)
    log = loaded.log("terraform")
    assert not log.exists(), "loading runs no Terraform"
    lifecycle.up(loaded.name, loaded.project_id, loaded.port)
    assert not log.exists(), "nothing has changed"
    assert Terraform(loaded, deployment.variables(loaded, loaded.run_id)).plan_is_empty()


def test_a_running_stack_is_not_replaced_without_force(stack: Stack) -> None:
    with pytest.raises(HarnessError, match="would replace all that is in it"):
        loading.load(stack.name, "flow")
    assert _sources(stack)


def test_it_is_loaded_after_a_down_and_the_ledger_passes(stack: Stack) -> None:
    lifecycle.down(stack.name)
    loaded = loading.load(stack.name, "flow")
    step = Step("300 events")
    assert ledger.run(loaded, events.made_up(loaded, 300, seed=7), expected.of(loaded), step, None).passed
