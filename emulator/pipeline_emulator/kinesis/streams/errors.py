"""What operations answer when they fail, with AWS's error codes.

Codes: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Operations.html (each operation's "Errors").
"""

from typing import ClassVar


class StreamError(Exception):
    """An error of the API; `str()` is its message."""

    code: ClassVar[str]


class ExpiredIteratorError(StreamError):
    """The shard iterator is older than five minutes."""

    code = "ExpiredIteratorException"


class ExpiredNextTokenError(StreamError):
    """The pagination token is older than five minutes."""

    code = "ExpiredNextTokenException"


class InvalidArgumentError(StreamError):
    """A parameter is out of its range, or parameters do not go together."""

    code = "InvalidArgumentException"


class LimitExceededError(StreamError):
    """A quota of the account or of the stream is used up."""

    code = "LimitExceededException"


class ResourceInUseError(StreamError):
    """The resource exists, or its state forbids the operation."""

    code = "ResourceInUseException"


class ResourceNotFoundError(StreamError):
    """No such stream, shard, consumer or policy."""

    code = "ResourceNotFoundException"


class ThroughputExceededError(StreamError):
    """The shard's rate is used up for the moment."""

    code = "ProvisionedThroughputExceededException"


class ValidationError(StreamError):
    """The request is malformed."""

    code = "ValidationException"
