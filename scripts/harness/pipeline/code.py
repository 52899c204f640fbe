"""Calls a pipeline's own functions, in a process of their own (`worker`) that is kept for the next call."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import batched
from pathlib import Path
from typing import Any

from harness import paths
from harness.errors import CommandFailedError, HarnessError
from harness.machine import commands, environment
from harness.machine.files import remove
from harness.paths import shown
from harness.pipeline.definition import Pipeline

CALL_SECONDS = 300.0
# After Ctrl-C. A training in native code does not notice it, and there is nothing of it to save.
GRACE_SECONDS = 3.0
BATCH = 10_000  # events in one request
WORKER = "harness.pipeline.worker"
MODULE, LOG = [sys.executable, "-m", WORKER], "pipeline-code.log"


class Code:
    """A pipeline's functions.

    Args:
        pipeline: its folder is the process's working directory.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._log = paths.CACHE / "logs" / LOG

    def made_up(self, count: int, seed: int, model: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Call `events.made_up` once per event, with one generator of the seed.

        Raises:
            HarnessError: as for `call`.
        """
        request = {"how": "made_up", "seed": seed, "count": count, "model": model}
        return list(self._ask(["events", "made_up"], self._pipeline.file.events.made_up, request))

    def expected(self, events: Sequence[Any], model: Mapping[str, Any]) -> list[Any]:
        """Call `ledger.expected` for events, some thousands at a time.

        Raises:
            HarnessError: as for `call`.
        """
        answers: list[Any] = []
        for part in batched(events, BATCH, strict=False):
            request = {"how": "expected", "events": part, "model": model}
            answers += self._ask(["ledger", "expected"], self._pipeline.file.ledger.expected, request)
        return answers

    def call(self, keys: list[str], function: str | None, paths: Mapping[str, Path], **values: Any) -> Any:
        """Call a function with named arguments, those of them that it takes.

        Args:
            keys: the key of the file that names the function.
            function: `module:function`.
            paths: arguments that the function gets as `Path`.
            values: arguments that JSON can hold.

        Raises:
            HarnessError: the function does not exist, raised an exception, or took too long.
        """
        return self._ask(keys, function, _request(paths, values))

    def run(
        self,
        keys: list[str],
        function: str | None,
        paths: Mapping[str, Path],
        *,
        log: Path,
        deadline: float,
        on_line: Callable[[str], None],
        **values: Any,
    ) -> Any:
        """Call a function that takes long, in a process of its own.

        Args:
            keys: as for `call`.
            function: as for `call`.
            paths: as for `call`.
            values: as for `call`.
            log: gets what the function prints.
            deadline: in seconds.
            on_line: called with each line that it prints.

        Raises:
            HarnessError: as for `call`.
        """
        request = json.dumps({**_request(paths, values), "function": function})
        file = log.with_suffix(".result.json")
        remove(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        env = environment.clean(PYTHONUNBUFFERED="1")
        try:
            commands.run(
                [*MODULE, request, file], cwd=self._pipeline.folder, env=env, log=log, deadline=deadline,
                on_line=on_line, grace=GRACE_SECONDS,
            )  # fmt: skip
        except CommandFailedError:
            if not file.exists():
                raise
        try:
            return self._result(keys, json.loads(file.read_text(encoding="utf-8")), log)
        finally:
            remove(file)

    def _ask(self, keys: list[str], function: str | None, request: dict[str, Any]) -> Any:
        line = json.dumps({**request, "function": function})
        with self._lock:
            answer = self._exchange(keys, line)
        return self._result(keys, json.loads(answer), self._log)

    def _exchange(self, keys: list[str], line: str) -> str:
        """Send a line and read the answer's; a timer ends the process if it takes too long."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(CALL_SECONDS, process.kill)
        timer.daemon = True
        timer.start()
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        except BaseException:  # Ctrl-C: the answer to this request must not become that to the next
            self.close()
            raise
        finally:
            timer.cancel()
        if not answer:
            self.close()
            raise self._mistake(keys, f"its process ended, or took longer than {CALL_SECONDS:.0f} s", self._log)
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            with self._log.open("w", encoding="utf-8") as sink:
                self._process = subprocess.Popen(
                    MODULE,
                    cwd=self._pipeline.folder,
                    env=environment.clean(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=sink,
                    text=True,
                    encoding="utf-8",
                    start_new_session=True,  # Ctrl-C is the harness's to handle
                )
            atexit.register(self.close)
        return self._process

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _result(self, keys: list[str], answer: Mapping[str, Any], log: Path) -> Any:
        if "refused" in answer:
            raise HarnessError(answer["refused"], answer["next_step"] or f"correct it, or {'.'.join(keys)}")
        if "failed" in answer:
            raise self._mistake(keys, answer["failed"], log)
        return answer["result"]

    def _mistake(self, keys: list[str], cause: str, log: Path) -> HarnessError:
        name = ".".join(keys)
        return self._pipeline.mistake(keys, f"{name} failed: {cause}", f"correct the function; see {shown(log)}")


def _request(paths: Mapping[str, Path], values: Mapping[str, Any]) -> dict[str, Any]:
    return {"how": "call", "paths": {name: str(path) for name, path in paths.items()}, "values": values}


_of_folders: dict[Path, Code] = {}


def of(pipeline: Pipeline) -> Code:
    """Return the functions of a pipeline; the same for its folder, so that its process is started once."""
    return _of_folders.setdefault(pipeline.folder, Code(pipeline))
