"""The trace header that a function gets: its caller's sampling decision, or else Lambda's.

https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html. Lambda samples one request a second and 5 % of the
others; here every one, so that a test does not depend on chance.
"""

from collections.abc import Callable
from typing import Any

from localstack.utils.xray.trace_header import TraceHeader

from pipeline_emulator import patches

_UNDECIDED = (None, "?")


def install() -> None:
    """Patch core, which samples every request."""

    @patches.KEEP_SAMPLING.wrap
    def ensure_sampled_exists(original: Callable[..., Any], self: Any, sampled: Any = None) -> Any:
        keep = sampled is None and self.sampled not in _UNDECIDED
        return self if keep else original(self, sampled)


def header_of(text: str | None) -> Any:
    """Return the header that a client has sent, or a new one."""
    return TraceHeader.from_header_str(text).ensure_root_exists()  # type: ignore[no-untyped-call]


def decide(invocation: Any, is_active: bool) -> None:
    """Give an invocation a trace header with a decision. Without a caller's, active tracing samples, and no other."""
    header = invocation.trace_context.get("aws_trace_header") or header_of(None)
    if header.sampled in _UNDECIDED:
        header.ensure_sampled_exists(int(is_active))
    invocation.trace_context["aws_trace_header"] = header
