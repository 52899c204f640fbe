"""`python -m pipeline_emulator.sandbox FD`: serves the protocol on socket FD until LocalStack disconnects.

Process tree: this supervisor - the keeper (process 1 of its own PID namespace if the kernel allows it) - the function's
runtime - its children. However LocalStack ends, its end of the socket closes, and the whole tree is killed.
"""

import os
import select
import signal
import sys

from pipeline_emulator.sandbox import limits, linux, processes, root
from pipeline_emulator.sandbox.protocol import LOG_VARIABLE, Isolation, Specification, encode

_NOT_STARTED = 127  # the exit status of a shell that cannot start a program
_SAMPLE_SECONDS = 0.05 if processes.HAS_PROC else 0.5  # starting `ps` 20 times a second is too slow


class Supervisor:
    """Starts, measures and kills the runtime of one execution environment."""

    def __init__(self, control: int, specification: Specification) -> None:
        self._control = control
        self._specification = specification
        self._in_namespaces = specification.isolation is not Isolation.PROCESS_GROUP
        self._keeper = 0
        self._status_fd = -1
        self._watching = False
        self._peak_bytes = 0
        self._uid = os.getuid()  # the function's, as this machine sees it

    def isolate(self) -> int:
        """Enter the namespaces that every process of this environment shares; return the user outside them."""
        wanted = self._specification
        if sys.platform == "linux":
            linux.adopt_orphans()
        if not self._in_namespaces:
            return self._uid
        if wanted.isolation is Isolation.USER_NAMESPACES:
            linux.enter_user_namespace()
            linux.forbid_user_namespaces("/proc/sys")
            owner = linux.FUNCTION_UID, linux.FUNCTION_GID
        else:
            self._uid = linux.unused_user()
            owner = self._uid, self._uid
            for output in (1, 2, int(wanted.environment[LOG_VARIABLE])):
                os.fchown(output, *owner)  # a function may open /dev/stdout by its name
        os.unshare(os.CLONE_NEWIPC | os.CLONE_NEWUTS)
        root.build(wanted.shown, wanted.tmp_bytes, *owner)
        return self._uid

    def serve(self, commands: bytes) -> None:
        """Execute commands until the socket closes; `commands` holds those received with the specification."""
        while True:
            *lines, commands = commands.split(b"\n")
            for line in lines:
                self._execute_command(line.decode())
            watching = self._watching and self._status_fd >= 0
            readable = self._wait(_SAMPLE_SECONDS if watching else None)
            if self._control in readable:
                received = os.read(self._control, 4096)
                if not received:
                    return
                commands += received
            if self._status_fd in readable:
                self._end(out_of_memory=False)
            elif watching:
                self._measure()

    def _wait(self, seconds: float | None) -> set[int]:
        """Return the descriptors that are readable or closed. `select` would reject descriptors above 1023."""
        poll = select.poll()
        for source in (self._control, self._status_fd):
            if source >= 0:
                poll.register(source, select.POLLIN)
        return {source for source, _ in poll.poll(None if seconds is None else seconds * 1000)}

    def _execute_command(self, command: str) -> None:
        match command:
            case "start":
                self._start()
            case "watch" | "rest":
                self._watching = command == "watch"
            case "kill" | "exhaust":
                self._end(out_of_memory=command == "exhaust")

    def _start(self) -> None:
        started_read, started_write = os.pipe()
        self._status_fd, status_write = os.pipe()
        keeper = os.fork()
        if keeper == 0:
            try:
                os.close(self._control)
                _keep(self._specification, self._uid, started_write, status_write)
            finally:
                os._exit(1)  # a failed keeper must not continue as a second supervisor
        os.close(started_write)
        os.close(status_write)
        os.read(started_read, 1)
        os.close(started_read)
        self._keeper = keeper
        if self._in_namespaces:
            self._keeper = next(iter(processes.children(keeper)), keeper)
        self._peak_bytes = 0
        self._send({"event": "started", "pid": next(iter(processes.children(self._keeper)), 0)})

    def _measure(self) -> None:
        used = processes.used_bytes(self._keeper, own_segments=self._in_namespaces)
        if used > self._peak_bytes:
            self._peak_bytes = used
            self._send({"event": "memory", "bytes": used})
        if used > self._specification.memory_bytes:
            self._end(out_of_memory=True)

    def _end(self, *, out_of_memory: bool) -> None:
        """Kill what is left, then report how the runtime ended: no new runtime starts beside old processes."""
        if self._status_fd < 0:
            return
        processes.kill_descendants()
        if self._in_namespaces:
            for kind in processes.OBJECTS:
                linux.remove_objects(kind, [each["id"] for each in processes.objects(kind)])
        written = os.read(self._status_fd, select.PIPE_BUF).decode(errors="replace")
        os.close(self._status_fd)
        self._status_fd = -1
        reason, _, status = written.rpartition("\n")
        killed = _NOT_STARTED << 8 if reason else int(signal.SIGKILL)
        exited = {"event": "exited", "status": int(status or killed), "out_of_memory": out_of_memory}
        self._send({**exited, "not_started": reason or None})

    def _send(self, message: dict[str, object]) -> None:
        _write(self._control, encode(message))


def _keep(specification: Specification, uid: int, started: int, status: int) -> None:
    """Run the runtime, reap every orphan, and write the runtime's wait status to `status`. Never returns.

    Before it stands a line with the reason if the program could not be started.
    """
    if sys.platform == "linux":
        linux.die_with_parent()
    if specification.isolation is not Isolation.PROCESS_GROUP:
        try:
            _enter_sandbox(specification.isolation, uid, started, status)
        except OSError as error:
            os.write(2, f"no sandbox: {error.strerror or error}\n".encode())
            os._exit(1)
    elif sys.platform == "linux":
        linux.adopt_orphans()
    runtime = os.fork()
    if runtime == 0:
        _execute(specification, status)
    os.write(started, b"1")
    while True:
        pid, wait_status = os.wait()
        if pid == runtime:
            os.write(status, str(wait_status).encode())
            os._exit(0)


def _enter_sandbox(isolation: Isolation, uid: int, started: int, status: int) -> None:
    """Continue as process 1 of a PID namespace, with the function's file system and user."""
    os.unshare(os.CLONE_NEWPID | os.CLONE_NEWNS)
    first = os.fork()
    if first != 0:
        os.close(started)
        os.close(status)
        os.waitpid(first, 0)
        os._exit(0)
    settings = root.enter()
    if isolation is Isolation.NAMESPACES:
        linux.become(uid)
        linux.enter_user_namespace()
        linux.forbid_user_namespaces(f"/proc/self/fd/{settings}")
    linux.never_gain_privileges()
    linux.drop_capabilities()
    linux.set_dumpable(dumpable=False)  # the function is the same user, and must not touch this process
    linux.die_with_parent()  # the change of user has reset it


def _execute(specification: Specification, status: int) -> None:
    os.setsid()
    if sys.platform == "linux":
        linux.die_with_parent()
        linux.never_gain_privileges(keep_read_access=True)
        linux.leave_keyrings()
        linux.leave_abstract_sockets()
    own_user = specification.isolation is Isolation.NAMESPACES
    limits.apply(specification.memory_bytes, count_processes=own_user)
    program = next(filter(os.path.exists, specification.programs), specification.command[0])
    try:
        os.chdir(specification.folder)
        os.execve(program, specification.command, specification.environment)  # noqa: S606
    except OSError as error:
        # In the words of AWS, whose messages are Go's.
        reason = f"fork/exec {program}: {(error.strerror or '').lower()}"
        if specification.programs and program not in specification.programs:
            reason = f"Couldn't find valid bootstrap(s): [{' '.join(specification.programs)}]"
        line = f"{reason}\n".encode()[-select.PIPE_BUF // 2 :]
        os.write(2, line)
        os.write(status, line)
        os._exit(_NOT_STARTED)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def main() -> None:
    """Read the specification, isolate, serve, then kill all descendants."""
    control = int(sys.argv[1])
    os.set_inheritable(control, False)
    received = b""
    while b"\n" not in received:
        more = os.read(control, 65536)
        if not more:
            return
        received += more
    line, _, commands = received.partition(b"\n")
    supervisor = Supervisor(control, Specification.decode(line))
    try:
        uid = supervisor.isolate()
    except OSError as error:
        _write(control, encode({"event": "failed", "reason": str(error)}))
        return
    try:
        _write(control, encode({"event": "isolated", "uid": uid}))
        supervisor.serve(commands)
    except (BrokenPipeError, ConnectionResetError):
        pass  # LocalStack is gone, as if the socket had closed
    finally:
        processes.kill_descendants()


if __name__ == "__main__":
    main()
