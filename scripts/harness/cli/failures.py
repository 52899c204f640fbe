"""Turns exceptions of libraries and of the operating system into messages with a cause and a next step."""

from __future__ import annotations

import errno
import sys
import traceback

from harness.cli import deploy
from harness.errors import HarnessError
from harness.paths import CACHE, shown

_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT}


def explained(error: Exception) -> HarnessError:
    """Return the message for an exception that no command has handled."""
    return _of_aws(error) or _of_engine(error) or _of_files(error) or _unexpected(error)


def _of_aws(error: Exception) -> HarnessError | None:
    """Adds a next step to an AWS client's exception; imports lazily, because most commands need no AWS client."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(error, ClientError | BotoCoreError):
        return None
    if sys.argv[1:2] and sys.argv[1] in deploy.AT_AWS:
        from harness.stages import explain_aws

        return explain_aws.failure(error)
    return HarnessError(f"the local AWS endpoint answered: {error}", "look at make local-status and make local-logs")


def _of_engine(error: Exception) -> HarnessError | None:
    from harness.machine import engine

    if not isinstance(error, engine.errors()):
        return None
    if engine.has_timed_out(error):
        cause = f"the container engine did not answer a request within {engine.BUSY_SECONDS} s"
        return HarnessError(cause, "wait until the machine is less busy, or restart the engine, then try again")
    return HarnessError(f"the container engine answered: {error}", "look at docker ps --all and the engine's log")


def _of_files(error: Exception) -> HarnessError | None:
    """Explains what the user can change: permissions, a read-only disk, a full one."""
    if not isinstance(error, OSError):
        return None
    name = error.filename or error.filename2 or "a file"
    if error.errno in _FULL:
        return HarnessError(
            f"{name} cannot be written: {error.strerror}", "free some disk space (df -h), then try again"
        )
    if error.errno in _REFUSED and error.filename:
        step = f"make it readable and writable for this user (ls -ld '{name}'), then try again"
        return HarnessError(f"{name} cannot be read or written: {error.strerror}", step)
    return None


def _unexpected(error: Exception) -> HarnessError:
    log = CACHE / "logs" / "harness.log"
    where = f"details are in {shown(log)}"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        where = "its details could not be written to a log"
    return HarnessError(f"{type(error).__name__}: {error}", f"this is a bug in the harness; {where}")
