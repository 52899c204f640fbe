"""Prints the password of ECR's user AWS, for machines without AWS's command line; see modules/ecr/build.sh.

Run as a program: credentials, region and endpoint come from the environment that Terraform's build script prepares.
"""

from __future__ import annotations

import base64
import sys
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def password(client: Any) -> str:
    """The password that a boto3 `ecr` client's credentials give; errors are the client's."""
    token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().partition(":")[2]


def main() -> int:
    """Prints the password, or why there is none."""
    try:
        print(password(boto3.client("ecr")))
    except (BotoCoreError, ClientError) as error:
        print(f"ECR gives no password: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
