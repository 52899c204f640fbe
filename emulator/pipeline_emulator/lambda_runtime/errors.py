"""What a caller of Invoke gets when a function fails otherwise than by an exception, in AWS's words."""

import json
import signal

# 6 MiB plus 100 bytes: the figure AWS names in its own message.
MAX_RESPONSE_BYTES = 6_291_556

TIMEOUT = "Sandbox.Timedout"
EXIT = "Runtime.ExitError"
ENTRYPOINT = "Runtime.InvalidEntrypoint"


def payload(error_type: str, message: str) -> bytes:
    """The JSON document of an error."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def timed_out(request_id: str, seconds: float) -> bytes:
    """The function's timeout passed."""
    return payload(TIMEOUT, f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")


def exited(request_id: str, returncode: int) -> bytes:
    """The runtime ended; `returncode` is its exit status, or the negative number of the signal that killed it."""
    return payload(EXIT, f"RequestId: {request_id} Error: {_exit_text(returncode)}")


def not_started(request_id: str, reason: str) -> bytes:
    """The image's entry point could not be started; `reason` is the system's: `fork/exec /x: no such file or …`."""
    return payload(ENTRYPOINT, f"RequestId: {request_id} Error: {reason}")


def response_too_large() -> bytes:
    """The answer exceeds what Invoke can carry."""
    return payload(
        "Function.ResponseSizeTooLarge",
        f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).",
    )


def _exit_text(returncode: int) -> str:
    if returncode == 0:
        return "Runtime exited without providing a reason"
    if returncode > 0:
        return f"Runtime exited with error: exit status {returncode}"
    return f"Runtime exited with error: signal: {_signal_text(-returncode)}"


def _signal_text(number: int) -> str:
    # Go's wording, in which AWS's message is written, is the C library's in lower case: "killed", "segmentation fault".
    return (signal.strsignal(number) or f"signal {number}").lower()
