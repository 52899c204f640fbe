"""An environment under debugpy, for one debugger. It waits for the debugger before it loads the function."""

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InitializationType

from pipeline_emulator.lambda_runtime import editions, event_loop
from pipeline_emulator.lambda_runtime.editions import EDITIONS, Edition
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor
from pipeline_emulator.lambda_runtime.invocation import Invocation, Result
from pipeline_emulator.lambda_runtime.runtime import RuntimeStartError

_NOT_UNDER_DEBUGPY = (
    "it has started, but not under debugpy: the program that runs the function must be Python that imports awslambdaric"
    " and reads PYTHONPATH"
)
_OWNER = "debugger"  # in place of core's manager of a version: core knows nothing of this environment


class Attachment:
    """One environment, started at once.

    Args:
        version: the function's.
        code: the edition in force, None for the deployed code; the environment is outdated when another is.
        edition: the same code, with a debugger.
    """

    def __init__(self, version: FunctionVersion, code: Edition | None, edition: Edition) -> None:
        assert edition.debugger is not None
        self.id = uuid.uuid4().hex
        self.version = version
        self.port = edition.debugger.port
        self._code = code
        self._turn = threading.Lock()  # one event at a time
        core: Any = ExecutionEnvironment(version, InitializationType.on_demand, lambda *_: None, _OWNER)
        executor: EnvironmentExecutor = core.runtime_executor
        opened = executor.open_apart(core.get_environment_variables(), edition)
        self.environment, self._clock, self._initialized = opened

    def is_current(self, version: FunctionVersion) -> bool:
        """Return whether a version has this environment's code."""
        return version == self.version and EDITIONS.of(version) == self._code

    def runs(self, version: FunctionVersion) -> bool:
        """Return whether the environment can answer the events of a version."""
        return editions.key(version) == editions.key(self.version)

    def why_not_waiting(self) -> str | None:
        """Return why the environment does not wait for a debugger; None if it does, or still starts."""
        if not self._initialized.done():
            return None
        try:
            error = self._initialized.result()
        except RuntimeStartError as failure:
            return str(failure)
        return str(json.loads(error).get("errorMessage")) if error else _NOT_UNDER_DEBUGPY

    def answer(
        self, invocation: Invocation, lock: threading.RLock, attached: Callable[["Attachment"], bool]
    ) -> Result | None:
        """Pass an event to the function, after those before it.

        Args:
            invocation: the event.
            lock: held by whoever changes what `attached` returns.
            attached: returns whether the debugger is still attached.

        Returns:
            None if the debugger has left before the event's turn, or the function cannot be loaded.
        """
        with self._turn:
            self._wait_until_loaded()
            with lock:
                if not attached(self) or not self.environment.is_ready:
                    return None
                answer = event_loop.submit(self.environment.invoke(invocation))
            return answer.result()

    def release(self) -> None:
        """Let the clock go on, and close the environment after its running event."""
        event_loop.run(self._release())

    def _wait_until_loaded(self) -> None:
        self._initialized.exception()

    async def _release(self) -> None:
        self._clock.resume()
        await (self.environment.retire() if self.environment.is_ready else self.environment.close())
