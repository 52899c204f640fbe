"""Ends LocalStack with the process that it was started for: a pytest that is killed can no longer stop it."""

import logging
import os
import signal
import threading
import time

import psutil

VARIABLE = "PIPELINE_OWNER"
_PAUSE_SECONDS = 1.0


def watch() -> None:
    """Watch the process whose id the variable has, in a thread of its own. Without the variable there is none."""
    if pid := os.environ.get(VARIABLE):
        threading.Thread(target=_end_with, args=(int(pid),), name="owner", daemon=True).start()


def wait_for_end(pid: int) -> None:
    """Wait until a process of this machine has ended."""
    try:
        process = psutil.Process(pid)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_PAUSE_SECONDS)
    except psutil.NoSuchProcess:
        pass


def _end_with(pid: int) -> None:
    wait_for_end(pid)
    logging.getLogger(__name__).warning("ends, as process %s has ended, for which it was started", pid)
    os.kill(os.getpid(), signal.SIGTERM)
