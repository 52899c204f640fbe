"""The life of one execution environment: initialize, invoke, reset after a failure, close.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html. A `Runtime` runs the function's runtime.
Everything here runs in the event loop's thread; an environment serves one invocation at a time.
"""

import dataclasses
import threading
import time

from pipeline_emulator.lambda_runtime import errors, hooks, reports
from pipeline_emulator.lambda_runtime.clock import Clock
from pipeline_emulator.lambda_runtime.invocation import Answer, Failure, Invocation, Result
from pipeline_emulator.lambda_runtime.log_delivery import FunctionLog
from pipeline_emulator.lambda_runtime.log_levels import LogSettings
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.runtime import Runtime
from pipeline_emulator.lambda_runtime.runtime_api import RuntimeApiServer
from pipeline_emulator.lambda_runtime.session import Session
from pipeline_emulator.lambda_runtime.system_log import SystemLog

# A longer initialization is aborted and repeated with the first event, within the function's own timeout.
INIT_SECONDS = 10.0


@dataclasses.dataclass(frozen=True)
class FunctionSettings:
    """What an environment needs to know of its function; `runtime_version` is name and ARN, or None for an image."""

    version: str
    timeout_seconds: float
    memory_mb: int
    runtime_version: tuple[str, str] | None
    tracing: bool
    logs: LogSettings = dataclasses.field(default_factory=LogSettings)


class Environment:
    """One execution environment; its Runtime API listens on `host`, and `clock` times its function out."""

    def __init__(
        self, settings: FunctionSettings, runtime: Runtime, output: Output, log: FunctionLog, host: str, clock: Clock
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        self._output = output
        self._log = log
        self._clock = clock
        self._system_log = SystemLog(log, settings.logs)
        self._session = Session()
        self._server = RuntimeApiServer(self._session, runtime.made, host)
        self._healthy = False
        self._init_ms: float | None = None
        self._busy = False
        self._retired = False
        self._closed = False
        self.closed = threading.Event()  # set when nothing is left of it; other threads wait for this

    async def initialize(self) -> bytes | None:
        """Start the runtime and load the function.

        Returns:
            None, or the error document. After a failure, the next event repeats the initialization.

        Raises:
            RuntimeStartError: The environment could not be created.
        """
        await self._server.start()
        if self._settings.runtime_version:
            self._system_log.init_start(*self._settings.runtime_version)
        began = time.perf_counter()
        failure = await self._initialize(self._clock.now() + INIT_SECONDS, "init")
        self._runtime.watch(busy=False)
        if failure:
            return failure.document("")
        self._init_ms = _milliseconds_since(began)
        return None

    @property
    def is_ready(self) -> bool:
        """Whether the function is loaded and runs."""
        return self._healthy and not self._closed and not self._runtime.exited.done()

    @property
    def container_id(self) -> str | None:
        """The id of its container; None if it is no container, or has none at the moment."""
        return self._runtime.container_id

    async def invoke(self, invocation: Invocation) -> Result:
        """Pass the event to the function. Raises `RuntimeStartError` if the environment cannot be created."""
        self._busy = True
        try:
            return await self._invoke(invocation)
        finally:
            self._busy = False
            if self._retired:
                await self.close()

    async def retire(self) -> None:
        """Close the environment after its running invocation: an update does not interrupt events."""
        self._retired = True
        if not self._busy:
            await self.close()

    async def close(self) -> None:
        """Kill the runtime and free all resources. A running invocation ends as a crash."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._runtime.close()
            self._server.stop()
            self._output.close()
            self._log.close()
        finally:
            self.closed.set()

    async def _invoke(self, invocation: Invocation) -> Result:
        began = time.perf_counter()
        self._log.begin_tail()
        self._runtime.watch(busy=True)
        outcome = await self._obtain(invocation, self._clock.now() + self._settings.timeout_seconds)
        duration_ms = _milliseconds_since(began)
        hooks.event_finished(invocation.function_arn, self._settings.version, duration_ms)
        await self._drain()
        failure = outcome if isinstance(outcome, Failure) else None
        produced = len(outcome.payload) if isinstance(outcome, Answer) else 0
        self._report(invocation, duration_ms, failure, produced)
        self._runtime.watch(busy=False)
        if isinstance(outcome, Answer):
            return Result(outcome.payload, outcome.is_error, self._log.tail())
        await self._reset()
        return Result(outcome.document(invocation.request_id), is_error=True, log_tail=self._log.tail())

    def _report(self, invocation: Invocation, duration_ms: float, failure: Failure | None, produced: int) -> None:
        report = reports.Report(
            request_id=invocation.request_id,
            duration_ms=duration_ms,
            memory_mb=self._settings.memory_mb,
            max_memory_bytes=self._runtime.peak_bytes(),
            init_ms=self._init_ms,
            status=failure.status if failure else None,
            error_type=failure.error_type if failure else None,
            trace=reports.sampled(invocation.trace) if self._settings.tracing else None,
        )
        self._init_ms = None
        self._system_log.end(report, produced)
        hooks.invocation_reported(invocation.function_arn, report)

    async def _obtain(self, invocation: Invocation, deadline: float) -> Answer | Failure:
        """Return the function's answer. Initializes first if the last runtime failed or has ended since."""
        failure = None
        if not self._healthy or self._runtime.exited.done():
            failure = await self._initialize(deadline, "invoke")
        self._system_log.start(invocation.request_id, self._settings.version)
        while not failure:
            outcome = await self._hand_over(invocation, deadline)
            if outcome is not None:
                return outcome
            failure = await self._initialize(deadline, "invoke")
        return failure

    async def _initialize(self, deadline: float, phase: str) -> Failure | None:
        began = time.perf_counter()
        await self._reset()
        self._session.begin()
        await self._runtime.start(self._server.address)
        self._runtime.watch(busy=True)
        initialized = self._session.initialized
        await self._clock.wait((initialized, self._runtime.exited), deadline)
        failure = initialized.result() if initialized.done() else self._failure()
        self._healthy = failure is None
        if failure:
            await self._reset()
            self._system_log.init_report(_milliseconds_since(began), phase, failure.status, failure.error_type)
        return failure

    async def _hand_over(self, invocation: Invocation, deadline: float) -> Answer | Failure | None:
        """Return the answer, or None if the runtime had ended before it took the event."""
        fault = hooks.choose_fault(invocation)
        if fault and await fault.before(self._runtime):
            return self._failure()
        answer = self._session.offer(invocation, self._clock.left(deadline))
        if fault:
            deadline = await fault.during(self._runtime, self._session, answer, deadline)
        await self._clock.wait((answer, self._runtime.exited), deadline)
        if not answer.done() and self._runtime.exited.done():
            await self._session.read_rest()
        withdrawn = self._session.withdraw()
        if answer.done():
            return answer.result()
        return None if withdrawn and self._runtime.exited.done() else self._failure()

    async def _reset(self) -> None:
        """Kill the runtime and log its last output. /tmp stays, as on AWS."""
        self._healthy = False
        await self._runtime.kill()
        self._server.drop_connections()
        await self._drain()
        self._output.forget()

    async def _drain(self) -> None:
        await self._runtime.settle()
        if not self._closed:
            self._output.drain()

    def _failure(self) -> Failure:
        """Return why there is no answer: the runtime has ended, or its time is up."""
        if self._runtime.exited.done():
            exit_ = self._runtime.exited.result()
            if exit_.not_started is not None:
                reason = exit_.not_started
                return Failure("error", errors.ENTRYPOINT, lambda request_id: errors.not_started(request_id, reason))
            return Failure("error", errors.EXIT, lambda request_id: errors.exited(request_id, exit_.returncode))
        seconds = self._settings.timeout_seconds
        return Failure("timeout", None, lambda request_id: errors.timed_out(request_id, seconds))


def _milliseconds_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
