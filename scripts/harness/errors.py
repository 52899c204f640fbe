"""The one exception users see: what happened and what to do next."""


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
