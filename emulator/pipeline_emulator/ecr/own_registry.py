"""The emulator's own container registry: the program `registry` (distribution 2.8), started when it is first needed.

It listens on a Unix socket that only this user can open, because it asks nobody for a password: the gateway, which
checks ECR's credentials, is the only way to it. Its images end with the emulator, as ECR's repositories do.
"""

import atexit
import contextlib
import ctypes
import functools
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from localstack import config
from localstack.runtime.shutdown import SHUTDOWN_HANDLERS

LOG = logging.getLogger(__name__)

# The names in the public image and in Debian's package.
_PROGRAMS = ("registry", "docker-registry")
_START_SECONDS, _PAUSE_SECONDS, _END_SECONDS = 20.0, 0.02, 5.0
_IMAGES = "images"
_SOCKET_BYTES = 100  # a socket's path may have 107
_PR_SET_PDEATHSIG = 1
_LOCK = threading.Lock()
# The second marks every process of an emulator.
_VARIABLES = ("PATH", "PIPELINE_STACK")
_libc = ctypes.CDLL(None)


class NotStartedError(Exception):
    """The registry has not started; the message has its last words."""


def program() -> str | None:
    """Return the path of the registry's program, or None if it is not installed."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


def socket_path(found: str) -> Path:
    """Return the socket of the running registry; start it if it does not run, or no longer.

    Args:
        found: path of its program.

    Raises:
        NotStartedError: it ended at once, or does not answer in time.
    """
    global _running
    with _LOCK:
        if _running is None or _running.process.poll() is not None:
            _running = _Registry(found)
        return _running.socket


def save(folder: Path) -> None:
    """Copy the images into a new folder, if the registry was ever started."""
    with _LOCK:
        if _running and (_folder() / _IMAGES).is_dir():
            shutil.copytree(_folder() / _IMAGES, folder)


def load(folder: Path) -> None:
    """Take over the images that `save` copied. The registry finds them: it keeps nothing about them in memory."""
    if folder.is_dir():
        with _LOCK:
            shutil.copytree(folder, _folder() / _IMAGES, dirs_exist_ok=True)


class _Registry:
    """A running registry. A thread waits for it: the kernel ends it with the thread that started it."""

    def __init__(self, found: str) -> None:
        folder = _folder()
        self.socket = _socket_folder(folder) / "socket"
        self.socket.unlink(missing_ok=True)
        configuration = folder / "config.json"  # JSON is YAML
        configuration.write_text(json.dumps(_configuration(folder / _IMAGES, self.socket)))
        self._log = folder / "log"
        self._command = [found, "serve", str(configuration)]
        self.process: subprocess.Popen[bytes]
        self._started = threading.Event()
        self._error: OSError | None = None
        threading.Thread(target=self._run, name="ecr-registry", daemon=True).start()
        self._started.wait()
        if self._error:
            raise NotStartedError(f"{found}: {self._error.strerror}")
        SHUTDOWN_HANDLERS.register(self.stop)
        self._wait_until_it_answers()
        LOG.info("ECR: %s keeps the images, in %s", found, folder)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_END_SECONDS)
        self.process.kill()
        self.process.wait()

    def _run(self) -> None:
        try:
            with self._log.open("wb") as log:
                self.process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={name: os.environ[name] for name in _VARIABLES if name in os.environ},
                    preexec_fn=_end_with_parent,
                )
        except OSError as error:
            self._error = error
            return
        finally:
            self._started.set()
        self.process.wait()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.socket))
                return
            time.sleep(_PAUSE_SECONDS)
        last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
        self.stop()
        raise NotStartedError(f"{self._command[0]} does not start: {''.join(last) or 'it says nothing'}")


_running: _Registry | None = None


@functools.cache
def _folder() -> Path:
    """Return the registry's folder, for this user alone. What an earlier emulator left in it is removed."""
    folder = Path(config.dirs.tmp, "ecr-registry")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return folder


@functools.cache
def _socket_folder(folder: Path) -> Path:
    """Return the same folder, or another one for this user alone if its path is too long for a socket's."""
    if len(os.fsencode(folder / "socket")) < _SOCKET_BYTES:
        return folder
    made = tempfile.mkdtemp(prefix="ecr-registry-", dir="/tmp")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def _configuration(images: Path, listener: Path) -> dict[str, object]:
    return {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(images)}, "delete": {"enabled": True}},
        "http": {"net": "unix", "addr": str(listener), "relativeurls": True, "secret": secrets.token_hex(16)},
    }


def _end_with_parent() -> None:
    if sys.platform == "linux":  # nothing here takes a lock: other threads' are held forever in the new process
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
