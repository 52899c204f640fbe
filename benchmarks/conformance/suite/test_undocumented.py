"""Behaviour that AWS leaves open for Kinesis, and how we interpret it."""

from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def test_unknown_identifier(scene: Any) -> None:
    """Identifier that is none of the batch's: the whole batch failed.

    AWS documents this for SQS only, and nothing for Kinesis; the alternative, success, would lose records.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    scene.create_stream()
    scene.put(1, {"id": 2, "do": "respond", "response": {"batchItemFailures": [{"itemIdentifier": "12345"}]}})
    scene.map(FunctionResponseTypes=["ReportBatchItemFailures"], MaximumRetryAttempts=1, BatchSize=2)
    scene.put("after")
    batches = scene.await_ids({"after"})
    assert batches == [[1, 2], [1, 2], ["after"]], f"invocations: {batches}"
