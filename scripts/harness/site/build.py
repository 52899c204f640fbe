"""Builds the documentation as a site from the repository's Markdown, and serves it on this machine."""

from __future__ import annotations

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from harness import console, paths
from harness.errors import CommandFailedError, HarnessError
from harness.machine import commands, environment, files
from harness.setup.install import locked_environment

SOURCE = paths.ROOT / "docs" / "site"
SITE = paths.CACHE / "site"
VENV = paths.CACHE / "docs"
LOG = paths.CACHE / "logs" / "docs.log"
DEADLINE = 300.0
HOST = "127.0.0.1"


def build(source: Path = paths.ROOT, site: Path = SITE) -> Path:
    """Build the site and check every link in it; needs no network once its environment is installed.

    Args:
        source: the folder with the Markdown files.
        site: the folder to write; what was in it is removed.

    Returns:
        The page to open.

    Raises:
        HarnessError: a link leads nowhere, or a page is in no index; every case is in the message.
    """
    locked_environment("Documentation (Sphinx)", VENV, SOURCE / "requirements.txt")
    files.remove(site)
    LOG.unlink(missing_ok=True)
    options = ["--quiet", "--nitpicky", "--fail-on-warning", "--fresh-env", "--no-color"]
    places: list[str | Path] = ["--conf-dir", SOURCE, "--doctree-dir", VENV / "doctrees", source, site]
    command: list[str | Path] = [VENV / "bin" / "sphinx-build", *options, *places]
    try:
        commands.run(command, log=LOG, cwd=source, env=environment.clean(), deadline=DEADLINE)
    except CommandFailedError as error:
        raise HarnessError(f"the documentation does not build:\n{error.output.strip()}", "fix these pages") from None
    return site / "index.html"


def serve(site: Path, port: int) -> None:
    """Serve a site to this machine alone until Ctrl-C.

    Args:
        site: a built site.
        port: to listen on; 0 takes a free one.

    Raises:
        HarnessError: the port is in use.
    """
    handler = functools.partial(_Quiet, directory=str(site))
    try:
        server = ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise HarnessError(f"cannot listen on port {port}: {error.strerror}", "choose another: --port 0") from None
    with server:
        console.say(f"http://{HOST}:{server.server_port}/ (Ctrl-C stops)")
        server.serve_forever()


class _Quiet(SimpleHTTPRequestHandler):
    """Prints no line for a request."""

    def log_message(self, *args: object) -> None:
        """Print nothing."""
