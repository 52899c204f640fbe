"""A mapping's lifecycle: disabled, enabled, deleted, restarted, without loss or replay."""

import subprocess
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from benchmarks.conformance.suite.resources import create_journal

RESTART_DEADLINE = 150.0


@pytest.mark.aws_valid
def test_last_processing_result(scene: Any) -> None:
    """LastProcessingResult reports nothing processed, OK, or a problem.

    https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
    """
    scene.create_stream()
    mapping = scene.map()

    def result() -> str:
        return str(scene.mapping(mapping).get("LastProcessingResult"))

    assert result() == "No records processed", f"'{result()}' before the first record"
    scene.put({"id": 1, "do": "fail", "until": "fixed"})
    scene.eventually(lambda: result() == "PROBLEM: Function call failed", "result 'PROBLEM: Function call failed'")
    scene.switch("fixed")
    scene.eventually(lambda: result() == "OK", "result 'OK'")


@pytest.mark.aws_valid
def test_disabled_and_enabled(scene: Any) -> None:
    """Disabled and enabled again: it goes on where it stopped.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    scene.create_stream()
    scene.put(1)
    mapping = scene.map()
    scene.await_ids({1})
    scene.update(mapping, state="Disabled", Enabled=False)
    scene.put(2)
    scene.update(mapping, state="Disabled", BatchSize=7)
    assert scene.delivered() == [1], "a disabled mapping reads"
    scene.update(mapping, Enabled=True)
    scene.await_ids({2})
    assert scene.delivered() == [1, 2], f"delivered {scene.delivered()}"
    assert scene.mapping(mapping)["BatchSize"] == 7, "another batch size than the updated one"


@pytest.mark.aws_valid
def test_created_disabled(scene: Any) -> None:
    """Created disabled: it reads from its starting position once it is enabled.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    scene.create_stream()
    scene.put(1)
    mapping = scene.map(Enabled=False)
    assert scene.ids() == [], "a disabled mapping reads"
    scene.update(mapping, Enabled=True)
    scene.await_ids({1})


@pytest.mark.aws_valid
def test_deleted(scene: Any) -> None:
    """Deleted: it reads no more, and a new mapping knows nothing of its progress.

    https://docs.aws.amazon.com/lambda/latest/api/API_DeleteEventSourceMapping.html
    """
    scene.create_stream()
    mapping = scene.map()
    scene.put(1)
    scene.await_ids({1})
    assert scene.awslambda.delete_event_source_mapping(UUID=mapping)["State"] == "Deleting", "another state"

    def gone() -> bool:
        try:
            scene.mapping(mapping)
        except ClientError as error:
            return error.response["Error"]["Code"] == "ResourceNotFoundException"
        return False

    scene.eventually(gone, "the mapping is gone")
    scene.put(2)
    scene.map()
    scene.await_ids({2})
    assert scene.delivered() == [1, 1, 2], f"delivered {scene.delivered()}"


@pytest.mark.local_only
@pytest.mark.destroys_stack
@pytest.mark.timeout(RESTART_DEADLINE + 150)
def test_restart(scene: Any) -> None:
    """Restart of the emulator: the mapping goes on from its checkpoint.

    Anything else that a tool has forgotten (function, bucket, mapping) is recreated under its name, as Terraform would.
    What is checkpointed: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    if not scene.target.restart:
        pytest.skip("nothing survives a restart")
    scene.create_stream(shards=2)
    scene.map(BatchSize=10)
    scene.put(*range(20), shard=0)
    scene.put(*range(20, 40), shard=1)
    scene.await_ids(set(range(40)))
    scene.eventually(lambda: all("ended" in entry for entry in scene.invocations()), "all invocations to end")
    subprocess.run(scene.target.restart, shell=True, check=True, timeout=RESTART_DEADLINE)
    restarted = time.time()
    streams = scene.kinesis.list_streams()["StreamNames"]
    assert scene.stream in streams, "the stream is gone"
    create_journal(scene.target, scene.function_name)
    if not scene.awslambda.list_event_source_mappings(FunctionName=scene.function_name)["EventSourceMappings"]:
        scene.mappings.clear()
        scene.map(BatchSize=10)
    scene.put(*range(40, 50), shard=0)
    scene.put(*range(50, 60), shard=1)
    scene.await_ids(set(range(40, 60)))
    later = [one for entry in scene.invocations() if entry["started"] > restarted for one in entry["ids"]]
    repeated = len(set(later) & set(range(40)))
    assert repeated == 0, f"{repeated} of 40 records delivered again"
