"""Updates of a running mapping lose nothing and replay nothing."""

from typing import Any

import pytest

pytestmark = pytest.mark.aws_valid


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
