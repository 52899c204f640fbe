"""An invocation and its outcome."""

import dataclasses
from collections.abc import Callable

from pipeline_emulator.lambda_runtime.response_stream import ResponseStream


@dataclasses.dataclass(frozen=True)
class Invocation:
    """One event for the function; `trace` is an X-Ray trace header, `client_context` JSON.

    A caller who reads the response while the function writes it has a `stream`.
    """

    request_id: str
    function_arn: str
    payload: bytes
    trace: str
    client_context: str | None = None
    stream: ResponseStream | None = None


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the function returned: a result, or the document of an exception."""

    payload: bytes
    is_error: bool


@dataclasses.dataclass(frozen=True)
class Failure:
    """The runtime did not answer: it crashed, timed out or failed to initialize.

    Attributes:
        status: `timeout` or `error`.
        error_type: AWS's name of the error; None for a timeout.
        document: Returns the caller's error document for a request id.
    """

    status: str
    error_type: str | None
    document: Callable[[str], bytes]


@dataclasses.dataclass(frozen=True)
class Result:
    """What the caller of Invoke gets; `log_tail` is the last 4 KB of the log."""

    payload: bytes
    is_error: bool
    log_tail: str
