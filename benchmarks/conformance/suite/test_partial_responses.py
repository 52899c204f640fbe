"""ReportBatchItemFailures: what a function's response says about its batch."""

from typing import Any

import pytest

pytestmark = pytest.mark.aws_valid

REPORT = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def reporting(*failing: int, count: int = 8) -> list[dict[str, Any]]:
    """Items 0 to `count` - 1, some of them reported as failed."""
    return [{"id": number} | ({"do": "report"} if number in failing else {}) for number in range(count)]


def respond(scene: Any, response: Any) -> list[list[Any]]:
    """The invocations for a batch that gets `response` and may be retried once."""
    scene.create_stream()
    scene.put(1, {"id": 2, "do": "respond", "response": response})
    scene.map(**REPORT, MaximumRetryAttempts=1, BatchSize=2)
    scene.put("after")
    scene.await_ids({"after"})
    return [batch for batch in scene.ids() if "after" not in batch]


def assert_whole_batch_failed(batches: list[list[Any]]) -> None:
    """Expect one retry of both records."""
    assert batches == [[1, 2], [1, 2]], f"invoked with {batches}, instead of one retry"


def test_one_identifier(scene: Any) -> None:
    """One identifier: that record and those after it are retried.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    scene.create_stream()
    scene.put(*reporting(3))
    scene.map(**REPORT, MaximumRetryAttempts=1, DestinationConfig=scene.to_bucket)
    scene.eventually(scene.failures, "a failure record")
    first, *retries = scene.ids()
    assert first == list(range(8)), f"invocations: {scene.ids()}"
    assert retries == [[3, 4, 5, 6, 7]] * max(1, len(retries)), f"invocations: {scene.ids()}"
    assert scene.failed_ids() == [3, 4, 5, 6, 7], f"failure records of {scene.failed_ids()}"


def test_several_identifiers(scene: Any) -> None:
    """Several identifiers: the lowest is the checkpoint.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    scene.create_stream()
    response = reporting(3, 5)
    scene.put(*response)
    scene.map(**REPORT)
    batches = scene.eventually(lambda: len(scene.ids()) > 2 and scene.ids(), "retries")
    assert batches[:3] == [list(range(8)), [3, 4, 5, 6, 7], [3, 4, 5, 6, 7]], f"invocations: {batches[:3]}"


def test_all_identifiers(scene: Any) -> None:
    """All identifiers: the whole batch is retried.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    scene.create_stream()
    scene.put(*reporting(0, 1, 2, count=3))
    scene.map(**REPORT, MaximumRetryAttempts=2, DestinationConfig=scene.to_bucket)
    scene.eventually(scene.failures, "a failure record")
    assert scene.ids() == [[0, 1, 2]] * 3, f"invocations: {scene.ids()}"


@pytest.mark.parametrize("response", [{"batchItemFailures": []}, {"batchItemFailures": None}, {}, None])
def test_complete_success(scene: Any, response: Any) -> None:
    """Empty or null list, empty or null response: success.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    batches = respond(scene, response)
    assert batches == [[1, 2]], f"invocations: {batches}"


def test_empty_identifier(scene: Any) -> None:
    """Empty identifier: the whole batch failed.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    assert_whole_batch_failed(respond(scene, {"batchItemFailures": [{"itemIdentifier": ""}]}))


@pytest.mark.parametrize("failure", [{"itemIdentifier": None}, {"identifier": "1"}])
def test_null_identifier_and_bad_key(scene: Any, failure: dict[str, Any]) -> None:
    """Null identifier or bad key name: the whole batch failed.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    assert_whole_batch_failed(respond(scene, {"batchItemFailures": [failure]}))


def test_response_without_the_setting(scene: Any) -> None:
    """Without ReportBatchItemFailures such a response means nothing.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    scene.create_stream()
    scene.put(*reporting(1, count=3))
    scene.map()
    scene.await_ids({0, 1, 2})
    scene.put("after")
    scene.await_ids({"after"})
    assert scene.delivered() == [0, 1, 2, "after"], f"invocations: {scene.ids()}"


def test_with_bisect(scene: Any) -> None:
    """With bisect, the batch splits at the identifier and only the rest is retried.

    https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
    """
    scene.create_stream()
    scene.put(*reporting(3, 5))
    scene.map(**REPORT, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0, DestinationConfig=scene.to_bucket)
    scene.eventually(lambda: {3, 5} <= set(scene.failed_ids()), "failure records of both reported records")
    scene.put("after")
    scene.await_ids({"after"})
    assert sorted(scene.failed_ids()) == [3, 5], f"failure records of {sorted(scene.failed_ids())}"
