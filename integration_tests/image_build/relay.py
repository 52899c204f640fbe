"""A second socket for a container engine, which records what clients send through it."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def running(path: Path, engine: str) -> Iterator[list[bytes]]:
    """Relays from the socket `path` to the socket `engine`; yields what clients have sent."""
    sent: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(engine)
                answers = threading.Thread(target=_pump, args=(server, self.request, len))
                answers.start()
                _pump(self.request, server, sent.append)
                answers.join()

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as listener:
        serving = threading.Thread(target=listener.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield sent
        finally:
            listener.shutdown()
            serving.join()


def _pump(source: socket.socket, target: socket.socket, note: Callable[[bytes], object]) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            note(part)
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
