"""Errors as the services answer them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; codes as in the errors that each
service's API reference has in common for all its operations.
"""

from localstack.aws.api import CommonServiceException

# Query and REST-XML services, and those that came from Query.
_WITHOUT_SUFFIX = frozenset({"s3", "iam", "sts", "sqs", "sns", "cloudwatch"})
# REST services answer 403, the JSON ones 400.
_STATUS_403 = _WITHOUT_SUFFIX | {"lambda", "xray"}


def access_denied(service: str, text: str) -> CommonServiceException:
    """Return the refusal of a service, by botocore's name of it."""
    code = "AccessDenied" if service in _WITHOUT_SUFFIX else "AccessDeniedException"
    return CommonServiceException(code, text, status_code=_status(service), sender_fault=True)


def unknown_key(service: str) -> CommonServiceException:
    """Return the refusal of an access key that is not valid."""
    if service == "s3":
        text = "The AWS Access Key Id you provided does not exist in our records."
        return CommonServiceException("InvalidAccessKeyId", text, status_code=403, sender_fault=True)
    code = "InvalidClientTokenId" if service in _WITHOUT_SUFFIX else "UnrecognizedClientException"
    text = "The security token included in the request is invalid."
    return CommonServiceException(code, text, status_code=_status(service), sender_fault=True)


def expired_key(service: str) -> CommonServiceException:
    """Return the refusal of a session that has ended."""
    if service == "s3":
        text = "The provided token has expired."
        return CommonServiceException("ExpiredToken", text, status_code=400, sender_fault=True)
    code = "ExpiredToken" if service in _WITHOUT_SUFFIX else "ExpiredTokenException"
    text = "The security token included in the request is expired"
    return CommonServiceException(code, text, status_code=_status(service), sender_fault=True)


def _status(service: str) -> int:
    return 403 if service in _STATUS_403 else 400
