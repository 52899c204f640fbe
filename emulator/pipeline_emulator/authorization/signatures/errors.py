"""AWS's errors for requests whose signature is missing, incomplete or wrong, with each service's codes and status.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html lists S3's. Those of the others are "common errors"
in their API references, with texts as in
https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html.
"""

from localstack.aws.api import CommonServiceException

from pipeline_emulator.authorization import errors
from pipeline_emulator.authorization.signatures.problem import Problem

_MISMATCH = "The request signature we calculated does not match the signature you provided. Check your"
_SECRET = "AWS Secret Access Key and signing method. Consult the service documentation for details."  # noqa: S105


def _error(code: str, text: str, status: int) -> CommonServiceException:
    return CommonServiceException(code, text, status_code=status, sender_fault=True)


def mismatch(service: str, text: str = "") -> CommonServiceException:
    """The signature is not that of the request; `text` says why, where AWS does."""
    if service == "s3":
        return _error("SignatureDoesNotMatch", text or f"{_MISMATCH} key and signing method.", 403)
    code = "SignatureDoesNotMatch" if service in errors.WITHOUT_SUFFIX else "InvalidSignatureException"
    return _error(code, text or f"{_MISMATCH} {_SECRET}", errors.status(service))


def skewed(service: str, text: str) -> CommonServiceException:
    """The request was signed too long ago, or in the future."""
    if service == "s3":
        text = "The difference between the request time and the current time is too large."
        return _error("RequestTimeTooSkewed", text, 403)
    return mismatch(service, text)


def expired(service: str, text: str) -> CommonServiceException:
    """A presigned URL has expired."""
    return _error("AccessDenied", "Request has expired", 403) if service == "s3" else mismatch(service, text)


def incomplete(service: str, text: str, s3_code: str = "AuthorizationHeaderMalformed") -> CommonServiceException:
    """Parts of the signature are missing or malformed."""
    if service == "s3":
        return _error(s3_code, text, 400)
    suffix = "" if service in errors.WITHOUT_SUFFIX else "Exception"
    return _error(f"IncompleteSignature{suffix}", text, 400)


def several(service: str) -> CommonServiceException:
    """The request has more than one signature."""
    text = (
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
        "or the Authorization header should be specified"
    )
    return incomplete(service, text, "InvalidArgument")


def unsupported(service: str) -> CommonServiceException:
    """The algorithm is not AWS4-HMAC-SHA256."""
    text = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    return incomplete(service, text, "InvalidRequest")


def wrong_token(service: str) -> CommonServiceException:
    """The session token is missing, or not that of the key."""
    if service == "s3":
        return _error("InvalidToken", "The provided token is malformed or otherwise invalid.", 400)
    return errors.unknown_key(service)


def missing(service: str) -> CommonServiceException:
    """The request is not signed."""
    suffix = "" if service in errors.WITHOUT_SUFFIX else "Exception"
    return _error(
        f"MissingAuthenticationToken{suffix}", "Request is missing Authentication Token", errors.status(service)
    )


def other_content() -> CommonServiceException:
    """The body is not the one whose hash was signed. S3 only."""
    text = "The provided 'x-amz-content-sha256' header does not match what was computed."
    return _error("XAmzContentSHA256Mismatch", text, 400)


def missing_hash() -> CommonServiceException:
    """The hash of the body is missing. S3 only."""
    return _error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400)


def unsigned_headers() -> CommonServiceException:
    """The request has headers that must be signed and are not. S3 only."""
    return _error("AccessDenied", "There were headers present in the request which were not signed", 403)


def upload(service: str, problem: Problem) -> CommonServiceException:
    """An aws-chunked body is not what its headers say. S3 only."""
    if problem is Problem.LENGTH:
        text = "You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header"
        return _error("IncompleteBody", text, 400)
    if problem is Problem.TRAILER:
        text = (
            "The request contained trailing data that was not well-formed or did not conform to our published schema."
        )
        return _error("MalformedTrailerError", text, 400)
    return mismatch(service)
