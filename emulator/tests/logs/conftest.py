"""A log group with a stream, for the tests of its operations."""

import uuid
from typing import Any

import pytest


@pytest.fixture
def group(localstack: Any) -> str:
    """A log group with a stream."""
    logs, name = localstack.client("logs"), f"/group/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    return name
