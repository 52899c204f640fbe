"""The command `pipeline-emulator env`: commands and shells that use an emulator in place of AWS."""

import os
import shlex
import signal
import subprocess
import tempfile
import urllib.error
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_emulator.clients import environment, folder
from pipeline_emulator.launcher import instance
from pipeline_emulator.launcher.errors import EmulatorError

_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)
_INTERRUPTS = (signal.SIGINT, signal.SIGQUIT)  # a terminal sends them to the command, too


def endpoint(given: str | None, data: str) -> str:
    """Return the address of the emulator to use, by address instead of name.

    Args:
        given: the address that the user names, or None for the emulator of the data folder.
        data: the emulator's data folder.

    Raises:
        EmulatorError: none runs.
    """
    if given is None:
        found = instance.find(data)
        if found is None:
            cause = f"no emulator runs with the data folder {data}"
            step = "choose another with --data, or name its address with --endpoint-url"
            raise EmulatorError(cause, f"start one (pipeline-emulator start --detach), {step}")
        given = found.endpoint_url
    url = environment.by_address(given.rstrip("/"))
    try:
        with instance.direct.open(f"{url}{instance.HEALTH}", timeout=10):
            return url
    except (urllib.error.URLError, OSError, ValueError) as error:
        cause = f"no emulator answers at {given}: {error}"
        raise EmulatorError(cause, "for example: --endpoint-url http://127.0.0.1:4566") from None


def exports(url: str, region: str, data: str, mine: Mapping[str, str]) -> str:
    """Return lines for a POSIX shell. The folder that they name ends with the emulator.

    Args:
        url: the emulator's address.
        region: of clients.
        data: the emulator's data folder.
        mine: the user's environment.
    """
    programs = folder.make(folder.in_data_folder(data), mine)
    made = {**environment.for_shells(url, region), **environment.without_proxy(mine), **programs}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in made.items()]
    if foreign := environment.foreign(mine, made):
        lines.insert(0, f"unset {' '.join(foreign)}")
    return "\n".join(lines)


def run(command: Sequence[str], url: str, region: str, mine: Mapping[str, str]) -> int:
    """Run a command, remove what it needed, and return its exit status.

    Args:
        command: program and arguments.
        url: the emulator's address.
        region: of clients.
        mine: the user's environment.

    Raises:
        EmulatorError: there is no such program.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-emulator-", ignore_cleanup_errors=True) as made:
        ours = {**environment.for_shells(url, region), **environment.without_proxy(mine)}
        ours |= folder.make(Path(made), mine)
        foreign = environment.foreign(mine, ours)
        variables = {**{name: value for name, value in mine.items() if name not in foreign}, **ours}
        return _run(command, variables)


def _run(command: Sequence[str], variables: Mapping[str, str]) -> int:
    for number in _INTERRUPTS:
        signal.signal(number, lambda *_: None)  # not SIG_IGN, which the command would inherit
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []  # those that came while the command started

    def pass_on(number: int, _frame: object) -> None:
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    for number in _PASSED_ON:
        signal.signal(number, pass_on)
    try:
        process = subprocess.Popen(command, env=dict(variables))
    except OSError as error:
        raise EmulatorError(f"{command[0]} cannot be run: {error.strerror}", "name a program of the PATH") from None
    for missed in early:
        process.send_signal(missed)
    status = process.wait()
    return status if status >= 0 else 128 - status  # as shells report the end by a signal


def default_region(given: str | None) -> str:
    """Return the region for clients: the given one, else that of the user's environment, else a default."""
    return given or environment.region(os.environ)
