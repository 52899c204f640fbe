"""The account: the one that the stage is meant for, and AWS itself says so."""

from __future__ import annotations

from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError
from harness.paths import shown
from harness.stages import explain_aws
from harness.stages.access import Access
from harness.stages.stage import Stage

EMULATED = "000000000000"  # LocalStack's and moto's
# https://docs.aws.amazon.com/general/latest/gr/rande.html
DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu")


def check(stage: Stage, access: Access) -> None:
    """Refuses credentials of any account that the stage's variables do not list.

    Args:
        stage: lists the accounts.
        access: to one.

    Raises:
        HarnessError: it is another account, or AWS refuses the credentials.
    """
    account = _asked(access)
    if account not in stage.accounts:
        raise HarnessError(
            f"these credentials belong to account {account}, and {stage.name} may be applied to "
            f"{', '.join(stage.accounts)} only",
            f"use credentials of that account, or mend allowed_account_ids in {shown(stage.vars_file)}",
        )


def check_not_emulated(stage: Stage, access: Access) -> None:
    """Refuses files that allow an emulator's account.

    Args:
        stage: lists the accounts.
        access: allows it when it is a rehearsal.

    Raises:
        HarnessError: it is listed, and this is no rehearsal.
    """
    if access.endpoint_url is None and EMULATED in stage.accounts:
        raise HarnessError(
            f"allowed_account_ids in {shown(stage.vars_file)} lists {EMULATED}, which is an emulator's account",
            f"list {stage.name}'s own; to try a deployment out without one: make rehearse-{stage.name}",
        )


def check_answer(stage: Stage, access: Access) -> None:
    """Refuses an answer to the question who we are that no endpoint of AWS gave.

    Nothing that a user can set leads here past the other guards: this holds when one of them fails.

    Args:
        stage: what is to be changed.
        access: allows it when it is a rehearsal.

    Raises:
        HarnessError: the answer came from elsewhere, or AWS refuses the credentials.
    """
    _asked(access)
    url = urlsplit(access.identity.asked_at)
    if access.endpoint_url is None and (url.scheme != "https" or not (url.hostname or "").endswith(DOMAINS)):
        raise HarnessError(
            f"{access.identity.asked_at} is no endpoint of AWS, and {stage.name} is at AWS only",
            "look for endpoint_url in your AWS configuration, and for AWS_ENDPOINT_URL in the environment",
        )


def _asked(access: Access) -> str:
    try:
        return access.identity.account
    except (ClientError, BotoCoreError) as error:
        raise explain_aws.failure(error, access.region) from None
