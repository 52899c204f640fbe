"""Adapts execution environments to LocalStack core's executors."""

import json
import logging
import threading
import weakref
from abc import abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import (
    FunctionVersion,
    InitializationType,
    InvocationResult,
    VersionFunctionConfiguration,
)
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from pipeline_emulator.lambda_runtime import event_loop, hooks, response_stream
from pipeline_emulator.lambda_runtime.clock import Clock
from pipeline_emulator.lambda_runtime.editions import EDITIONS, Edition, function_of
from pipeline_emulator.lambda_runtime.environment import Environment, FunctionSettings
from pipeline_emulator.lambda_runtime.invocation import Invocation
from pipeline_emulator.lambda_runtime.log_delivery import FunctionLog
from pipeline_emulator.lambda_runtime.log_levels import LogSettings
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.runtime import Runtime, RuntimeStartError
from pipeline_emulator.lambda_runtime.runtimes.versions import log_name

LOG = logging.getLogger(__name__)
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
_DEFAULT_TMP_MB = 512
# Code is deleted after the last invocation that uses it. The environment may take this long beyond the timeout to end.
_END_SECONDS = 30.0
_shutting_down = threading.Event()
_executors: "weakref.WeakSet[EnvironmentExecutor]" = weakref.WeakSet()


@dataclass(frozen=True)
class Prepared:
    """An environment that can take over from another one.

    Attributes:
        edition: what it runs; None for the deployed code.
        environment: None if there could be none.
        error: the error document if its initialization failed.
    """

    edition: Edition | None
    environment: Environment | None
    error: bytes | None


class EnvironmentExecutor(RuntimeExecutor):
    """Adapts an `Environment` to core's `RuntimeExecutor`. Subclasses create the `Runtime`."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002
        super().__init__(id=id, function_version=function_version)
        self.client_context: str | None = None  # set by install.py before each invocation
        self._environment: Environment | None = None
        self._apart: Environment | None = None  # a debugger's
        self._variables: dict[str, str] = {}
        self._edition: Edition | None = None
        self._turn = threading.Lock()  # held during an event, and while another environment takes over
        _executors.add(self)

    @abstractmethod
    def make_runtime(self, variables: Mapping[str, str], output: Output, edition: Edition | None) -> Runtime:
        """Return a runtime for the function's code, or an edition of it. Called in the event loop's thread.

        Args:
            variables: what core prepares.
            output: receives what the function writes.
            edition: None for the deployed code.
        """

    @abstractmethod
    def runtime_version(self) -> tuple[str, str] | None:
        """Return name and ARN of the managed runtime for the log's first line, or None for an image."""

    def start(self, env_vars: dict[str, str]) -> None:
        """Create the environment and initialize the function.

        Raises:
            StatusErrorException: The initialization failed, with provisioned concurrency. An on-demand environment
                repeats a failed initialization with its first event instead.
        """
        self._variables, self._edition = env_vars, EDITIONS.of(self.function_version)
        _, error = event_loop.run(self._open(self._edition))
        if error and env_vars["AWS_LAMBDA_INITIALIZATION_TYPE"] != InitializationType.on_demand:
            raise StatusErrorException("Environment startup failed", payload=error)

    def prepare(self, edition: Edition | None) -> Prepared | None:
        """Initialize an environment with other code, while the present one answers.

        Args:
            edition: None for the deployed code.

        Returns:
            For `take_over` or `drop`; None if there is nothing to do.
        """
        if edition == self._edition or not self.is_open:
            return None
        try:
            environment, error = event_loop.run(self._open(edition))
        except RuntimeStartError as failure:
            return Prepared(edition, None, json.dumps({"errorMessage": str(failure)}).encode())
        return Prepared(edition, environment, error)

    def take_over(self, prepared: Prepared) -> None:
        """Let a prepared environment answer from the next event on."""
        with self._turn:
            former, was_open = self._environment, self.is_open
            self._environment, self._edition = prepared.environment, prepared.edition
        if former:
            event_loop.run(former.close())
        if not was_open:  # core has ended it
            self.drop(prepared)

    def drop(self, prepared: Prepared) -> None:
        """Close a prepared environment."""
        if prepared.environment:
            event_loop.run(prepared.environment.close())

    def stop(self) -> None:
        """Close the environment after its running invocation, or at once during shutdown."""
        for environment in (self._environment, self._apart):
            if environment:
                event_loop.run(environment.close() if _shutting_down.is_set() else environment.retire())

    @property
    def is_open(self) -> bool:
        """Whether its environment is open."""
        return self._environment is not None and not self._environment.closed.is_set()

    def uses(self, folder: Path) -> bool:
        """Return whether an environment is open and runs the code in `folder`."""
        code = self.function_version.config.code
        is_open = self.is_open or (self._apart is not None and not self._apart.closed.is_set())
        return is_open and code is not None and Path(code.get_unzipped_code_location()) == folder

    def wait_until_closed(self) -> None:
        """Wait until the environment is closed, but not much longer than the function's timeout."""
        if self._environment:
            self._environment.closed.wait(self.function_version.config.timeout + _END_SECONDS)
        if self._apart:
            self._apart.closed.wait()  # its debugger takes its time

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Pass one event to the function and wait for the answer."""
        assert self._environment is not None
        stream = response_stream.CURRENT.get()
        if stream:
            stream.version = self.function_version.id.qualifier
        invocation = Invocation(
            request_id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            payload=payload["payload"].encode(),
            trace=payload["trace-id"],
            client_context=self.client_context,
            stream=stream,
        )
        result = hooks.answer_elsewhere(self.function_version, invocation)
        if result is None:
            with self._turn:
                result = event_loop.run(self._environment.invoke(invocation))
        return InvocationResult(invocation.request_id, result.payload, result.is_error, result.log_tail)

    def get_address(self) -> str:
        """Return an unused value: the runtime fetches its events."""
        return self.get_endpoint_from_executor()

    def get_endpoint_from_executor(self) -> str:
        """Return the address at which the function reaches LocalStack and its Runtime API."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Return an unused value: no init binary calls LocalStack back."""
        return ""

    def get_logs(self) -> str:
        """Return nothing: the log goes to CloudWatch Logs as it is written."""
        return ""

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Do nothing: core deletes the code."""

    def open_apart(
        self, variables: dict[str, str], edition: Edition | None
    ) -> tuple[Environment, Clock, Future[bytes | None]]:
        """Initialize an environment that answers no events by itself, and whose clock stands still.

        Args:
            variables: what core prepares.
            edition: None for the deployed code.

        Returns:
            The environment, its clock, and the result of `Environment.initialize`. The caller must close it.
        """
        self._variables = variables
        self._apart, clock = event_loop.run(self._make_apart(edition))
        return self._apart, clock, event_loop.submit(self._apart.initialize())

    async def _make_apart(self, edition: Edition | None) -> tuple[Environment, Clock]:
        clock = Clock(stopped=True)
        return self._make(edition, clock), clock

    async def _open(self, edition: Edition | None) -> tuple[Environment, bytes | None]:
        """Return an environment, and the error document if its initialization failed."""
        environment = self._make(edition, Clock())
        if self._environment is None:  # `stop` can close it while it starts
            self._environment = environment
        try:
            return environment, await environment.initialize()
        except BaseException:
            await environment.close()
            raise

    def _make(self, edition: Edition | None, clock: Clock) -> Environment:
        """Make an environment. Called in the event loop's thread."""
        variables = self._with_log(self._variables)
        log = FunctionLog(
            group=variables["AWS_LAMBDA_LOG_GROUP_NAME"],
            stream=variables["AWS_LAMBDA_LOG_STREAM_NAME"],
            make_client=partial(_logs_client, variables),
        )
        output = Output(log.add, self._settings().logs)
        runtime = self.make_runtime(variables, output, edition)
        return Environment(self._settings(), runtime, output, log, self.get_endpoint_from_executor(), clock)

    def _with_log(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the variables with the log group of the LoggingConfig, which core ignores.

        The streams of a group of its own have the function's name, because several functions may share it.
        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
        """
        own = (self.function_version.config.logging_config or {}).get("LogGroup")
        if not own or own == variables["AWS_LAMBDA_LOG_GROUP_NAME"]:
            return dict(variables)
        day, _, rest = variables["AWS_LAMBDA_LOG_STREAM_NAME"].partition("[")
        stream = f"{day}{self.function_version.id.function_name}[{rest}"
        return {**variables, "AWS_LAMBDA_LOG_GROUP_NAME": own, "AWS_LAMBDA_LOG_STREAM_NAME": stream}

    def tmp_bytes(self) -> int:
        """Return the size of the function's /tmp."""
        storage = self.function_version.config.ephemeral_storage
        return (int(storage.size) if storage else _DEFAULT_TMP_MB) * 2**20

    def warn_of_memory(self) -> None:
        """Warn in LocalStack's log. The function's own log says no more than on AWS."""
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
            logs=LogSettings.of(function.logging_config),
        )


def managed_runtime(function: VersionFunctionConfiguration) -> tuple[str, str]:
    """Return name and ARN of a Zip's runtime, for the log's first line."""
    return log_name(str(function.runtime)), str((function.runtime_version_config or {}).get("RuntimeVersionArn", ""))


def running(function: str) -> list[EnvironmentExecutor]:
    """Return the executors with an open environment of a function, by its ARN without a qualifier."""
    return [each for each in list(_executors) if each.is_open and function_of(each.function_version) == function]


def when_unused(folder: Path, act: Callable[[], None]) -> None:
    """Call `act` as soon as no environment runs the code in `folder`: now, or later in the background.

    Core deletes the code of an old version while the version's environments still finish their invocations. It holds
    the function's lock, so this function must not wait.
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
    """Close every environment at once. LocalStack would wait for running invocations, however long they take."""
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
