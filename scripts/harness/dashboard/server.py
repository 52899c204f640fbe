"""Runs the page's web server."""

from __future__ import annotations

import secrets
import signal

import uvicorn

from harness.dashboard import app
from harness.machine import environment

GOODBYE_SECONDS = 1  # open streams of events would hold up the end


def serve(name: str, port: int) -> None:
    """Serve the page of a stack on the loopback address until SIGTERM, or until the stack is taken down.

    Args:
        name: the stack's name.
        port: of the loopback address.
    """
    environment.clean_this_process()  # nothing here may find a profile or credentials of a real account
    config = uvicorn.Config(
        "unused",
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        ws="none",
    )
    server = uvicorn.Server(config)

    def end() -> None:
        server.should_exit = True

    config.app = app.make(name, port, secrets.token_urlsafe(24), end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the command that runs there
    server.run()
