"""How the threads of a mapping are told to end."""

import threading


class Stop:
    """A request to end: `requested` lets invocations under way finish, an abort also ignores their failures.

    An abort belongs to LocalStack's own shutdown, which kills the environments: that is no fault of the function and
    must neither use up retries nor send records to the failure destination.
    """

    def __init__(self, shutting_down: threading.Event) -> None:
        """Start without a request; `shutting_down` is set when LocalStack begins to end, before it stops mappings."""
        self.requested = threading.Event()
        self._shutting_down = shutting_down
        self._aborted = False

    @property
    def aborted(self) -> bool:
        """Whether failures do not count any more."""
        return self._aborted or self._shutting_down.is_set()

    def request(self) -> None:
        """Ask to end after the invocation under way."""
        self.requested.set()

    def abort(self) -> None:
        """Ask to end at once."""
        self._aborted = True
        self.requested.set()
