"""What core's services and moto fail on although the request follows the model, and AWS's error for each.

A value can have the right type and form, and yet be no ARN, no account, no token or nothing that exists. The services
below raise an exception for it that is not an error of the API. Found by `tests/test_malformed_requests.py`.
"""

import binascii
import re
from dataclasses import dataclass

from botocore.utils import InvalidArnException

_NO_PLACE = re.compile(r"is not a valid AWS (account ID|region name)|^Not a valid queue URL")


@dataclass(frozen=True)
class Failure:
    """AWS's error for an exception; `code` is None for the service's usual code for invalid values."""

    exception: type[Exception] | tuple[type[Exception], ...]
    code: str | None
    message: str
    status: int = 400


_ANYWHERE = (
    Failure(InvalidArnException, None, "The ARN is invalid."),
    Failure(binascii.Error, None, "A token in the request is invalid."),
    Failure(UnicodeError, None, "The request contains invalid characters."),
)
_NO_RESOURCE = Failure(AttributeError, None, "The resource ARN is invalid.")
_GRANTING = ("CopyObject", "CreateBucket", "CreateMultipartUpload", "PutBucketAcl", "PutObject", "PutObjectAcl")
_NO_GRANT = Failure(ValueError, None, "Argument format not recognized")
_BY_OPERATION: dict[tuple[str, str], Failure] = {
    ("lambda", "DeleteFunctionConcurrency"): Failure(
        AttributeError, "ResourceNotFoundException", "The function does not exist.", 404
    ),
    ("lambda", "PublishLayerVersion"): Failure(
        KeyError, "InvalidParameterValueException", "Please provide a source for your code."
    ),
    ("logs", "GetQueryResults"): Failure(KeyError, "ResourceNotFoundException", "The query does not exist."),
    ("logs", "ListTagsForResource"): _NO_RESOURCE,
    ("logs", "TagResource"): _NO_RESOURCE,
    ("logs", "UntagResource"): _NO_RESOURCE,
    ("logs", "PutDeliveryDestination"): Failure(
        (IndexError, TypeError), "ValidationException", "The delivery destination needs the ARN of a resource."
    ),
    ("logs", "PutDeliverySource"): Failure(IndexError, "ValidationException", "The ARN is invalid."),
    ("logs", "DescribeDestinations"): Failure((TypeError, ValueError), None, "The limit or the next token is invalid."),
    **{("s3", name): _NO_GRANT for name in _GRANTING},
    ("s3", "ListObjectVersions"): Failure(
        TypeError, None, "A version-id marker cannot be specified without a key marker."
    ),
    ("sqs", "AddPermission"): Failure(IndexError, "MissingParameter", "AWSAccountIds and Actions must not be empty."),
    ("sqs", "ListQueues"): Failure(IndexError, None, "Invalid or expired next token."),
}


def find(service: str, operation: str, exception: Exception) -> Failure | None:
    """Return AWS's error for an exception of a service, or None if it may be an error in the emulator."""
    known = _BY_OPERATION.get((service, operation))
    if known and isinstance(exception, known.exception):
        return known
    if type(exception) is ValueError and _NO_PLACE.search(str(exception)):
        return Failure(
            ValueError, "InvalidAddress" if service == "sqs" else None, f"The address is invalid: {exception}"
        )
    return next((each for each in _ANYWHERE if isinstance(exception, each.exception)), None)
