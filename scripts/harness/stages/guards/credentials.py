"""Credentials: there are some, and they last as long as a deployment."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError

from harness.errors import HarnessError
from harness.stages.access import Access

NEXT = "log in (for example: aws sso login), or set AWS_PROFILE; `aws sts get-caller-identity` must work"


def check(access: Access) -> None:
    """Refuses without credentials.

    Args:
        access: to the stage's account.

    Raises:
        HarnessError: there are none, or they cannot be had.
    """
    try:
        found = access.session.get_credentials()
        if found is not None:
            found.get_frozen_credentials()
    except BotoCoreError as error:
        raise HarnessError(f"the AWS credentials cannot be had: {error}", NEXT) from None
    if found is None:
        raise HarnessError("there are no AWS credentials", NEXT)
