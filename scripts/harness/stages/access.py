"""How the account of a stage is reached: with the credentials of the user's own environment, at AWS's own endpoints."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from harness import setup
from harness.errors import HarnessError

# Nobody waits longer for a refusal than for an answer.
CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 4, "mode": "standard"})
_NO_OTHER_ENDPOINT = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg] # the stubs lack it
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
IGNORE_ENDPOINTS = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
# The last four are older names that Terraform's S3 backend still reads.
ENDPOINT_VARIABLE = re.compile(r"AWS_ENDPOINT_URL(_\w+)?|AWS_(DYNAMODB|IAM|S3|STS)_ENDPOINT")


@dataclass(frozen=True)
class Identity:
    """Who the credentials belong to, as AWS says.

    Attributes:
        account: account id, 12 digits.
        arn: of the user or the role's session.
        asked_at: URL of the endpoint that said so.
    """

    account: str
    arn: str
    asked_at: str


class Access:
    """AWS as one region's clients and as Terraform's environment.

    Args:
        region: the stage's.
        endpoint_url: where all requests go instead of AWS; set by the rehearsal and by nothing else.

    Raises:
        HarnessError: the profile that the environment names is not there, or AWS's configuration file is damaged.
    """

    def __init__(self, region: str, endpoint_url: str | None = None) -> None:
        self.region = region
        self.endpoint_url = endpoint_url
        try:
            self.session = boto3.session.Session(region_name=region)
        except BotoCoreError as error:
            raise HarnessError(
                f"the AWS configuration cannot be used: {error}",
                "set AWS_PROFILE to a profile of `aws configure list-profiles`, or mend ~/.aws/config",
            ) from None

    def client(self, service: str) -> Any:
        """A boto3 client."""
        # An endpoint that environment or profile name is refused by the guards; were it not, it would be ignored here.
        config = CONFIG if self.endpoint_url else CONFIG.merge(_NO_OTHER_ENDPOINT)
        make: Any = self.session.client  # one overload for each service
        return make(service, endpoint_url=self.endpoint_url, config=config)

    @functools.cached_property
    def identity(self) -> Identity:
        """Whose the credentials are, asked once; errors are botocore's."""
        sts = self.client("sts")
        answer = sts.get_caller_identity()
        return Identity(str(answer["Account"]), str(answer["Arn"]), str(sts.meta.endpoint_url))

    def account(self) -> str:
        """The account that the credentials belong to; errors are botocore's."""
        return self.identity.account

    def environment(self) -> dict[str, str]:
        """The whole environment of a Terraform command: the user's credentials, and nothing that changes its input."""
        inert = {name: value for name, value in setup.terraform_environment().items() if not name.startswith("AWS_")}
        own = {
            name: value
            for name, value in os.environ.items()
            if name.startswith("AWS_") and not ENDPOINT_VARIABLE.fullmatch(name)
        }
        endpoint = {"AWS_ENDPOINT_URL": self.endpoint_url} if self.endpoint_url else {IGNORE_ENDPOINTS: "true"}
        return inert | own | {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region} | endpoint
