"""The account: the one that the stage is meant for."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError
from harness.paths import shown
from harness.stages.access import Access
from harness.stages.guards.credentials import NEXT
from harness.stages.stage import Stage


@dataclass(frozen=True)
class Identity:
    """Who the credentials belong to.

    Attributes:
        account: account id, 12 digits.
        arn: of the user or the role's session.
    """

    account: str
    arn: str


def check(stage: Stage, access: Access) -> Identity:
    """Refuses credentials of any account that the stage's variables do not list.

    Args:
        stage: lists the accounts.
        access: to one.

    Raises:
        HarnessError: it is another account, or AWS refuses the credentials.
    """
    try:
        answer = access.client("sts").get_caller_identity()
    except ClientError as error:
        raise HarnessError(f"AWS refuses these credentials: {error}", NEXT) from None
    except BotoCoreError as error:
        raise HarnessError(
            f"AWS cannot be reached: {error}", "check the network, and the region in the tfvars"
        ) from None
    if answer["Account"] not in stage.accounts:
        raise HarnessError(
            f"these credentials belong to account {answer['Account']}, and {stage.name} may be applied to "
            f"{', '.join(stage.accounts)} only",
            f"use credentials of that account, or mend allowed_account_ids in {shown(stage.vars_file)}",
        )
    return Identity(answer["Account"], answer["Arn"])
