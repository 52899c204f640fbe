"""Runs a function's runtime in a container, each start in a new one."""

import asyncio
import contextlib
import dataclasses
import os
import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from docker.errors import DockerException
from docker.utils.socket import frames_iter

from pipeline_emulator.lambda_runtime import engine
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.runtime import Exit, RuntimeStartError

_KILL_SECONDS = 10.0
# What a function writes passes through the engine: it has come when nothing has for a moment, and no line is unfinished
# (`print` writes the end of a line by itself).
_QUIET_SECONDS, _SETTLE_SECONDS = 0.004, 0.05
# The engine measures on request and takes a while for it, hence not with every event.
_MEASURE_SECONDS = 5.0
# The default user Lambda runs every image with, whatever its USER says: no rights but those everybody has.
# https://docs.aws.amazon.com/lambda/latest/dg/python-image.html: "you don't need to specify a USER in your Dockerfile"
_USER = "993:990"
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_PROCESSES, _FILES = 1024, 1024
# The engine's init says so when it cannot start the entry point, and ends with status 126 or 127.
_NOT_STARTED = re.compile(rb"\[FATAL tini \(\d+\)\] exec (.+) failed: ([^\n]+)")
_BEGINNING_BYTES = 1024
_calls = ThreadPoolExecutor(16, thread_name_prefix="container-engine")


@dataclasses.dataclass(frozen=True)
class ContainerSpecification:
    """What one container runs, and within which limits.

    Attributes:
        name: What the container's name begins with.
        image: The image, by digest.
        environment: The function's environment variables, without the Runtime API's address.
        memory_bytes: The kernel kills it when it uses more; files in /tmp count.
        tmp_bytes: Size of /tmp.
        entrypoint: Replaces the image's, or None.
        command: Replaces the image's, or None.
        working_directory: Replaces the image's, or None.
    """

    name: str
    image: str
    environment: Mapping[str, str]
    memory_bytes: int
    tmp_bytes: int
    entrypoint: Sequence[str] | None
    command: Sequence[str] | None
    working_directory: str | None


class ContainerRuntime:
    """One execution environment; implements `environment.Runtime`.

    Args:
        specification: What to run.
        output: Takes what the function writes.
        on_out_of_memory: Called when the function was killed for using more memory than it has.
    """

    def __init__(
        self, specification: ContainerSpecification, output: Output, on_out_of_memory: Callable[[], None]
    ) -> None:
        self._specification = specification
        self._output = output
        self._on_out_of_memory = on_out_of_memory
        self._loop = asyncio.get_running_loop()
        self._container_id: str | None = None
        self._closed = False
        self._peak_bytes = 0
        self._measured = 0.0
        self._measuring: asyncio.Task[None] | None = None
        self._last_output = 0.0
        self._in_line = False
        self.exited: asyncio.Future[Exit] = self._loop.create_future()
        self.exited.set_result(Exit(0))  # nothing runs yet

    async def start(self, api_address: str) -> None:
        """Starts the runtime in a new container; /tmp is new with it."""
        self.exited = self._loop.create_future()
        self._peak_bytes, self._measured, self._in_line = 0, 0.0, False
        try:
            container_id = await self._call(self._create, api_address)
            if self._closed:  # closed meanwhile, by somebody who did not know of it
                await self._call(engine.remove, container_id)
                raise RuntimeStartError("the execution environment was closed while it started")
            self._container_id = container_id
            stream = await self._call(engine.client().attach_socket, container_id, _ATTACH)
            _Follower(container_id, stream, os.dup(self._output.lines.write_fd), self).start()
            await self._call(engine.client().start, container_id)
        except DockerException as error:
            await self.kill()
            raise RuntimeStartError(f"no container for image {self._specification.image}: {error}") from error

    async def kill(self) -> None:
        """Kills and removes the container, and with it all that runs in it."""
        if self._container_id is None:
            return
        container_id, self._container_id = self._container_id, None
        await self._call(engine.remove, container_id)
        if not self.exited.done():
            await asyncio.wait({self.exited}, timeout=_KILL_SECONDS)

    async def exhaust_memory(self) -> None:
        """As `kill`; the kernel would send the same signal."""
        self._on_out_of_memory()
        await self.kill()

    def watch(self, *, busy: bool) -> None:
        """Measures now and then, after an event; the limit is the kernel's to enforce."""
        now = self._loop.time()
        if not busy and self._container_id and now - self._measured > _MEASURE_SECONDS:
            self._measured = now
            self._measuring = self._loop.create_task(self._measure(self._container_id))

    def peak_bytes(self) -> int:
        """The most memory used, as the engine last measured it; an event may be ahead of it by some seconds."""
        return self._peak_bytes

    async def settle(self) -> None:
        """Waits until nothing has come from the engine for a moment; the end of a container is the end of it all."""
        deadline = self._loop.time() + _SETTLE_SECONDS
        if not self._peak_bytes:  # the first event of a container: its report is not to say that it used nothing
            self.watch(busy=False)
            if self._measuring:
                await asyncio.wait({self._measuring}, timeout=_SETTLE_SECONDS)
        await asyncio.sleep(_QUIET_SECONDS)
        while not self.exited.done() and self._loop.time() < deadline:
            if self._loop.time() - self._last_output > _QUIET_SECONDS and not self._in_line:
                return
            await asyncio.sleep(_QUIET_SECONDS / 4)
        self._in_line = False  # a function that does not end its lines is waited for once an event, not for ever

    async def close(self) -> None:
        """Kills and removes the container; one that is being started goes once it is there."""
        self._closed = True
        await self.kill()

    def wrote(self, data: bytes) -> None:
        """The follower has passed something on; called in its thread."""
        self._last_output = self._loop.time()
        self._in_line = not data.endswith(b"\n")

    def ended(self, how: Exit, *, out_of_memory: bool) -> None:
        """The follower saw the container's end."""
        if out_of_memory:
            self._peak_bytes = self._specification.memory_bytes
            self._on_out_of_memory()
        if not self.exited.done():
            self.exited.set_result(how)

    async def _measure(self, container_id: str) -> None:
        with contextlib.suppress(DockerException, KeyError):  # it may just have ended
            stats = await self._call(engine.client().stats, container_id, None, False, True)
            memory = stats["memory_stats"]
            self._peak_bytes = max(self._peak_bytes, memory.get("max_usage", 0), memory["usage"])

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await self._loop.run_in_executor(_calls, function, *arguments)

    def _create(self, api_address: str) -> str:
        wanted = self._specification
        client = engine.client()
        container = client.create_container(
            name=f"{wanted.name}-{uuid.uuid4().hex[:8]}",
            image=wanted.image,
            command=wanted.command,
            entrypoint=wanted.entrypoint,
            working_dir=wanted.working_directory,
            environment={**wanted.environment, "AWS_LAMBDA_RUNTIME_API": api_address},
            labels=engine.labels(),
            user=_USER,
            host_config=client.create_host_config(
                init=True,  # reaps, and lets signals kill the runtime, which they would not with process id 1
                network_mode=engine.network(),
                read_only=True,
                tmpfs={"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={wanted.tmp_bytes}"},  # noqa: S108
                mem_limit=wanted.memory_bytes,
                memswap_limit=wanted.memory_bytes,  # none beyond the memory
                pids_limit=_PROCESSES,
                ulimits=[{"name": "nofile", "soft": _FILES, "hard": _FILES}],
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                log_config={"Type": "none"},  # read as it is written, and kept nowhere else
            ),
        )
        return str(container["Id"])


_ATTACH = {"stdout": 1, "stderr": 1, "stream": 1}


class _Follower:
    """A thread that passes a container's output on, and at its end tells how the container ended."""

    def __init__(self, container_id: str, stream: Any, write_fd: int, runtime: ContainerRuntime) -> None:
        self._container_id = container_id
        self._stream = stream
        self._write_fd = write_fd
        self._runtime = runtime
        self._loop = asyncio.get_running_loop()
        self._beginning = b""

    def start(self) -> None:
        threading.Thread(target=self._run, name="container-output", daemon=True).start()

    def _run(self) -> None:
        try:
            with contextlib.suppress(OSError):  # the environment has closed its pipes, or the engine has gone
                for _, data in frames_iter(self._stream, tty=False):
                    self._pass_on(data)
        finally:
            os.close(self._write_fd)
            self._stream._response.close()  # the HTTP answer whose socket it is, or it complains when it goes
            self._stream.close()
        how, out_of_memory = self._end()
        self._loop.call_soon_threadsafe(lambda: self._runtime.ended(how, out_of_memory=out_of_memory))

    def _pass_on(self, data: bytes) -> None:
        self._beginning = (self._beginning + data)[:_BEGINNING_BYTES]
        left = data
        while left:
            left = left[os.write(self._write_fd, left) :]
        self._runtime.wrote(data)  # now that the pipe has it

    def _end(self) -> tuple[Exit, bool]:
        try:
            status = engine.client().wait(self._container_id)["StatusCode"]
            state = engine.client().inspect_container(self._container_id)["State"]
        except DockerException:  # removed while it ran
            return Exit(-9), False
        # The init reports a signal as a shell does, by adding 128 to its number.
        code = 128 - status if status > 128 else status
        return Exit(code, self._not_started() if status in (126, 127) else None), bool(state["OOMKilled"])

    def _not_started(self) -> str | None:
        """Why the init could not start the entry point, or None when it could: a shell may end with 127, too."""
        match = _NOT_STARTED.match(self._beginning)
        if match is None:
            return None
        program, reason = (part.decode(errors="replace") for part in match.groups())
        return f"fork/exec {program}: {reason[:1].lower()}{reason[1:]}"
