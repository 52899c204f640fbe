"""Authorization errors with each service's codes and status.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; the codes are those that the API
references list as common to all operations of a service.
"""

from localstack.aws.api import CommonServiceException

# Query and REST-XML services, and those that used to be Query services.
WITHOUT_SUFFIX = frozenset({"s3", "s3control", "iam", "sts", "sqs", "sns", "cloudwatch"})
_KEYS = "(emulator: use a key that IAM or STS issued here, or the root user's, test)"
# REST services respond with 403, JSON services with 400.
_STATUS_403 = WITHOUT_SUFFIX | {"lambda", "xray"}


def access_denied(service: str, text: str) -> CommonServiceException:
    """Return a service's error for a denied request, by botocore's service name."""
    code = "AccessDenied" if service in WITHOUT_SUFFIX else "AccessDeniedException"
    return CommonServiceException(code, text, status_code=status(service), sender_fault=True)


def unknown_key(service: str) -> CommonServiceException:
    """Return a service's error for an invalid access key, and say which keys work here."""
    if service == "s3":
        text = f"The AWS Access Key Id you provided does not exist in our records. {_KEYS}"
        return CommonServiceException("InvalidAccessKeyId", text, status_code=403, sender_fault=True)
    code = "InvalidClientTokenId" if service in WITHOUT_SUFFIX else "UnrecognizedClientException"
    text = f"The security token included in the request is invalid. {_KEYS}"
    return CommonServiceException(code, text, status_code=status(service), sender_fault=True)


def expired_key(service: str) -> CommonServiceException:
    """Return a service's error for an expired session."""
    if service == "s3":
        text = "The provided token has expired."
        return CommonServiceException("ExpiredToken", text, status_code=400, sender_fault=True)
    code = "ExpiredToken" if service in WITHOUT_SUFFIX else "ExpiredTokenException"
    text = "The security token included in the request is expired"
    return CommonServiceException(code, text, status_code=status(service), sender_fault=True)


def status(service: str) -> int:
    """Return the status of a service's authorization errors."""
    return 403 if service in _STATUS_403 else 400
