"""The stop request for a mapping's threads."""

import threading


class Stop:
    """A request to stop. `requested` lets current invocations finish; an abort also ignores their failures.

    LocalStack's shutdown aborts, because it kills the execution environments. The function is not at fault, so this
    must neither use up retries nor send records to the failure destination.
    """

    def __init__(self, shutting_down: threading.Event) -> None:
        """Start without a request. LocalStack sets `shutting_down` at shutdown, before it stops mappings."""
        self.requested = threading.Event()
        self._shutting_down = shutting_down
        self._aborted = False

    @property
    def aborted(self) -> bool:
        """Whether failures no longer count."""
        return self._aborted or self._shutting_down.is_set()

    def request(self) -> None:
        """Request a stop after the current invocation."""
        self.requested.set()

    def abort(self) -> None:
        """Request an immediate stop."""
        self._aborted = True
        self.requested.set()
