"""A mapping's life: disabled, enabled, updated, deleted, restarted, without loss and without replay."""

import subprocess
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conformance.resources import create_journal

RESTART_DEADLINE = 150.0


@pytest.mark.aws_valid
def test_last_processing_result(scene: Any) -> None:
    """LastProcessingResult tells nothing processed, OK, or a problem.

    https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
    """
    scene.create_stream()
    mapping = scene.map()

    def result() -> str:
        return str(scene.mapping(mapping).get("LastProcessingResult"))

    assert result() == "No records processed", f"'{result()}' before the first record"
    scene.put({"id": 1, "do": "fail", "until": "mended"})
    scene.eventually(lambda: result() == "PROBLEM: Function call failed", "result 'PROBLEM: Function call failed'")
    scene.switch("mended")
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
def test_updates_while_records_flow(scene: Any) -> None:
    """Updates of batch size and parallelization while records flow neither lose nor repeat any.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    scene.create_stream(shards=2)
    mapping = scene.map(BatchSize=5)
    total = 0
    for batch_size, lanes in ((3, 1), (10, 4), (2, 2), (20, 1)):
        scene.put(*[{"id": n, "key": f"k{n % 16}", "do": "sleep", "seconds": 0.01} for n in range(total, total + 50)])
        total += 50
        scene.update(mapping, BatchSize=batch_size, ParallelizationFactor=lanes)
    scene.await_ids(set(range(total)))
    repeated = len(scene.delivered()) - total
    assert repeated == 0, f"{repeated} records delivered again"


@pytest.mark.aws_valid
def test_update_of_a_stuck_mapping(scene: Any) -> None:
    """Update of retries, bisect and destination frees a shard stuck in endless retries.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    scene.create_stream()
    scene.put({"id": "poison", "do": "fail"})
    mapping = scene.map()
    scene.eventually(lambda: len(scene.ids()) > 2, "retries")
    scene.put("behind")
    scene.update(mapping, MaximumRetryAttempts=0, BisectBatchOnFunctionError=True, DestinationConfig=scene.to_bucket)
    scene.await_ids({"behind"})
    scene.eventually(lambda: scene.failed_ids() == ["poison"], "a failure record of the poison alone")


@pytest.mark.aws_valid
def test_update_of_the_function(own_scene: Any) -> None:
    """Update of FunctionName: an alias takes over where the function stopped.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    scene = own_scene
    scene.create_stream()
    mapping = scene.map()
    scene.put(1)
    scene.await_ids({1})
    version = scene.awslambda.publish_version(FunctionName=scene.function_name)["Version"]
    alias = scene.awslambda.create_alias(FunctionName=scene.function_name, Name="live", FunctionVersion=version)
    scene.update(mapping, FunctionName=alias["AliasArn"])
    scene.put(2)
    scene.await_ids({2})
    assert scene.delivered() == [1, 2], f"delivered {scene.delivered()}"
    assert scene.mapping(mapping)["FunctionArn"] == alias["AliasArn"], "the mapping names another function"


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

    Whatever else a tool has forgotten (function, bucket, mapping) is created anew under its name, as Terraform would.
    What is checkpointed: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    if not scene.target.restart:
        pytest.skip("nothing survives a restart")
    scene.create_stream(shards=2)
    mapping = scene.map(BatchSize=10)
    scene.put(*range(20), shard=0)
    scene.put(*range(20, 40), shard=1)
    scene.await_ids(set(range(40)))
    scene.eventually(lambda: scene.mapping(mapping)["LastProcessingResult"] == "OK", "OK before the restart")
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
