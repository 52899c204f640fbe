"""Runs a function's runtime as processes on this machine, each environment in its own sandbox."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline_emulator.gateway.sockets import Connection
from pipeline_emulator.lambda_runtime import shown_files
from pipeline_emulator.lambda_runtime.origins import ENVIRONMENTS, Sandbox, sandbox_of
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.runtime import Exit, RuntimeStartError
from pipeline_emulator.sandbox.protocol import LOG_VARIABLE, Isolation, Specification

# `python -m` finds the sandbox here: the working directory comes first on its search path. The interpreter is the base
# one, which has no packages installed.
_PACKAGE_PARENT = Path(__file__).parents[2]
_KILL_SECONDS = 5.0
# A busy machine takes seconds to start a process, and a probe's result is final while LocalStack runs.
_PROBE_SECONDS = 20.0
# The harness finds leftover processes by this variable; its value is the stack's folder.
STACK_VARIABLE = "PIPELINE_STACK"


class ProcessRuntime:
    """A sandbox for one execution environment; implements `runtime.Runtime`.

    Args:
        specification: What to run; AWS_LAMBDA_RUNTIME_API and the logger's descriptor are added to it.
        output: Receives what the function writes.
        on_out_of_memory: Called after the function was killed for exceeding its memory.
        private_tmp: Folder used instead of /tmp; removed with the sandbox.
    """

    def __init__(
        self,
        specification: Specification,
        output: Output,
        on_out_of_memory: Callable[[], None],
        private_tmp: Path | None = None,
    ) -> None:
        self._specification = specification
        self._output = output
        self._on_out_of_memory = on_out_of_memory
        self._private_tmp = private_tmp
        self._sandbox: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._events: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pid = 0
        self._peak_bytes = 0
        self._closed = False
        self._origin: Sandbox | None = None
        self.exited: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()

    @property
    def container_id(self) -> None:
        """None: it is no container."""
        return

    async def start(self, api_address: str) -> None:
        """Start or restart the runtime. The sandbox stays, and /tmp with it."""
        self.exited = asyncio.get_running_loop().create_future()
        self._started = asyncio.get_running_loop().create_future()
        if self._writer is None:
            await self._open_sandbox(api_address)
        self._send("start")
        await self._started

    async def kill(self) -> None:
        """Kill the runtime and its children; return when none is left."""
        await self._kill("kill")

    async def exhaust_memory(self) -> None:
        """Kill the runtime, like `kill`, for exceeding its memory."""
        await self._kill("exhaust")

    async def made(self, connection: Connection) -> bool:
        """Return whether a process of the sandbox made a connection."""
        return self._origin is not None and self._origin.made(connection)

    def watch(self, *, busy: bool) -> None:
        """Measure the memory while the function is busy."""
        self._send("watch" if busy else "rest")

    def peak_bytes(self) -> int:
        """Return the peak memory use since the start. The kernel's value includes peaks between two samples."""
        with contextlib.suppress(OSError, StopIteration, ValueError):
            lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
            kibibytes = next(line for line in lines if line.startswith("VmHWM:")).split()[1]
            self._peak_bytes = max(self._peak_bytes, int(kibibytes) * 1024)
        return self._peak_bytes

    async def settle(self) -> None:
        """Do nothing: the runtime writes to the pipes directly."""

    async def close(self) -> None:
        """Close the sandbox, which kills all its processes. One that is being opened is closed as soon as it exists."""
        self._closed = True
        if self._writer:
            self._writer.close()
            self._writer = None
        await self._end_of_sandbox()
        if self._events:
            await asyncio.wait({self._events})
        if self._origin:
            ENVIRONMENTS.remove(self._origin)
        if self._private_tmp:
            shutil.rmtree(self._private_tmp, ignore_errors=True)

    async def _kill(self, command: str) -> None:
        if self._writer and not self.exited.done():
            self._send(command)
            await asyncio.wait({self.exited}, timeout=_KILL_SECONDS)

    async def _end_of_sandbox(self) -> None:
        if self._sandbox:
            try:
                await asyncio.wait_for(self._sandbox.wait(), _KILL_SECONDS)
            except TimeoutError:
                self._sandbox.kill()

    async def _open_sandbox(self, api_address: str) -> None:
        self._check_open()
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as on_failure, theirs:
            on_failure.callback(ours.close)
            output_fd, frames_fd = self._output.pipe.write_fd, self._output.frames_fd
            self._sandbox = await asyncio.create_subprocess_exec(
                *(sys._base_executable, "-S", "-s", "-m", "pipeline_emulator.sandbox", str(theirs.fileno())),  # type: ignore[attr-defined]
                cwd=_PACKAGE_PARENT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output_fd,
                stderr=output_fd,
                pass_fds=(theirs.fileno(), frames_fd),
                start_new_session=True,
                env=stack_marker(),
            )
            on_failure.pop_all()
        reader, writer = await asyncio.open_connection(sock=ours)
        runtime_variables = {"AWS_LAMBDA_RUNTIME_API": api_address, LOG_VARIABLE: str(frames_fd)}
        self._specification.environment |= {**runtime_variables, **stack_marker()}
        try:
            await self._isolate(reader, writer)
        except BaseException:
            writer.close()
            await self._end_of_sandbox()
            raise
        self._writer = writer
        self._events = asyncio.create_task(self._listen(reader))

    async def _isolate(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._check_open()
        writer.write(self._specification.encode())
        line = b""
        with contextlib.suppress(ConnectionError):
            line = await reader.readline()
        self._check_open()
        answer = json.loads(line or b'{"event": "failed", "reason": "the sandbox ended at its start"}')
        if answer["event"] != "isolated":
            raise RuntimeStartError(f"no execution environment ({self._specification.isolation}): {answer['reason']}")
        assert self._sandbox is not None
        self._origin = sandbox_of(self._sandbox.pid, answer["uid"])
        ENVIRONMENTS.add(self._origin)

    def _check_open(self) -> None:
        """Raise if `close` was called during the start: it cannot close what the start is still creating."""
        if self._closed:
            raise RuntimeStartError("the execution environment was closed while it started")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self._take(json.loads(line))
        self._writer = None
        if not self._started.done():
            self._started.set_exception(RuntimeStartError("the sandbox ended unexpectedly"))
        self._end(Exit(returncode=-9))

    def _take(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "started":
                self._pid, self._peak_bytes = event["pid"], 0
                if not self._started.done():  # done if the start was given up
                    self._started.set_result(None)
            case "memory":
                self._peak_bytes = max(self._peak_bytes, event["bytes"])
            case "exited":
                self._end(Exit(os.waitstatus_to_exitcode(event["status"]), event["not_started"]))
                if event["out_of_memory"]:
                    self._on_out_of_memory()

    def _end(self, exit_: Exit) -> None:
        if not self.exited.done():
            self.exited.set_result(exit_)

    def _send(self, command: str) -> None:
        if self._writer:
            self._writer.write(f"{command}\n".encode())


def stack_marker() -> dict[str, str]:
    """Return the environment variable that marks every process of this stack, if the harness has set it."""
    return {name: value for name, value in os.environ.items() if name == STACK_VARIABLE}


async def probe(isolation: Isolation) -> str | None:
    """Try an isolation with a command that does nothing. Return why it does not work here, or None if it does."""
    messages: list[str] = []
    output = Output(lambda _timestamp, message: messages.append(message.strip()))
    specification = Specification(
        isolation=isolation,
        command=[os.path.realpath(sys._base_executable), "-I", "-S", "-c", "pass"],  # type: ignore[attr-defined]
        environment={},
        folder="/",
        shown=shown_files.of_interpreter() if sys.platform == "linux" else [],
        tmp_bytes=2**20,
        memory_bytes=2**30,
    )
    runtime = ProcessRuntime(specification, output, lambda: None)
    attempt = asyncio.create_task(_run_to_its_end(runtime))
    await asyncio.wait({attempt}, timeout=_PROBE_SECONDS)
    in_time = attempt.done()
    await runtime.close()
    refusal = await attempt  # ended by the close at the latest
    output.close()
    if not in_time:
        return f"{isolation}: a process did not start and end within {_PROBE_SECONDS:.0f} s"
    return refusal and (" ".join(messages) or refusal)


async def _run_to_its_end(runtime: ProcessRuntime) -> str | None:
    """Return why the runtime did not start or exited with an error, or None."""
    try:
        await runtime.start("")
    except RuntimeStartError as error:
        return str(error)
    exit_ = await runtime.exited
    return f"its process exited with status {exit_.returncode}" if exit_.returncode else None
