"""Where failed events are looked for, and where they are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.failed import redriving
from harness.stack import mapping


@pytest.mark.parametrize("service", ["sqs", "sns"])
def test_a_queue_or_a_topic_is_not_read(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    stack: Any = SimpleNamespace(resources=SimpleNamespace(failed_events=None))
    arn = f"arn:aws:{service}:eu-central-1:000000000000:dlq"
    monkeypatch.setattr(mapping, "on_failure", lambda _: arn)
    with pytest.raises(HarnessError, match=f"failed events go to {arn}, and SQS and SNS destinations are not read"):
        redriving.bucket_of(stack)
