"""The errors of the API, with AWS's error codes.

Codes: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html (each operation's "Errors").
"""

from typing import ClassVar


class StreamError(Exception):
    """An error of the API; `str()` gives its message."""

    code: ClassVar[str]


class ExpiredIteratorError(StreamError):
    """The shard iterator is older than five minutes."""

    code = "ExpiredIteratorException"


class ExpiredNextTokenError(StreamError):
    """The pagination token is older than five minutes."""

    code = "ExpiredNextTokenException"


class InvalidArgumentError(StreamError):
    """A parameter is out of range, or parameters contradict each other."""

    code = "InvalidArgumentException"


class LimitExceededError(StreamError):
    """A quota of the account or the stream is exhausted."""

    code = "LimitExceededException"


class ResourceInUseError(StreamError):
    """The resource already exists, or its state does not allow the operation."""

    code = "ResourceInUseException"


class ResourceNotFoundError(StreamError):
    """No such stream, shard, consumer or policy."""

    code = "ResourceNotFoundException"


class ThroughputExceededError(StreamError):
    """The shard's rate limit is exceeded for now."""

    code = "ProvisionedThroughputExceededException"


class ValidationError(StreamError):
    """The request is malformed."""

    code = "ValidationException"
