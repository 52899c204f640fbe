"""LocalStack's side of an execution environment, however its runtime is run."""

import logging
import threading
import weakref
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import (
    FunctionVersion,
    InitializationType,
    InvocationResult,
)
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from pipeline_emulator.lambda_runtime import event_loop
from pipeline_emulator.lambda_runtime.environment import Environment, FunctionSettings
from pipeline_emulator.lambda_runtime.invocation import Invocation
from pipeline_emulator.lambda_runtime.log_delivery import FunctionLog
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.runtime import Runtime

LOG = logging.getLogger(__name__)
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
_DEFAULT_TMP_MB = 512
# Code is deleted after the last invocation that uses it; this is what its end may take beyond the function's timeout.
_END_SECONDS = 30.0
_shutting_down = threading.Event()
_executors: "weakref.WeakSet[EnvironmentExecutor]" = weakref.WeakSet()


class EnvironmentExecutor(RuntimeExecutor):
    """Adapts an `Environment` to what LocalStack core asks of an executor; subclasses say how a runtime is run."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002
        super().__init__(id=id, function_version=function_version)
        self.client_context: str | None = None  # set by install.py before each invocation
        self._environment: Environment | None = None
        _executors.add(self)

    @abstractmethod
    def make_runtime(self, variables: Mapping[str, str], output: Output) -> Runtime:
        """What runs the function, from the variables core prepares; called in the event loop's thread."""

    @abstractmethod
    def runtime_version(self) -> tuple[str, str] | None:
        """Name and ARN of the managed runtime for the log's first line; None for an image, which has none."""

    def start(self, env_vars: dict[str, str]) -> None:
        """Makes the environment and initializes the function.

        Raises:
            StatusErrorException: Provisioned concurrency, whose initialization must not fail. An environment on demand
                repeats a failed one with its first event.
        """
        error = event_loop.run(self._start(env_vars))
        if error and env_vars["AWS_LAMBDA_INITIALIZATION_TYPE"] != InitializationType.on_demand:
            raise StatusErrorException("Environment startup failed", payload=error)

    def stop(self) -> None:
        """Ends the environment, after the invocation that runs in it."""
        if self._environment:
            environment = self._environment
            event_loop.run(environment.close() if _shutting_down.is_set() else environment.retire())

    def uses(self, folder: Path) -> bool:
        """Whether the environment, which has not ended, runs the code in `folder`."""
        code = self.function_version.config.code
        running = self._environment is not None and not self._environment.closed.is_set()
        return running and code is not None and Path(code.get_unzipped_code_location()) == folder

    def wait_until_closed(self) -> None:
        """Waits for the end of the environment, in the limits of its function's timeout."""
        if self._environment:
            self._environment.closed.wait(self.function_version.config.timeout + _END_SECONDS)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Hands one event to the function and waits for the answer."""
        assert self._environment is not None
        invocation = Invocation(
            request_id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            payload=payload["payload"].encode(),
            trace=payload["trace-id"],
            client_context=self.client_context,
        )
        result = event_loop.run(self._environment.invoke(invocation))
        return InvocationResult(invocation.request_id, result.payload, result.is_error, result.log_tail)

    def get_address(self) -> str:
        """Unused: the function asks for its events."""
        return self.get_endpoint_from_executor()

    def get_endpoint_from_executor(self) -> str:
        """Where the function finds LocalStack and its Runtime API."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Unused: no init binary calls LocalStack back."""
        return ""

    def get_logs(self) -> str:
        """Nothing: the log goes to CloudWatch Logs as it is written."""
        return ""

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing: core deletes the code."""

    async def _start(self, variables: Mapping[str, str]) -> bytes | None:
        log = FunctionLog(
            group=variables["AWS_LAMBDA_LOG_GROUP_NAME"],
            stream=variables["AWS_LAMBDA_LOG_STREAM_NAME"],
            make_client=partial(_logs_client, variables),
        )
        output = Output(log.add)
        runtime = self.make_runtime(variables, output)
        host = self.get_endpoint_from_executor()
        self._environment = Environment(self._settings(), runtime, output, log, host)
        return await self._environment.initialize()

    def tmp_bytes(self) -> int:
        """Return the size of the function's /tmp."""
        storage = self.function_version.config.ephemeral_storage
        return (int(storage.size) if storage else _DEFAULT_TMP_MB) * 2**20

    def warn_of_memory(self) -> None:
        """Tells in LocalStack's log; the function's own log says no more than AWS's does."""
        function = self.function_version
        LOG.warning("%s used more than its %s MB and was killed", function.qualified_arn, function.config.memory_size)

    def _settings(self) -> FunctionSettings:
        function = self.function_version.config
        return FunctionSettings(
            version=self.function_version.id.qualifier,
            timeout_seconds=function.timeout,
            memory_mb=function.memory_size,
            runtime_version=self.runtime_version(),
            tracing=function.tracing_config_mode == "Active",
        )


def when_unused(folder: Path, act: Callable[[], None]) -> None:
    """Calls `act` once no environment runs the code in `folder`: at once, or else in the background.

    Core deletes the code of a former version while it stops that version's environments, and those finish their
    invocations. It holds the function's lock meanwhile, hence no waiting here.
    """
    users = [] if _shutting_down.is_set() else [executor for executor in list(_executors) if executor.uses(folder)]
    if not users:
        act()
        return

    def wait_and_act() -> None:
        for executor in users:
            executor.wait_until_closed()
        act()

    threading.Thread(target=wait_and_act, name="lambda-code", daemon=True).start()


def shut_down() -> None:
    """Ends every environment at once: LocalStack would wait for invocations that run, whatever time they take."""
    _shutting_down.set()
    for executor in list(_executors):
        executor.stop()


def _logs_client(variables: Mapping[str, str]) -> Any:
    return connect_to(
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
    ).logs.request_metadata(service_principal="lambda")
