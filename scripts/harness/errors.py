"""The harness's errors. Each has a cause and a next step for the user; code distinguishes them by type.

HarnessError
├── CommandFailedError   a program failed: its exit status is not 0
├── TimedOutError        a wait exceeded its deadline
├── NoAnswerError        LocalStack, or the requested part of it, does not respond
├── CredentialsError     AWS rejects the credentials: they are expired or unknown
├── DeniedError          AWS accepts the credentials but denies the action
└── NoAdvisoriesError    no source of advisories responds
"""

from __future__ import annotations

TAIL_LINES = 15
EXIT_INTERRUPTED = 130  # as shells report Ctrl-C


class HarnessError(Exception):
    """A failure with a cause the user can act on; printed without a traceback, exit status 1.

    Attributes:
        cause: what went wrong, in one or a few lines.
        next_step: the command or action to try next.
    """

    def __init__(self, cause: str, next_step: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.next_step = next_step


class CommandFailedError(HarnessError):
    """A program failed: its exit status is not 0.

    Attributes:
        status: its exit status.
        output: everything it printed.
    """

    def __init__(self, name: str, status: int, output: str, next_step: str) -> None:
        tail = "\n".join(output.splitlines()[-TAIL_LINES:])
        super().__init__(f"'{name}' failed with exit status {status}:\n{tail}", next_step)
        self.status = status
        self.output = output


class TimedOutError(HarnessError):
    """A wait exceeded its deadline."""


class NoAnswerError(HarnessError):
    """LocalStack, or the requested part of it, does not respond."""


class CredentialsError(HarnessError):
    """AWS rejects the credentials: they are expired or unknown."""


class DeniedError(HarnessError):
    """AWS accepts the credentials but denies the action."""


class NoAdvisoriesError(HarnessError):
    """No source of advisories responds; the cause lists those that were tried."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause, "check the network, or set OSV_URL=… to your own OSV server")
