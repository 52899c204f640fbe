"""Debugging of one function: there is always an environment that waits for the next debugger."""

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import editions, placement
from pipeline_emulator.lambda_runtime.debugging import files
from pipeline_emulator.lambda_runtime.debugging.attachment import Attachment
from pipeline_emulator.lambda_runtime.debugging.debugger import FOLDER, Debugger
from pipeline_emulator.lambda_runtime.debugging.pauses import PAUSES
from pipeline_emulator.lambda_runtime.editions import EDITIONS, Edition
from pipeline_emulator.lambda_runtime.environment import Environment
from pipeline_emulator.lambda_runtime.invocation import Invocation, Result
from pipeline_emulator.lambda_runtime.runtimes.supported import runtime_of
from pipeline_emulator.ports import free_port

LOG = logging.getLogger(__name__)

# Whoever debugs says so every second. Without a sign of life the function is as before, so that a crash leaves nothing.
LEASE_SECONDS = 20.0
_REFRESH_SECONDS = 0.5
_CLOSING_SECONDS = 930.0  # the longest timeout of a function, and its end
_CONTAINER_PORT = 5678


class Session:
    """One session, from `open` to `close` or to the end of its lease.

    Args:
        arn: the function's, with or without a qualifier.
        folder: from `files.unpack`.
        ended: called when the session ends by itself.
    """

    def __init__(self, arn: str, folder: Path, ended: Callable[["Session"], None]) -> None:
        self.arn = arn
        self.function = ":".join(arn.split(":")[:7])
        self.refusal: str | None = None
        self._folder = folder
        self._on_end = ended
        self._lock = threading.RLock()
        self._attachment: Attachment | None = None
        self._attached = False
        self._images: dict[str, str] = {}
        self._environments: list[Environment] = []
        self._renewed = time.monotonic()
        self._ended = threading.Event()
        threading.Thread(target=self._keep, name="debugger", daemon=True).start()

    def renew(self) -> Attachment | None:
        """Extend the lease. Return the environment that waits for a debugger or has one; None between two."""
        self._renewed = time.monotonic()
        with self._lock:
            return self._attachment

    def attach(self, attachment_id: str) -> bool:
        """Let an environment answer the function's events, for its debugger is there.

        Returns:
            Whether it still waits.
        """
        with self._lock:
            found = self._attachment
            if found is None or found.id != attachment_id or self.refusal:
                return False
            if not self._attached:
                self._attached = True
                PAUSES.begin(self.function)
            return True

    def detach(self) -> None:
        """Let the function answer as always. The event under way goes on, with AWS's timeout."""
        with self._lock:
            if not self._attached:
                return
            self._attached = False
            PAUSES.end(self.function)
            self._release()

    def answer(self, version: FunctionVersion, invocation: Invocation) -> Result | None:
        """Answer an event under the debugger; None if none is attached."""
        if not self._attached:  # without the lock, which is held while an environment starts
            return None
        with self._lock:
            found = self._attachment if self._attached else None
        if found is None or not found.runs(version):
            return None
        return found.answer(invocation, self._lock, lambda each: self._attached and self._attachment is each)

    def close(self) -> None:
        """End the session; the function is as it was."""
        self._ended.set()
        with self._lock:
            self.detach()
            self._release()
        threading.Thread(target=self._clean_up, name="debugger-files", daemon=True).start()

    def _release(self) -> None:
        attachment, self._attachment = self._attachment, None
        if attachment:
            attachment.release()

    def _keep(self) -> None:
        while not self._ended.is_set():
            if time.monotonic() - self._renewed > LEASE_SECONDS:
                LOG.warning("Nobody debugs %s any more; it runs without a debugger again", self.function)
                self._on_end(self)
                return
            began = time.monotonic()
            try:
                self._refresh()
            except Exception as error:  # of core, or of the engine
                LOG.warning("No environment for a debugger: %s", error)
                self.refusal = str(error)
            self._renewed += time.monotonic() - began  # nobody could extend it meanwhile
            self._ended.wait(_REFRESH_SECONDS)

    def _refresh(self) -> None:
        """Keep an environment with today's code waiting."""
        with self._lock:
            if self._ended.is_set() or self._attached or self.refusal:
                return
            version = editions.version_of(self.arn)
            if version is None:
                self.refusal = f"there is no function {self.arn} any more"
            elif self._attachment and self._attachment.is_current(version):
                self.refusal = self._attachment.why_not_waiting()
            else:
                self._release()
                self._attachment = self._wait_in(version)
                self._environments.append(self._attachment.environment)

    def _wait_in(self, version: FunctionVersion) -> Attachment:
        code = EDITIONS.of(version)
        if not placement.in_container(version):
            runtime_of(version.config).prepare(self._folder, None)  # its file system will be read-only
            edition = dataclasses.replace(code or Edition(), debugger=Debugger(self._folder, free_port()))
        else:
            image, debugger = self._image(version, code), Debugger(self._folder, _CONTAINER_PORT)
            edition = Edition(image=image, debugger=debugger)
        return Attachment(version, code, edition)

    def _image(self, version: FunctionVersion, code: Edition | None) -> str:
        """Return an image with the function's code and the debugger."""
        from pipeline_emulator.lambda_runtime import image, image_files  # late: imports the engine's client

        base = code.image if code and code.image else str(image.pull(version)["Id"])
        if base not in self._images:
            self._images[base] = image_files.with_folders(base, {FOLDER: self._folder})
        return self._images[base]

    def _clean_up(self) -> None:
        """Remove the debugger as soon as no environment has it."""
        for environment in self._environments:
            environment.closed.wait(_CLOSING_SECONDS)
        files.remove(self._folder)
        for image in self._images.values():
            Edition(image=image).remove()
