"""Accesses a stage's account with the credentials of the user's environment, at AWS's own endpoints."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from harness.errors import HarnessError
from harness.setup import install

CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 4, "mode": "standard"})
_NO_OTHER_ENDPOINT = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg] # the stubs lack it
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
IGNORE_ENDPOINTS = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
# Terraform's S3 backend still reads the last four, which are older names.
ENDPOINT_VARIABLE = re.compile(r"AWS_ENDPOINT_URL(_\w+)?|AWS_(DYNAMODB|IAM|S3|STS)_ENDPOINT")


@dataclass(frozen=True)
class Identity:
    """The owner of the credentials, as AWS reports it.

    Attributes:
        account: account id, 12 digits.
        arn: of the user or role session.
        asked_at: URL of the endpoint that reported it.
    """

    account: str
    arn: str
    asked_at: str


class Access:
    """Access to AWS: clients for one region, and the environment for Terraform.

    Args:
        region: of the stage.
        endpoint_url: where all requests go instead of AWS; only the rehearsal sets it.

    Raises:
        HarnessError: the profile in the environment does not exist, or AWS's configuration file is damaged.
    """

    def __init__(self, region: str, endpoint_url: str | None = None) -> None:
        self.region = region
        self.endpoint_url = endpoint_url
        try:
            self.session = boto3.session.Session(region_name=region)
        except BotoCoreError as error:
            raise HarnessError(
                f"the AWS configuration cannot be used: {error}",
                "set AWS_PROFILE to a profile of `aws configure list-profiles`, or fix ~/.aws/config",
            ) from None

    def client(self, service: str) -> Any:
        """Return a boto3 client."""
        # The guards refuse endpoints from environment or profile; even if they did not, this would ignore them.
        config = CONFIG if self.endpoint_url else CONFIG.merge(_NO_OTHER_ENDPOINT)
        make: Any = self.session.client  # one overload for each service
        return make(service, endpoint_url=self.endpoint_url, config=config)

    @functools.cached_property
    def identity(self) -> Identity:
        """The owner of the credentials, looked up once; raises botocore's errors."""
        sts = self.client("sts")
        answer = sts.get_caller_identity()
        return Identity(str(answer["Account"]), str(answer["Arn"]), str(sts.meta.endpoint_url))

    def account(self) -> str:
        """Return the account of the credentials; raises botocore's errors."""
        return self.identity.account

    def environment(self) -> dict[str, str]:
        """Return the environment of a Terraform command: the user's credentials, and nothing that changes its input."""
        inert = {name: value for name, value in install.terraform_environment().items() if not name.startswith("AWS_")}
        own = {
            name: value
            for name, value in os.environ.items()
            if name.startswith("AWS_") and not ENDPOINT_VARIABLE.fullmatch(name)
        }
        endpoint = {"AWS_ENDPOINT_URL": self.endpoint_url} if self.endpoint_url else {IGNORE_ENDPOINTS: "true"}
        return inert | own | {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region} | endpoint
