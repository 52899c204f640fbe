"""Runs a function's runtime in a container. Each start uses a new container."""

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

from pipeline_emulator.gateway.sockets import Connection
from pipeline_emulator.lambda_runtime import engine
from pipeline_emulator.lambda_runtime.origins import ENVIRONMENTS
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.runtime import Exit, RuntimeStartError
from pipeline_emulator.sandbox import limits

_KILL_SECONDS = 10.0
_ADDRESS_SECONDS = 10.0
# A function's output passes through the engine. It is complete when nothing has arrived for a moment and the last line
# is finished (`print` writes the end of a line separately).
_QUIET_SECONDS, _SETTLE_SECONDS = 0.004, 0.05
# On a busy machine, more than a moment passes before the first line arrives. It is awaited for longer if the function
# wrote something with the previous event: it probably does so with each.
_EXPECTED_SECONDS = 0.5
# The engine measures memory on request and takes a while, so it is not asked after every event.
_MEASURE_SECONDS = 5.0
_FIRST_MEASUREMENT_SECONDS = 2.0  # on a busy machine; otherwise a few milliseconds
# Lambda runs every image as a default user with least privileges, whatever its USER says.
# https://docs.aws.amazon.com/lambda/latest/dg/python-image.html: "you don't need to specify a USER in your Dockerfile"
_USER = "993:990"
# Processes are limited by the container: the kernel counts those of a user, and all containers' user is the same.
_ULIMITS = [
    {"name": "nofile", "soft": limits.FILES, "hard": limits.FILES},
    {"name": "memlock", "soft": limits.LOCKED_BYTES, "hard": limits.LOCKED_BYTES},
    {"name": "stack", "soft": limits.STACK_BYTES, "hard": -1},
]
# The engine's init prints this if it cannot start the entry point, and exits with status 126 or 127.
_NOT_STARTED = re.compile(rb"\[FATAL tini \(\d+\)\] exec (.+) failed: ([^\n]+)")
_BEGINNING_BYTES = 1024
_calls = ThreadPoolExecutor(16, thread_name_prefix="container-engine")


@dataclasses.dataclass(frozen=True)
class ContainerSpecification:
    """What one container runs, and its limits.

    Attributes:
        name: Prefix of the container's name.
        image: The image, by digest.
        environment: The function's environment variables, without AWS_LAMBDA_RUNTIME_API.
        memory_bytes: Limit at which the kernel kills it; files in /tmp count.
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
    """A container for one execution environment; implements `runtime.Runtime`.

    Args:
        specification: What to run.
        output: Receives what the function writes.
        on_out_of_memory: Called after the function was killed for exceeding its memory.
    """

    def __init__(
        self, specification: ContainerSpecification, output: Output, on_out_of_memory: Callable[[], None]
    ) -> None:
        self._specification = specification
        self._output = output
        self._on_out_of_memory = on_out_of_memory
        self._loop = asyncio.get_running_loop()
        self._container_id: str | None = None
        self._address: asyncio.Future[str] = self._loop.create_future()
        self._closed = False
        self._peak_bytes = 0
        self._measured = 0.0
        self._measuring: asyncio.Task[None] | None = None
        self._last_output, self._event_began = 0.0, 0.0
        self._in_line, self._wrote_last_time = False, False
        self.exited: asyncio.Future[Exit] = self._loop.create_future()
        self.exited.set_result(Exit(0))  # nothing runs yet

    @property
    def container_id(self) -> str | None:
        """The id of the container; None if there is none at the moment."""
        return self._container_id

    async def start(self, api_address: str) -> None:
        """Start the runtime in a new container, with a new /tmp."""
        self.exited = self._loop.create_future()
        self._peak_bytes, self._measured, self._in_line, self._wrote_last_time = 0, 0.0, False, False
        self._address = self._loop.create_future()
        try:
            container_id = await self._call(self._create, api_address)
            if self._closed:  # closed while the container was being created
                await self._call(engine.remove, container_id)
                raise RuntimeStartError("the execution environment was closed while it started")
            self._container_id = container_id
            stream = await self._call(engine.client().attach_socket, container_id, _ATTACH)
            _Follower(container_id, stream, os.dup(self._output.pipe.write_fd), self).start()
            self._address.set_result(await self._call(self._start, container_id))
        except DockerException as error:
            await self.kill()
            raise RuntimeStartError(f"no container for image {self._specification.image}: {error}") from error

    async def kill(self) -> None:
        """Kill and remove the container with everything that runs in it."""
        if self._container_id is None:
            return
        container_id, self._container_id = self._container_id, None
        await self._call(engine.remove, container_id)
        if self._address.done():
            ENVIRONMENTS.remove_address(self._address.result())
        if not self.exited.done():
            await asyncio.wait({self.exited}, timeout=_KILL_SECONDS)

    async def made(self, connection: Connection) -> bool:
        """Return whether the container made a connection. Without capabilities it can take no other's address."""
        await asyncio.wait({self._address}, timeout=_ADDRESS_SECONDS)
        return self._address.done() and connection.client[0] == self._address.result()

    async def exhaust_memory(self) -> None:
        """Kill the container, as the kernel would: the signal is the same."""
        self._on_out_of_memory()
        await self.kill()

    def watch(self, *, busy: bool) -> None:
        """Note when an event begins, and measure the memory now and then afterwards. The kernel enforces the limit."""
        now = self._loop.time()
        if busy:
            self._event_began = now
        if not busy and self._container_id and now - self._measured > _MEASURE_SECONDS:
            self._measured = now
            self._measuring = self._loop.create_task(self._measure(self._container_id))

    def peak_bytes(self) -> int:
        """Return the peak memory use as of the last measurement, which may be some seconds old."""
        return self._peak_bytes

    async def settle(self) -> None:
        """Wait until nothing has arrived from the engine for a moment, or the container has ended."""
        began = self._loop.time()
        if not self._peak_bytes:  # the first event: without a measurement its report would say 0 MB
            self.watch(busy=False)
            if self._measuring:
                await asyncio.wait({self._measuring}, timeout=_FIRST_MEASUREMENT_SECONDS)
        await asyncio.sleep(_QUIET_SECONDS)
        while not self.exited.done() and self._unsettled(self._loop.time() - began):
            await asyncio.sleep(_QUIET_SECONDS / 4)
        self._in_line = False  # an unfinished line delays one event only
        self._wrote_last_time = self._wrote()

    async def close(self) -> None:
        """Kill and remove the container. One that is being created is removed as soon as it exists."""
        self._closed = True
        await self.kill()

    def wrote(self, data: bytes) -> None:
        """Note that the follower has forwarded output. Called in the follower's thread."""
        self._last_output = self._loop.time()
        self._in_line = not data.endswith(b"\n")

    def ended(self, exit_: Exit, *, out_of_memory: bool) -> None:
        """Note that the container has ended."""
        if out_of_memory:
            self._peak_bytes = self._specification.memory_bytes
            self._on_out_of_memory()
        if not self.exited.done():
            self.exited.set_result(exit_)

    def _unsettled(self, waited: float) -> bool:
        if not self._wrote() and self._wrote_last_time:
            return waited < _EXPECTED_SECONDS
        quiet = self._loop.time() - self._last_output > _QUIET_SECONDS and not self._in_line
        return not quiet and waited < _SETTLE_SECONDS

    def _wrote(self) -> bool:
        return self._last_output >= self._event_began

    async def _measure(self, container_id: str) -> None:
        with contextlib.suppress(DockerException, KeyError):  # the container may just have ended
            stats = await self._call(engine.client().stats, container_id, None, False, True)
            memory = stats["memory_stats"]
            self._peak_bytes = max(self._peak_bytes, memory.get("max_usage", 0), memory["usage"])

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await self._loop.run_in_executor(_calls, function, *arguments)

    def _start(self, container_id: str) -> str:
        """Start the container and return the address that it then has."""
        with ENVIRONMENTS.starting_container():
            engine.client().start(container_id)
            address = engine.address_of(container_id)
            ENVIRONMENTS.add_address(address)
        return address

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
                init=True,  # reaps orphans; as process 1, the runtime itself would ignore signals
                network_mode=engine.network(),
                read_only=True,
                tmpfs={"/tmp": f"rw,exec,nosuid,nodev,mode=1777,size={wanted.tmp_bytes}"},  # noqa: S108
                mem_limit=wanted.memory_bytes,
                memswap_limit=wanted.memory_bytes,  # memory plus swap: no swap
                pids_limit=limits.processes(wanted.memory_bytes),
                ulimits=_ULIMITS,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                log_config={"Type": "none"},  # output is read as it is written, and not kept by the engine
            ),
        )
        return str(container["Id"])


_ATTACH = {"stdout": 1, "stderr": 1, "stream": 1}


class _Follower:
    """A thread that forwards a container's output and finally reports how the container ended."""

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
            with contextlib.suppress(OSError):  # the environment has closed its pipes, or the engine is gone
                for _, data in frames_iter(self._stream, tty=False):
                    self._forward(data)
        finally:
            os.close(self._write_fd)
            self._stream._response.close()  # the socket's HTTP response warns if it is collected while open
            self._stream.close()
        exit_, out_of_memory = self._wait_for_end()
        self._loop.call_soon_threadsafe(lambda: self._runtime.ended(exit_, out_of_memory=out_of_memory))

    def _forward(self, data: bytes) -> None:
        self._beginning = (self._beginning + data)[:_BEGINNING_BYTES]
        left = data
        while left:
            left = left[os.write(self._write_fd, left) :]
        self._runtime.wrote(data)  # only now that it is in the pipe

    def _wait_for_end(self) -> tuple[Exit, bool]:
        try:
            status = engine.client().wait(self._container_id)["StatusCode"]
            state = engine.client().inspect_container(self._container_id)["State"]
        except DockerException:  # the container was removed while it ran
            return Exit(-9), False
        # Like a shell, the init reports a signal as 128 plus its number.
        code = 128 - status if status > 128 else status
        return Exit(code, self._not_started() if status in (126, 127) else None), bool(state["OOMKilled"])

    def _not_started(self) -> str | None:
        """Return why the init could not start the entry point, or None if it could: a shell may exit with 127, too."""
        match = _NOT_STARTED.match(self._beginning)
        if match is None:
            return None
        program, reason = (part.decode(errors="replace") for part in match.groups())
        return f"fork/exec {program}: {reason[:1].lower()}{reason[1:]}"
