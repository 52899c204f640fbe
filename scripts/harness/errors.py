"""The harness's errors. Each holds a cause and a next step for the user; code tells them apart by their types.

HarnessError
├── CommandFailedError   a program ended with another exit status than 0
├── TimedOutError        what was waited for did not come in time
├── NoAnswerError        LocalStack, or the part of it that was asked, does not answer
├── CredentialsError     AWS does not take the credentials: expired, or unknown
├── DeniedError          AWS takes the credentials and does not allow the action
└── NoAdvisoriesError    no source of advisories answers
"""

from __future__ import annotations

TAIL_LINES = 15


class HarnessError(Exception):
    """A failure with a cause the user can act on; printed without a traceback, exit status 1.

    Attributes:
        cause: what went wrong, in one or a few lines.
        next_step: the command or action that gets the user further.
    """

    def __init__(self, cause: str, next_step: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.next_step = next_step


class CommandFailedError(HarnessError):
    """A program ended with another exit status than 0.

    Attributes:
        status: its exit status.
        output: all it printed.
    """

    def __init__(self, name: str, status: int, output: str, next_step: str) -> None:
        tail = "\n".join(output.splitlines()[-TAIL_LINES:])
        super().__init__(f"'{name}' failed with exit status {status}:\n{tail}", next_step)
        self.status = status
        self.output = output


class TimedOutError(HarnessError):
    """What was waited for did not come in time."""


class NoAnswerError(HarnessError):
    """LocalStack, or the part of it that was asked, does not answer."""


class CredentialsError(HarnessError):
    """AWS does not take the credentials: they have expired, or it does not know them."""


class DeniedError(HarnessError):
    """AWS takes the credentials and does not allow the action."""


class NoAdvisoriesError(HarnessError):
    """No source of advisories answers; the cause says what was tried."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause, "check the network, or name a server of your own: OSV_URL=…")
