"""The launcher's one error; a module of its own, so that every other one can import it."""


class EmulatorError(Exception):
    """Something that the user can fix.

    Attributes:
        cause: what is wrong, in one line or a few.
        next_step: what to do about it.
    """

    def __init__(self, cause: str, next_step: str) -> None:
        """Keep both; the text of the exception is the two together."""
        super().__init__(f"{cause}; {next_step}")
        self.cause = cause
        self.next_step = next_step
