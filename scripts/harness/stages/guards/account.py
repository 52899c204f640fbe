"""The account: it must be one that the stage allows, as reported by AWS itself."""

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
    """Refuse credentials of an account that the stage does not list.

    Args:
        stage: lists the accounts.
        access: to one of them.

    Raises:
        HarnessError: it is another account, or AWS refuses the credentials.
    """
    account = _asked(access)
    if account not in stage.accounts:
        raise HarnessError(
            f"these credentials belong to account {account}, but {stage.name} may be applied to "
            f"{', '.join(stage.accounts)} only",
            f"use credentials of that account, or fix allowed_account_ids in {shown(stage.accounts_file)}",
        )


def check_not_emulated(stage: Stage, access: Access) -> None:
    """Refuse files that allow an emulator's account, except in a rehearsal.

    Args:
        stage: lists the accounts.
        access: has an endpoint in a rehearsal.

    Raises:
        HarnessError: the account is listed, and this is not a rehearsal.
    """
    if access.endpoint_url is None and EMULATED in stage.accounts:
        raise HarnessError(
            f"allowed_account_ids in {shown(stage.accounts_file)} lists {EMULATED}, which is an emulator's account",
            f"list {stage.name}'s own; to try a deployment without one: make rehearse-{stage.name}",
        )


def check_answer(stage: Stage, access: Access) -> None:
    """Refuse an identity that was not reported by an AWS endpoint, except in a rehearsal.

    The other guards already refuse every such user setting; this one holds if one of them fails.

    Args:
        stage: to be changed.
        access: has an endpoint in a rehearsal.

    Raises:
        HarnessError: the response came from elsewhere, or AWS refuses the credentials.
    """
    _asked(access)
    url = urlsplit(access.identity.asked_at)
    if access.endpoint_url is None and (url.scheme != "https" or not (url.hostname or "").endswith(DOMAINS)):
        raise HarnessError(
            f"{access.identity.asked_at} is not an AWS endpoint, but {stage.name} is on AWS only",
            "look for endpoint_url in your AWS configuration, and for AWS_ENDPOINT_URL in the environment",
        )


def _asked(access: Access) -> str:
    try:
        return access.identity.account
    except (ClientError, BotoCoreError) as error:
        raise explain_aws.failure(error, access.region) from None
