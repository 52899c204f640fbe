"""Answers no faster than the client takes them.

Twisted's WSGI container buffers whatever an application yields ("providing some back-pressure may nevertheless be a
Good Thing at some point in the future", twisted/web/wsgi.py): a layer would lie in LocalStack's memory while a slow
client reads it. So the answer registers as a producer with Twisted's request and waits when it is told to pause.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import urllib3
from twisted.internet import reactor as installed_reactor

from pipeline_emulator import patches

reactor: Any = installed_reactor
LOG = logging.getLogger(__name__)
_REQUEST = "pipeline_emulator.twisted_request"
_STALL_SECONDS = 60


def install() -> None:
    """Let applications find Twisted's request in the WSGI environment."""

    @patches.PASS_TWISTED_REQUEST.wrap
    def update_wsgi_environment(original: Callable[..., None], environ: dict[str, Any], request: Any) -> None:
        original(environ, request)
        environ[_REQUEST] = request


class _Gate:
    """Open while the client keeps up: a push producer of Twisted's, which calls the methods by these names."""

    def __init__(self) -> None:
        self._is_open = threading.Event()
        self._is_open.set()

    def pauseProducing(self) -> None:
        """Close: what was written has not been sent yet."""
        self._is_open.clear()

    def resumeProducing(self) -> None:
        """Open again."""
        self._is_open.set()

    def stopProducing(self) -> None:
        """Open for good: the client has gone, and the next write says so."""
        self._is_open.set()

    def wait(self) -> None:
        """Wait until it is open.

        Raises:
            TimeoutError: the client has read nothing for a minute.
        """
        if not self._is_open.wait(_STALL_SECONDS):
            raise TimeoutError(f"the client has read nothing for {_STALL_SECONDS} s")


def paced(blocks: Iterable[bytes], environ: dict[str, Any]) -> Iterator[bytes]:
    """Yield an answer's blocks at the client's pace; where they break off, the connection is closed.

    Closing is the only way left to tell the client, which else would wait for the rest.

    Args:
        blocks: of the body.
        environ: the request's WSGI environment.
    """
    client, gate = environ[_REQUEST], _Gate()
    reactor.callFromThread(_while_connected, client, lambda: client.registerProducer(gate, True))
    try:
        for block in blocks:
            yield block
            gate.wait()
    except (urllib3.exceptions.HTTPError, TimeoutError) as error:
        LOG.warning("Broke off an answer of the container registry: %s", error)
        reactor.callFromThread(client.loseConnection)
    finally:
        reactor.callFromThread(_while_connected, client, client.unregisterProducer)


def _while_connected(client: Any, act: Callable[[], object]) -> None:
    """Do something with a client in the reactor's thread; one that has gone has no channel any more."""
    if client.channel is not None:
        act()
