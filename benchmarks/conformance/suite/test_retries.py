"""What happens to a batch whose function fails: retries, splits, age."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws_valid

UNREPORTED_SECONDS = 5.0  # used if LastProcessingResult does not show that the mapping has tried
SHORT_AGE, LEAST_AGE = 2, 60  # seconds; AWS requires at least a minute, emulators may accept less


def test_endless_retries(scene: Any) -> None:
    """By default a failing batch is retried until it succeeds, and its shard waits.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    scene.create_stream()
    scene.put({"id": 1, "do": "fail", "until": "fixed"}, 2)
    scene.map(BatchSize=2)
    scene.eventually(lambda: len(scene.ids()) > 2, "two retries")
    scene.put(3)
    scene.switch("fixed")
    batches = scene.await_ids({3})
    assert all(batch == [1, 2] for batch in batches[:-1]), f"invocations: {batches}"
    assert batches[-1] == [3], f"invocations: {batches}"


def test_maximum_retries(scene: Any) -> None:
    """MaximumRetryAttempts: that many retries, then the whole batch is discarded.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    scene.create_stream()
    scene.put(1, {"id": 2, "do": "fail"}, 3)
    scene.map(MaximumRetryAttempts=2, BatchSize=3)
    scene.put(4)
    batches = scene.await_ids({4})
    assert batches == [[1, 2, 3]] * 3 + [[4]], f"{len(batches) - 2} retries instead of 2"


def test_no_retries(scene: Any) -> None:
    """MaximumRetryAttempts of 0: one invocation.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
    """
    scene.create_stream()
    scene.put({"id": 1, "do": "fail"})
    scene.map(MaximumRetryAttempts=0, BatchSize=1)
    scene.put(2)
    batches = scene.await_ids({2})
    assert batches == [[1], [2]], f"invocations: {batches}"


def test_bisect(scene: Any) -> None:
    """Bisect finds the one poison record: the others succeed, and it alone is discarded.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    scene.create_stream()
    scene.put(*[{"id": number} | ({"do": "fail"} if number == 6 else {}) for number in range(10)])
    scene.map(BisectBatchOnFunctionError=True, MaximumRetryAttempts=1, DestinationConfig=scene.to_bucket, BatchSize=10)
    scene.put("after")
    scene.await_ids({"after"})
    succeeded = {one for entry in scene.invocations() if "ended" in entry for one in entry["ids"]}
    lost = set(range(10)) - {6} - succeeded
    assert not lost, f"{len(lost)} healthy records discarded with the poison"
    scene.eventually(scene.failures, "a failure record")
    assert scene.failed_ids() == [6], f"failure records of {scene.failed_ids()}"


def test_splits_use_up_no_retries(scene: Any) -> None:
    """Splitting a batch does not consume its retry quota.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    scene.create_stream()
    scene.put(*range(7), {"id": 7, "do": "fail"})
    scene.map(BisectBatchOnFunctionError=True, MaximumRetryAttempts=2, BatchSize=8)
    scene.put("after")
    scene.await_ids({"after"})
    alone = scene.ids().count([7])
    assert alone == 3, f"the poison was invoked {alone} times alone instead of 3"


def test_record_age(scene: Any) -> None:
    """MaximumRecordAgeInSeconds: older records are discarded, and the shard goes on.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    scene.create_stream()
    scene.put({"id": 1, "do": "fail"})
    settings = {"DestinationConfig": scene.to_bucket, "BatchSize": 1}
    try:
        scene.map(MaximumRecordAgeInSeconds=SHORT_AGE, **settings)
    except ClientError:
        scene.map(MaximumRecordAgeInSeconds=LEAST_AGE, **settings)
    scene.eventually(scene.failures, "a failure record", LEAST_AGE + scene.target.seconds)
    scene.put(2)
    scene.await_ids({2})
    assert scene.failed_ids() == [1], f"failure records of {scene.failed_ids()}"
    assert scene.ids().count([1]) > 1, "no retry before the age was reached"


def test_throttling(own_scene: Any) -> None:
    """Throttled invocations wait: they use up no retries and discard nothing.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    scene = own_scene
    scene.create_stream()
    scene.awslambda.put_function_concurrency(FunctionName=scene.function_name, ReservedConcurrentExecutions=0)
    scene.put(1)
    mapping = scene.map(MaximumRetryAttempts=0, DestinationConfig=scene.to_bucket)
    began = time.monotonic()

    def tried() -> bool:
        reported = scene.mapping(mapping).get("LastProcessingResult", "").startswith("PROBLEM")
        return reported or time.monotonic() - began > UNREPORTED_SECONDS

    scene.eventually(tried, "an attempt")
    assert scene.ids() == [], "the function ran although its concurrency is 0"
    assert scene.failures() == [], "the waiting record was discarded"
    scene.awslambda.delete_function_concurrency(FunctionName=scene.function_name)
    scene.await_ids({1})
    assert scene.failures() == [], "the waiting record was discarded"
