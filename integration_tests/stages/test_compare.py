"""`pipeline compare`: a deployed stage, changed by hand, beside what the same files make locally."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from harness import comparison
from harness.comparison import settings, side
from harness.comparison.differences import between
from harness.local import lifecycle
from harness.machine import ports
from harness.stack.state import EMBEDDED, Stack
from harness.stages import deploy
from harness.stages.access import Access
from harness.stages.stage import Stage

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(900)]  # a deployment and a start


@pytest.fixture
def local() -> Iterator[Stack]:
    name = f"compare-{os.getpid()}"
    yield lifecycle.up(name, "local", ports.free_ports(1)[0], EMBEDDED)[0]
    lifecycle.down(name)


def test_what_was_changed_by_hand_is_found_with_its_meaning(
    deployed: Stage, access: Access, local: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a stage as its files make it
    before = {each.name: each for each in comparison.run(local, deployed, access)}
    there = side.deployed(deployed, access, deploy.deployed(deployed, access))
    read = settings.read(there)
    assert read["mapping.BatchSize"] == settings.read(side.local(local))["mapping.BatchSize"]
    # WHEN somebody changes it by hand
    functions, kinesis, iam = (access.client(name) for name in ("lambda", "kinesis", "iam"))
    [mapping] = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=7, BisectBatchOnFunctionError=False)
    kinesis.increase_stream_retention_period(StreamName=there.names.source_stream, RetentionPeriodHours=72)
    role = functions.get_function_configuration(FunctionName=there.names.function)["Role"].rpartition("/")[2]
    allowed = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}'
    iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=allowed)
    # THEN each change is listed with both values and what it matters for
    try:
        found = {each.name: each for each in comparison.run(local, deployed, access)}
        shown = capsys.readouterr().out
        for name, value in {
            "mapping.BatchSize": 7,
            "mapping.BisectBatchOnFunctionError": False,
            "source stream.RetentionPeriodHours": 72,
            "role.Allow s3:*": ["*"],
        }.items():
            assert name not in before
            assert found[name].there == value
            assert found[name].matters
            assert name in shown
        assert {each.name for each in between(read, settings.read(there))} == found.keys() - before.keys()
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="by-hand")
