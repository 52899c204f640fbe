"""Times to the fraction of a second that a client sent."""

from datetime import UTC, datetime
from typing import Any

from localstack.aws.protocol.parser import RequestParser


def keep_fractions() -> None:
    """Read epoch seconds as numbers: LocalStack cuts them to whole seconds, and AWS answers for the moment itself."""
    parser: Any = RequestParser
    parser._timestamp_unixtimestamp = staticmethod(lambda text: datetime.fromtimestamp(float(text), UTC))
