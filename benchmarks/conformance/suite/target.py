"""The target that the suite runs against: any endpoint that speaks AWS's protocols, or AWS itself.

CONFORMANCE_ENDPOINT_URL: the endpoint, or `aws` for AWS with the credentials that boto3 finds.
CONFORMANCE_REGION: the region; default ap-south-1.
CONFORMANCE_SECONDS: deadline of each wait; default 30.
CONFORMANCE_RESTART: shell command that shuts the endpoint down gracefully, restarts it with the state on its disk, and
    returns once it answers. Without it, the endpoint counts as one that persists nothing.
CONFORMANCE_PACKAGE: arguments for CreateFunction that replace the Zip with `journal_function.py`, as JSON (PackageType,
    Code, ImageConfig), for targets that only run images; the image must run that file's handler.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Target:
    """An endpoint (None means AWS) and its settings."""

    endpoint_url: str | None
    region: str = "ap-south-1"
    seconds: float = 30.0
    restart: str = ""

    def client(self, service: str) -> Any:
        """A boto3 client."""
        settings: dict[str, Any] = {"region_name": self.region, "config": Config(read_timeout=65)}
        if self.endpoint_url:
            settings |= {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
            settings["endpoint_url"] = self.endpoint_url
        client: Any = boto3.client  # the stubs require the service as a literal
        return client(service, **settings)

    def eventually[T](
        self, condition: Callable[[], T], what: str | Callable[[], str], seconds: float | None = None
    ) -> T:
        """Return the first true value of `condition`; fail the test at the deadline.

        Args:
            condition: polled.
            what: is awaited, in words that a table can show; a function is called at the deadline.
            seconds: the deadline; default: the target's.
        """
        limit = seconds or self.seconds
        deadline = time.monotonic() + limit
        while not (value := condition()):
            if time.monotonic() > deadline:
                awaited = what() if callable(what) else what
                pytest.fail(f"timed out after {limit:.0f} s waiting for {awaited}", pytrace=False)
            time.sleep(POLL_SECONDS)  # polling interval; the loop has a deadline
        return value


def chosen() -> Target | None:
    """The target that the environment names, or None."""
    environment = os.environ
    if not (endpoint := environment.get("CONFORMANCE_ENDPOINT_URL")):
        return None
    return Target(
        None if endpoint == "aws" else endpoint,
        environment.get("CONFORMANCE_REGION") or Target.region,
        float(environment.get("CONFORMANCE_SECONDS") or Target.seconds),
        environment.get("CONFORMANCE_RESTART", ""),
    )
