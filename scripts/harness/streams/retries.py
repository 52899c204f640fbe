"""The errors of AWS's services after which a call is worth repeating."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

THROTTLED = {
    "KMSThrottlingException", "LimitExceededException", "ProvisionedThroughputExceededException",
    "RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException",
}  # fmt: skip


def retryable(error: ClientError | BotoCoreError) -> bool:
    """Return whether a retry can help: throttled, failed on AWS's side, or no answer at all."""
    if not isinstance(error, ClientError):
        return isinstance(error, NoConnectionError | HTTPClientError)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or error.response.get("Error", {}).get("Code") in THROTTLED
