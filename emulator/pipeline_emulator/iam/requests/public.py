"""The operations that require no permission, each with its reason."""

from collections.abc import Mapping

PUBLIC: Mapping[str, Mapping[str, str]] = {
    "sts": {
        "GetCallerIdentity": "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
        "GetSessionToken": "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html",
    },
}
"""By service and operation: the page of AWS's documentation that says that no permission is required."""
