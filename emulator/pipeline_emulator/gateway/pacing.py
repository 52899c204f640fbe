"""Sends a response no faster than the client reads it.

Twisted's WSGI container buffers everything an application yields ("providing some back-pressure may nevertheless be a
Good Thing at some point in the future", twisted/web/wsgi.py), so a layer of an image, or what a function streams, would
fill LocalStack's memory while a slow client reads it. Here the response registers as a producer with Twisted's request
and waits whenever it is paused.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twisted.internet import reactor as installed_reactor

from pipeline_emulator.gateway import twisted_request

reactor: Any = installed_reactor
LOG = logging.getLogger(__name__)
_STALL_SECONDS = 60


class BrokenOffError(Exception):
    """The rest of a response will not come."""


class _Gate:
    """A Twisted push producer that is open while the client keeps up. Twisted calls the methods by these names."""

    def __init__(self) -> None:
        self._is_open = threading.Event()
        self._is_open.set()

    def pauseProducing(self) -> None:
        """Close: earlier data has not been sent yet."""
        self._is_open.clear()

    def resumeProducing(self) -> None:
        """Open again."""
        self._is_open.set()

    def stopProducing(self) -> None:
        """Open permanently: the client has disconnected, and the next write fails."""
        self._is_open.set()

    def wait(self) -> None:
        """Wait until the gate is open.

        Raises:
            TimeoutError: the client has read nothing for a minute.
        """
        if not self._is_open.wait(_STALL_SECONDS):
            raise TimeoutError(f"the client has read nothing for {_STALL_SECONDS} s")


def paced(blocks: Iterable[bytes], environ: dict[str, Any], what: str) -> Iterator[bytes]:
    """Yield a response's blocks at the client's pace.

    If the blocks break off, close the connection: the client has no other sign that the rest is missing.

    Args:
        blocks: the blocks of the body. They may raise `BrokenOffError`.
        environ: the request's WSGI environment.
        what: the response, for the log.
    """
    client: Any = twisted_request.of(environ)
    gate = _Gate()
    reactor.callFromThread(_while_connected, client, lambda: client.registerProducer(gate, True))
    try:
        for block in blocks:
            yield block
            gate.wait()
    except (BrokenOffError, TimeoutError) as error:
        LOG.warning("Aborted %s: %s", what, error)
        reactor.callFromThread(_while_connected, client, lambda: _break_off(client))
    finally:
        reactor.callFromThread(_while_connected, client, client.unregisterProducer)


def _break_off(client: Any) -> None:
    client.chunked = False  # otherwise the container sends the last chunk, and the response looks complete
    client.loseConnection()


def _while_connected(client: Any, act: Callable[[], object]) -> None:
    """Call `act` unless the client has disconnected. Runs in the reactor's thread."""
    if client.channel is not None:
        act()
