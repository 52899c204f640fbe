"""Prints the password of ECR's user AWS, for machines without the AWS CLI; see modules/ecr/build/build.sh.

Terraform's build script runs it as a program, and sets credentials, region and endpoint in its environment.
"""

from __future__ import annotations

import base64
import sys
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def password(client: Any) -> str:
    """Return the password for the credentials of a boto3 `ecr` client; its errors are raised as they are."""
    token = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().partition(":")[2]


def main() -> int:
    """Print the password, or the error."""
    try:
        print(password(boto3.client("ecr")))
    except (BotoCoreError, ClientError) as error:
        print(f"ECR gives no password: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
