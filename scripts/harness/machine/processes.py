"""Finds and ends processes: those that hold a port, and those that a killed run left behind."""

from __future__ import annotations

import socket
from pathlib import Path

import psutil

# Every process of a stack inherits this variable from LocalStack; its value is the stack's folder.
MARKER = "PIPELINE_STACK"


def port_is_free(port: int) -> bool:
    """Return whether nothing listens on a port of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_holder(port: int) -> str:
    """Describe the process that listens on a port, as far as this user may see it."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # on macOS only root sees other processes' sockets
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
    """Return all processes of a stack, found by the marker in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == str(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # has ended, or belongs to another user
    return found


def command_line(process: psutil.Process) -> str:
    """Return a process's command and arguments, or an empty string if it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def end_all(processes: list[psutil.Process], grace: float = 5.0) -> None:
    """Terminate processes, and kill those left after `grace` seconds."""
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
