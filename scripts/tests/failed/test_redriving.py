"""Where failed events are looked for, and where they are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.failed import redriving
from harness.pipeline import definition
from harness.stack import mapping


@pytest.mark.parametrize("service", ["sqs", "sns"])
def test_a_queue_or_a_topic_is_not_read(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    stack: Any = SimpleNamespace(resources=SimpleNamespace(failed_events=None))
    arn = f"arn:aws:{service}:eu-central-1:000000000000:dlq"
    monkeypatch.setattr(mapping, "on_failure", lambda _: arn)
    with pytest.raises(HarnessError, match=f"failed events go to {arn}, and SQS and SNS destinations are not read"):
        redriving.bucket_of(stack)


def test_a_bucket_that_pipeline_toml_does_not_name_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html"""
    stack: Any = SimpleNamespace(resources=SimpleNamespace(failed_events=None), pipeline=definition.current())
    monkeypatch.setattr(mapping, "on_failure", lambda _: "arn:aws:s3:::lost-and-found")
    with pytest.raises(HarnessError, match="failure destination is the bucket lost-and-found") as raised:
        redriving.bucket_of(stack)
    assert '{ name = "lost-and-found" }' in raised.value.next_step
    # WHEN the mapping has none THEN an output cannot help
    monkeypatch.setattr(mapping, "on_failure", lambda _: "")
    with pytest.raises(HarnessError, match="the mapping has no failure destination"):
        redriving.bucket_of(stack)
