"""The functions that are being debugged."""

import threading
from typing import IO

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.lambda_runtime import editions
from pipeline_emulator.lambda_runtime.debugging import files
from pipeline_emulator.lambda_runtime.debugging.pauses import PAUSES
from pipeline_emulator.lambda_runtime.debugging.session import Session
from pipeline_emulator.lambda_runtime.invocation import Invocation, Result


class AlreadyDebuggedError(Exception):
    """Somebody debugs the function already."""


class Sessions:
    """One session for each function at most. Thread-safe."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._by_function: dict[str, Session] = {}

    def of(self, arn: str) -> Session | None:
        """Return the session of a function, by its ARN with or without a qualifier."""
        return self._by_function.get(_unqualified(arn))

    def open(self, arn: str, archive: IO[bytes]) -> Session:
        """Open a session.

        Args:
            arn: the function's.
            archive: a Zip with the package debugpy.

        Raises:
            AlreadyDebuggedError: the function has a session.
            RefusedArchiveError, NoDebuggerError: the archive cannot be used.
        """
        with self._lock:
            if _unqualified(arn) in self._by_function:
                raise AlreadyDebuggedError
            session = Session(arn, files.unpack(archive), self.close)
            self._by_function[session.function] = session
            return session

    def close(self, session: Session) -> None:
        """End a session."""
        with self._lock:
            if self._by_function.get(session.function) is not session:
                return
            del self._by_function[session.function]
        session.close()

    def close_all(self) -> None:
        """End every session."""
        for session in list(self._by_function.values()):
            self.close(session)

    def answer(self, version: FunctionVersion, invocation: Invocation) -> Result | None:
        """Answer an event under a debugger; None if none is attached to the function."""
        session = self._by_function.get(editions.function_of(version)) if self._by_function else None
        return session.answer(version, invocation) if session else None


SESSIONS = Sessions()


def paused_since(mapping: MappingSettings, moment: float) -> float:
    """Return how long the clock of a mapping's function has stood still since a moment (epoch seconds)."""
    return PAUSES.since(_unqualified(mapping.function_arn), moment)


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])
