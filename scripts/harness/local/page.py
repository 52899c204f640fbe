"""Starts and ends the process that serves a stack's page (`harness.dashboard`)."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from harness import console, paths
from harness.errors import HarnessError
from harness.machine import ports, processes
from harness.machine.files import write_whole
from harness.machine.waiting import poll
from harness.paths import CACHE, STACKS, shown
from harness.setup import install
from harness.stack.state import Stack

VARIABLE, PORT_VARIABLE = "DASHBOARD", "DASHBOARD_PORT"
PORT_OFFSET = 4000  # 8566 beside LocalStack's 4566
READY_SECONDS = 30.0
# glibc gives each thread an arena of its own and keeps freed memory: 7 MB here.
MEMORY = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "65536"}
# Processes of this command that it has started; they must be reaped if it ends them, too.
_started: dict[int, subprocess.Popen[bytes]] = {}


@dataclass
class Page:
    """The page's process; saved beside the stack's folder, because the page outlives a LocalStack.

    Attributes:
        pid, created: the process; process ids are reused.
        port: on the loopback address.
        code: hash of the code that it runs.
    """

    pid: int
    created: float
    port: int
    code: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def process(self) -> psutil.Process | None:
        """Return the process, or None if it has ended."""
        try:
            found = psutil.Process(self.pid)
            alive = found.is_running() and found.status() != psutil.STATUS_ZOMBIE
            return found if alive and abs(found.create_time() - self.created) < 2 else None
        except (psutil.Error, ValueError):
            return None

    def answers(self) -> bool:
        """Return whether it serves the page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("HEAD", "/static/index.html")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()


def wanted() -> bool:
    """Return whether `local-up` starts the page: unless DASHBOARD=0."""
    return os.environ.get(VARIABLE, "1") != "0"


def running(name: str) -> Page | None:
    """Return a stack's page if its process runs."""
    try:
        page = Page(**json.loads(_file(name).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return page if page.process() else None


def start(stack: Stack) -> Page:
    """Start the page of a stack, unless it runs already with the same code and answers.

    Raises:
        HarnessError: it ended while starting, or did not answer in time.
    """
    with beside(stack) as page:
        return page


@contextlib.contextmanager
def beside(stack: Stack) -> Iterator[Page]:
    """Start the page as `start` does, while the block runs; it ends again if the block fails."""
    code = _code()
    known = running(stack.name)
    if known is not None and known.code == code and known.answers() and _asked_port() in (None, known.port):
        yield known
        return
    stop(stack.name)
    page = _launch(stack.name, _port(stack), code)
    try:
        yield page
    except BaseException:
        stop(stack.name)
        raise
    with console.step("Page") as step:
        _wait(stack.name, page)
        step.result = page.url


def _launch(name: str, port: int, code: str) -> Page:
    log = _log(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "harness.dashboard", name, str(port)],
            cwd=paths.ROOT,
            env=os.environ | MEMORY,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,  # Ctrl-C in the terminal must not end it
        )
    _started[process.pid] = process
    page = Page(process.pid, psutil.Process(process.pid).create_time(), port, code)
    write_whole(_file(name), json.dumps(asdict(page)))
    return page


def _wait(name: str, page: Page) -> None:
    process = _started[page.pid]
    poll(lambda: process.poll() is not None or page.answers(), "the page", READY_SECONDS)
    if process.poll() is not None:
        stop(name)
        tail = "\n".join(_log(name).read_text(errors="replace").splitlines()[-5:])
        raise HarnessError(f"the page ended while starting:\n{tail}", f"read {shown(_log(name))}, or use {VARIABLE}=0")


def stop(name: str) -> None:
    """End a stack's page, if it runs."""
    if (page := running(name)) and (process := page.process()):
        processes.end_all([process])
    for pid in [pid for pid, child in _started.items() if child.poll() is not None]:  # reaps those that have ended
        del _started[pid]
    _file(name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        STACKS.rmdir()  # if it is empty


def _asked_port() -> int | None:
    text = os.environ.get(PORT_VARIABLE)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise HarnessError(f"{PORT_VARIABLE}={text} is not a port number", "use a number from 1 to 65535")
    return int(text)


def _port(stack: Stack) -> int:
    """Return the asked port; else one at a fixed distance to LocalStack's, or any free one if that is taken."""
    if (asked := _asked_port()) is not None:
        if not processes.port_is_free(asked):
            cause = f"port {asked} is taken by {processes.port_holder(asked)}"
            raise HarnessError(cause, f"stop it, or choose another port: {PORT_VARIABLE}={asked + 1}")
        return asked
    port = stack.port + PORT_OFFSET
    return port if port < 65536 and processes.port_is_free(port) else ports.free_ports(1)[0]


def _log(name: str) -> Path:
    return CACHE / "logs" / f"dashboard-{name}.log"


def _file(name: str) -> Path:
    return STACKS / f"{name}.dashboard.json"


def _code() -> str:
    """Return the hash of the harness's code: the page runs all of it, in part."""
    kinds = ("*.py", "*.js", "*.css", "*.html")
    return install.digest(sorted(file for kind in kinds for file in (paths.SCRIPTS / "harness").rglob(kind)))
