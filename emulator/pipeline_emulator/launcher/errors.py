"""The launcher's only error, in a module that every other one can import."""


class EmulatorError(Exception):
    """An error that the user can fix.

    Attributes:
        cause: what is wrong, in one line or a few.
        next_step: the remedy.
    """

    def __init__(self, cause: str, next_step: str) -> None:
        """Keep both. The exception's text is the two joined."""
        super().__init__(f"{cause}; {next_step}")
        self.cause = cause
        self.next_step = next_step
