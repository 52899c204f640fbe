"""What can be wrong with an aws-chunked upload."""

from enum import Enum


class Problem(Enum):
    """A signature, the number of bytes, or the trailer."""

    SIGNATURE = "signature"
    LENGTH = "length"
    TRAILER = "trailer"
