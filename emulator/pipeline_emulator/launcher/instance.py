"""A running emulator. A file in its data folder makes it possible to find it again."""

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psutil

from pipeline_emulator.clients import folder
from pipeline_emulator.launcher import environment as environments
from pipeline_emulator.launcher import lambda_runtime, packages, service_catalog
from pipeline_emulator.launcher.errors import EmulatorError

# -P: modules in the working directory, which may contain anything, are not imported.
COMMAND = [sys.executable, "-P", "-m", "localstack.runtime.main"]
# LocalStack handles Ctrl-C once it is imported. Until then there is nothing to clean up, so the process just ends.
_QUIET = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); from localstack.runtime.main import main; main()"
FOREGROUND = [sys.executable, "-P", "-c", _QUIET]
READY_SECONDS = 90.0
STOP_SECONDS = 15.0
HEALTH = "/_localstack/health"
LOSSES = "/_pipeline/kinesis/losses"
_ISOLATION = "/_pipeline/isolation"
_FILE = "pipeline-emulator.json"
_LOG = "localstack.log"
# What LocalStack prints last when it ends for a reason of ours (`persistence.DatabaseError`).
_REASON, _NEXT_STEP = "Localstack returning with exit code 1. Reason: ", "\nnext: "
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot reach this machine's loopback


@dataclasses.dataclass
class Instance:
    """An emulator's process.

    Attributes:
        pid: its process id.
        created: creation time of the process, in epoch seconds, because process ids are reused.
        endpoint_url: where AWS clients reach it.
        settings: the value of every setting, by name.
    """

    pid: int
    created: float
    endpoint_url: str
    settings: dict[str, str]

    @property
    def data(self) -> Path:
        """The data folder."""
        return Path(self.settings["data"])

    @property
    def log(self) -> Path:
        """The log, if the emulator was started in the background."""
        return self.data / _LOG

    def process(self) -> psutil.Process | None:
        """Return the process, or None if it has ended."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            # The kernel's clock and ours differ by fractions of a second.
            if process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - self.created) < 2:
                return process
        return None

    def is_ready(self) -> bool:
        """Return whether the emulator answers."""
        try:
            with direct.open(f"{self.endpoint_url}{HEALTH}", timeout=2) as answer:
                return "services" in json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def lost_records(self) -> str:
        """Return what the data folder should hold and does not (PERSISTENCE=1), in one line, or an empty text."""
        try:
            with direct.open(f"{self.endpoint_url}{LOSSES}", timeout=5) as answer:
                found = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError):
            return ""
        if found["unknown"]:
            return f"whether acknowledged records are gone is not known: {found['unknown']}"
        return f"{found['records']} acknowledged records are gone: see the log" if found["records"] else ""

    def isolation(self) -> str:
        """Return in one line how functions from Zips are isolated; empty if there are none or nothing answers."""
        try:
            with direct.open(f"{self.endpoint_url}{_ISOLATION}", timeout=30) as answer:
                return str(json.load(answer)["isolation"])
        except (urllib.error.URLError, OSError, ValueError):
            return ""

    def stop(self) -> None:
        """Stop the emulator and every process it has started. Kills those that do not end in time."""
        if process := self.process():
            with contextlib.suppress(psutil.NoSuchProcess):
                everything = [process, *process.children(recursive=True)]
                process.terminate()
                psutil.wait_procs([process], STOP_SECONDS)
                for left in everything:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        left.kill()
                psutil.wait_procs(everything, STOP_SECONDS)
        (self.data / _FILE).unlink(missing_ok=True)
        folder.remove(folder.in_data_folder(self.data))


def find(data: str | Path) -> Instance | None:
    """Return the emulator that runs with a data folder, or None if none does."""
    try:
        instance = Instance(**json.loads((Path(data) / _FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return instance if instance.process() else None


def start(variables: Mapping[str, str] | None = None, **settings: object) -> Instance:
    """Start an emulator in the background and wait until it answers.

    Args:
        variables: additional environment variables for LocalStack.
        settings: values by name in `SETTINGS`; the others come from the environment or are the defaults.

    Raises:
        EmulatorError: a setting is wrong, the folder or the port is in use, or LocalStack did not start.
    """
    chosen = environments.resolve(settings, os.environ)
    prepare(chosen)
    lambda_runtime.provide(chosen, os.environ)
    service_catalog.provide(Path(chosen["data"]), os.environ)
    log = Path(chosen["data"]) / _LOG
    with log.open("ab") as sink:
        began = sink.tell()
        process = subprocess.Popen(
            COMMAND,
            env=environments.for_localstack(chosen, os.environ, variables),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,  # Ctrl-C in the terminal does not end it
        )
    instance = _remember(process.pid, chosen)
    try:
        _wait_until_ready(instance, process, began)
    except BaseException:
        instance.stop()
        raise
    return instance


def run(chosen: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Replace this process with LocalStack.

    Args:
        chosen: the value of every setting.
        variables: additional environment variables for LocalStack.

    Raises:
        EmulatorError: the folder or the port is in use.
    """
    prepare(chosen)
    lambda_runtime.provide(chosen, os.environ)
    service_catalog.provide(Path(chosen["data"]), os.environ)
    _remember(os.getpid(), chosen)
    os.execve(FOREGROUND[0], FOREGROUND, environments.for_localstack(chosen, os.environ, variables))  # noqa: S606


def prepare(chosen: Mapping[str, str]) -> None:
    """Create the data folder and check that folder, port and packages can be used.

    Raises:
        EmulatorError: one of them is in use or cannot be used.
    """
    if conflict := packages.overwritten():
        raise EmulatorError(*conflict)
    data = Path(chosen["data"])
    if running := find(data):
        raise EmulatorError(
            f"an emulator already runs with this data folder: {running.endpoint_url}, process {running.pid}",
            f"stop it (pipeline-emulator stop --data {data}), or choose another folder with --data",
        )
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmulatorError(
            f"{data} cannot be created: {error.strerror}", "choose another folder with --data"
        ) from None
    if not os.access(data, os.W_OK):
        raise EmulatorError(f"{data} is not writable", "choose another folder with --data")
    folder.remove(folder.in_data_folder(data))  # of an emulator that Ctrl-C has ended
    for host in environments.hosts(chosen):
        if refusal := port_refusal(host, int(chosen["port"])):
            raise EmulatorError(refusal, "choose another port with --port, or another address with --host")


def port_refusal(host: str, port: int) -> str:
    """Return why the port of an address cannot be listened on, or an empty text if it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return f"{host}:{port} cannot be listened on: {error.strerror}"
    return ""


def _remember(pid: int, chosen: Mapping[str, str]) -> Instance:
    url = f"http://{environments.reached_at(chosen)}:{chosen['port']}"
    instance = Instance(pid, psutil.Process(pid).create_time(), url, dict(chosen))
    file = instance.data / _FILE
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(dataclasses.asdict(instance), indent=2))
    unfinished.replace(file)
    return instance


def _wait_until_ready(instance: Instance, process: subprocess.Popen[bytes], began: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not instance.is_ready():
        if process.poll() is not None:
            with instance.log.open("rb") as log:
                log.seek(began)
                raise _startup_error(log.read().decode(errors="replace"), instance.log)
        if time.monotonic() > deadline:
            raise EmulatorError(f"LocalStack did not answer within {READY_SECONDS:.0f} s", f"read {instance.log}")
        time.sleep(0.1)


def _startup_error(text: str, log: Path) -> EmulatorError:
    """Return why LocalStack ended at its start: the reason it gave itself, or the end of its log."""
    _, given, reason = text.rpartition(_REASON)
    cause, separated, next_step = reason.strip().partition(_NEXT_STEP)
    if given and separated:
        return EmulatorError(cause, next_step)
    tail = "\n".join(text.splitlines()[-8:])
    return EmulatorError(f"LocalStack ended at its start:\n{tail}", f"read the whole log: {log}")
