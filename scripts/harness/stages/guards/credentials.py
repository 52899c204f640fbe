"""Credentials: they must exist and last for a whole deployment."""

from __future__ import annotations

import os

from botocore.credentials import RefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    SSOError,
    TokenRetrievalError,
)

from harness.errors import HarnessError
from harness.stages import explain_aws
from harness.stages.access import Access
from harness.stages.explain_aws import LOG_IN
from harness.stages.stage import Stage

EXPIRATION = "AWS_CREDENTIAL_EXPIRATION"  # as `aws configure export-credentials --format env` sets it
MINIMUM_SECONDS = 15 * 60  # an image build, an apply and a smoke test


def check(_stage: Stage, access: Access) -> None:
    """Refuse missing credentials, and those that expire before a deployment would end.

    Credentials of a profile, a role or a machine's role refresh themselves; those in the environment cannot.

    Args:
        access: to its account.

    Raises:
        HarnessError: there are none, they cannot be loaded, or they expire too soon.
    """
    try:
        found = access.session.get_credentials()
        if found is not None:
            found.get_frozen_credentials()
    except (SSOError, TokenRetrievalError) as error:
        raise HarnessError(f"the AWS session has ended: {error}", f"aws sso login{_profile(access)}") from None
    except ClientError as error:  # from assuming a role
        raise explain_aws.failure(error) from None
    except BotoCoreError as error:
        raise HarnessError(f"the AWS credentials cannot be loaded: {error}", LOG_IN) from None
    except RuntimeError:  # botocore raises it if refreshed credentials have expired, too
        raise HarnessError(f"the AWS credentials have expired{_when()}", LOG_IN) from None
    if found is None:
        raise HarnessError("there are no AWS credentials", LOG_IN)
    if found.method == "env" and isinstance(found, RefreshableCredentials) and found.refresh_needed(MINIMUM_SECONDS):
        raise HarnessError(
            f"the AWS credentials expire too soon{_when()}: a deployment takes up to {MINIMUM_SECONDS // 60} minutes",
            LOG_IN,
        )


def _when() -> str:
    end = os.environ.get(EXPIRATION)
    return f" ({EXPIRATION}={end})" if end else ""


def _profile(access: Access) -> str:
    name = access.session.profile_name
    return "" if name == "default" else f" --profile {name}"
