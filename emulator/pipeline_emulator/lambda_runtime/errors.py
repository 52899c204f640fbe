"""Error documents for failures other than the function's own exceptions, in AWS's words."""

import json
import signal

# 6 MiB plus 100 bytes: the number in AWS's message.
MAX_RESPONSE_BYTES = 6_291_556
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 200 MB for streamed responses.
MAX_STREAMED_BYTES = 200 * 2**20

TIMEOUT = "Sandbox.Timedout"
EXIT = "Runtime.ExitError"
ENTRYPOINT = "Runtime.InvalidEntrypoint"
TRUNCATED = "Runtime.TruncatedResponse"
_UNKNOWN = "Runtime.Unknown"


def payload(error_type: str, message: str) -> bytes:
    """Return an error document as JSON."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def timed_out(request_id: str, seconds: float) -> bytes:
    """Return the error of a timeout."""
    return payload(TIMEOUT, f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")


def exited(request_id: str, returncode: int) -> bytes:
    """Return the error of a runtime that exited; `returncode` is its status, or minus the signal that killed it."""
    return payload(EXIT, f"RequestId: {request_id} Error: {_exit_text(returncode)}")


def not_started(request_id: str, reason: str) -> bytes:
    """Return the error of an entry point that did not start; `reason` is like `fork/exec /x: no such file or …`."""
    return payload(ENTRYPOINT, f"RequestId: {request_id} Error: {reason}")


def response_too_large(limit: int = MAX_RESPONSE_BYTES) -> bytes:
    """Return the error of an answer that is larger than Invoke, or a stream, allows."""
    return payload(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({limit} bytes).",
    )


def truncated() -> bytes:
    """Return the error of a streamed response whose connection ended before the response did."""
    return payload(TRUNCATED, "The runtime closed the connection before the end of its streamed response.")


def streamed(error_type: str, body: bytes) -> bytes:
    """Return the error document of a response that failed midway, from its trailers."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return payload(error_type, body.decode(errors="replace"))
    return json.dumps({**document, "errorType": error_type}).encode()


def type_of(document: bytes) -> str:
    """Return the type in an error document."""
    try:
        return str(json.loads(document)["errorType"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return _UNKNOWN


def _exit_text(returncode: int) -> str:
    if returncode == 0:
        return "Runtime exited without providing a reason"
    if returncode > 0:
        return f"Runtime exited with error: exit status {returncode}"
    return f"Runtime exited with error: signal: {_signal_text(-returncode)}"


def _signal_text(number: int) -> str:
    # AWS's message has Go's names of signals: the C library's in lower case ("killed", "segmentation fault").
    return (signal.strsignal(number) or f"signal {number}").lower()
