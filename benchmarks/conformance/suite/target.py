"""What the suite runs against: any endpoint that speaks AWS's protocols, or AWS itself.

CONFORMANCE_ENDPOINT_URL: the endpoint; `aws` stands for AWS, with the credentials that boto3 finds.
CONFORMANCE_REGION: region, ap-south-1 where it is not set.
CONFORMANCE_SECONDS: deadline of each wait, 30 where it is not set.
CONFORMANCE_RESTART: shell command that ends the endpoint in order, starts it again with what it keeps on disk, and
    returns when it answers; without it the endpoint counts as one that keeps nothing.
CONFORMANCE_PACKAGE: what CreateFunction is given in place of a Zip with `journal_function.py`, as JSON (PackageType,
    Code, ImageConfig), for targets that run images only; the image must run that file's handler.
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
    """An endpoint (None: AWS) and how to treat it."""

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
        client: Any = boto3.client  # its stubs want the service as a literal
        return client(service, **settings)

    def eventually[T](
        self, condition: Callable[[], T], what: str | Callable[[], str], seconds: float | None = None
    ) -> T:
        """The first true value of `condition`; fails the test after `seconds`, the target's own where none are given.

        Args:
            condition: asked again and again.
            what: is awaited, in words that a table can show; a function gives them when the time is over.
            seconds: the deadline.
        """
        limit = seconds or self.seconds
        deadline = time.monotonic() + limit
        while not (value := condition()):
            if time.monotonic() > deadline:
                awaited = what() if callable(what) else what
                pytest.fail(f"waited {limit:.0f} s in vain for {awaited}", pytrace=False)
            time.sleep(POLL_SECONDS)  # the interval of a poll with a deadline
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
