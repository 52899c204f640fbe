"""Errors of the snapshots."""


class SnapshotError(Exception):
    """A snapshot cannot be saved or loaded.

    Attributes:
        cause: why.
        next_step: what the user can do.
        status: of the HTTP response.
    """

    def __init__(self, cause: str, next_step: str, status: int = 409) -> None:
        """`status` 409: the emulator is not in a state for it."""
        super().__init__(f"{cause}\nnext: {next_step}")
        self.cause, self.next_step, self.status = cause, next_step, status
