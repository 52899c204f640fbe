"""A stack's folder, lock and saved state."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from harness.errors import HarnessError
from harness.machine import engine, environment, locks
from harness.machine.files import write_whole
from harness.paths import STACKS, shown
from harness.pipeline import definition, toml_file
from harness.pipeline.definition import Pipeline, Resources

REGION = "ap-south-1"
EMBEDDED, DOCKER = "embedded", "docker"
CHANGES, WAIT = "is changing this stack", "wait until it has ended, then try again"


@dataclass
class Stack:
    """The state of a stack; saved as `stack.json` in its folder.

    Attributes:
        name: the stack's name, and that of its folder below `.local`.
        project_id: the suffix of all resource names.
        port: port of LocalStack's gateway on the loopback address.
        runtime: `embedded` (LocalStack is a process of this machine) or `docker` (everything runs in containers).
        persistent: whether streams and checkpoints outlive LocalStack (PERSISTENCE=1).
        ready: whether the last `up` got its sample event answered.
        pid: LocalStack's process id, with the process's creation time, because process ids are reused.
        container: id of LocalStack's container.
        mlflow_port: port of the tracking server on the loopback address; 0 if there is none.
        base_image: the image that the stack's images are made from.
        outputs: Terraform's outputs after the last apply.
        model: the training result whose model is served.
        emulator: hash of LocalStack's lock and our plugin's code, as they were at its start.
        settings: the emulator's settings that are in force, by their environment variables.
        pipeline_folder: the folder of the pipeline that runs in it.
        region: the AWS region of its resources.
        applied: what the last apply was made from, and what identifies its result, as hashes by name.
    """

    name: str
    project_id: str
    port: int
    runtime: str = EMBEDDED
    persistent: bool = False
    ready: bool = False
    pid: int = 0
    pid_created: float = 0.0
    container: str = ""
    mlflow_port: int = 0
    base_image: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    emulator: str = ""
    settings: dict[str, str] = field(default_factory=environment.emulator_settings)
    pipeline_folder: str = field(default_factory=lambda: str(definition.current().folder))
    region: str = REGION
    applied: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The stack's folder."""
        return STACKS / self.name

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that runs in it."""
        return definition.at(self.pipeline_folder)

    @property
    def resources(self) -> Resources:
        """The names of the pipeline's resources, once Terraform has been applied.

        Raises:
            HarnessError: `pipeline.toml` names an output that Terraform does not have.
        """
        return self.pipeline.resources(self.outputs)

    @property
    def endpoint_url(self) -> str:
        """The endpoint for any AWS client. An IP address, so that nothing has to resolve bucket host names."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def run_id(self) -> str:
        """MLflow run id of the served model; empty if the pipeline has none."""
        return str(self.model.get("run_id", ""))

    @property
    def mlflow_url(self) -> str:
        """The tracking server's URL; only valid if there is one."""
        return f"http://127.0.0.1:{self.mlflow_port}"

    @property
    def localstack_log(self) -> str:
        """Where the user finds LocalStack's log: a command or a path."""
        return f"docker logs {self.container[:12]}" if self.runtime == DOCKER else shown(self.log("localstack"))

    def log(self, name: str) -> Path:
        """Return the path of a log file of the stack."""
        return self.folder / "logs" / f"{name}.log"

    def save(self) -> None:
        """Write the stack's state atomically."""
        write_whole(self.folder / "stack.json", json.dumps(asdict(self), indent=2))

    @property
    def project(self) -> str:
        """Name of the compose project; unique to the checkout, because other checkouts have stacks of the same name."""
        return f"store-sales-{self.name}-{hashlib.sha256(str(STACKS).encode()).hexdigest()[:6]}"

    @property
    def instance(self) -> str:
        """Identifies this LocalStack, as opposed to one that is started later."""
        return self.container or f"process {self.pid}"

    def alive(self) -> bool:
        """Return whether the stack's LocalStack runs."""
        return engine.is_running(self.container) if self.runtime == DOCKER else self.process() is not None

    def process(self) -> psutil.Process | None:
        """Return LocalStack's process, or None if it does not run."""
        try:
            process = psutil.Process(self.pid)
            alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
            return process if alive and abs(process.create_time() - self.pid_created) < 2 else None
        except (psutil.Error, ValueError):
            return None


def name() -> str:
    """Return the name of the current pipeline's stack on this machine."""
    return definition.current().stack_name


def load(name: str) -> Stack | None:
    """Read a stack's state; None if there is none, or if a killed run left it unreadable."""
    try:
        return Stack(**json.loads((STACKS / name / "stack.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def running(name: str, *, ready: bool = True) -> Stack:
    """Return a stack that was brought up and still runs.

    Args:
        name: the stack's name.
        ready: whether its last start must have succeeded; without that, resources may be missing.

    Raises:
        HarnessError: the stack does not exist, never became ready, or its LocalStack died; or it is being started.
    """
    stack = load(name)
    if stack is None or not stack.alive() or (ready and not stack.ready):
        _check_unlocked(name)
    if stack is None:
        raise HarnessError("no pipeline runs here", "start it: make local-up")
    if not stack.alive():
        raise HarnessError("the pipeline's LocalStack has ended", "start it again: make local-up")
    if ready and not stack.ready:
        raise HarnessError("the pipeline has not finished starting", "finish it: make local-up")
    return stack


def _check_unlocked(name: str) -> None:
    """Check that no other process is starting the stack, or taking it down.

    Raises:
        HarnessError: one is.
    """
    if (holder := locks.other_holder(_lock(name))) is not None:
        raise HarnessError(f"process {holder} {CHANGES}", WAIT)


def _lock(name: str) -> Path:
    return STACKS / f"{name}.lock"


def here(*, ready: bool = True) -> Stack:
    """Return the stack of the current pipeline, which was brought up and still runs.

    Args:
        ready: as for `running`.

    Raises:
        HarnessError: as for `running`; or the stack of this name belongs to a pipeline in another folder.
    """
    check_owner(name())
    return running(name(), ready=ready)


def check_owner(name: str) -> None:
    """Check that the stack of a name, if there is one, is not that of a pipeline in another folder.

    Raises:
        HarnessError: it is.
    """
    stack = load(name)
    if stack is None or stack.pipeline_folder == str(definition.current().folder):
        return
    if not (Path(stack.pipeline_folder) / toml_file.NAME).is_file():  # it was moved, or deleted
        return
    raise HarnessError(
        f"the stack {name} is that of the pipeline in {stack.pipeline_folder}",
        f"give this pipeline another name in its {toml_file.NAME}; "
        f"or take the other one down: PIPELINE={stack.pipeline_folder} make local-down",
    )


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a stack's lock: only one command at a time may change it. The lock ends with the process, even a killed one.

    Raises:
        HarnessError: another command is changing the stack.
    """
    STACKS.mkdir(exist_ok=True)
    try:
        with locks.held(_lock(name), CHANGES, WAIT):
            yield
    finally:
        with contextlib.suppress(OSError):
            STACKS.rmdir()  # if it is empty
