"""Finds and ends processes: who holds a port, what a killed run left behind."""

from __future__ import annotations

import socket
from pathlib import Path

import psutil

# Every process of a stack inherits this variable from LocalStack; its value is the stack's folder.
MARKER = "PIPELINE_STACK"


def port_is_free(port: int) -> bool:
    """Whether nothing listens on the port of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def port_holder(port: int) -> str:
    """Describes the process that listens on a port, as far as this user may see it."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS shows other processes' sockets to root only
        return "another process"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            if connection.pid is None:
                return "a process of another user"
            return f"process {connection.pid}: {_command_of(connection.pid)[:120] or '?'}"
    return "a process that this user cannot see"


def _command_of(pid: int) -> str:
    try:
        return command_line(psutil.Process(pid))
    except psutil.Error:
        return ""


def of_stack(folder: Path) -> list[psutil.Process]:
    """All processes that belong to a stack, by the marker in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == str(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or another user's
    return found


def command_line(process: psutil.Process) -> str:
    """A process's command and arguments; empty when it has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def end_all(processes: list[psutil.Process], grace: float = 5.0) -> None:
    """Ends processes: asks first, then kills what is left after `grace` seconds."""
    for process in processes:
        _signal(process, kill=False)
    _, alive = psutil.wait_procs(processes, timeout=grace)
    for process in alive:
        _signal(process, kill=True)
    psutil.wait_procs(alive, timeout=grace)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        pass
