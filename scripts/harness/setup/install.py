"""Installs what the pipeline needs beyond the project's own environment, each part only if its inputs have changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from harness import console, paths
from harness.errors import HarnessError
from harness.machine import commands, environment
from harness.setup import provider
from harness.stack.state import EMBEDDED

INSTALL_DEADLINE = 600.0
LOG = paths.CACHE / "logs" / "setup.log"
NETWORK = "check the network and the package index settings, then run it again; the whole output is in "
# By default Terraform and its AWS provider spend a third of their processor time on garbage collection.
GARBAGE = {"GOGC": "400"}

UV = paths.VENV_BIN / "uv"
PYTHON = paths.VENV_BIN / "python"


def everything() -> None:
    """Install everything that the make targets need; quick if it is there."""
    for_runtime(EMBEDDED)
    with exclusive("setup"):
        kinesis_clients()


def for_runtime(runtime: str) -> None:
    """Install everything that `local-up` needs; quick if it is there.

    Args:
        runtime: with `docker`, LocalStack and its dependencies come with its image.
    """
    check_programs()
    with exclusive("setup"):
        if runtime == EMBEDDED:
            emulator()
            lambda_runtime()
        terraform_provider()


@contextmanager
def exclusive(what: str) -> Iterator[None]:
    """Hold the lock on `.cache`: one command of this checkout at a time writes to it, others wait.

    Args:
        what: names the work, for the message to those who wait.

    Raises:
        HarnessError: the other command took longer than INSTALL_DEADLINE.
    """
    paths.CACHE.mkdir(exist_ok=True)
    lock = FileLock(paths.CACHE / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.say(f"waiting for another command of this checkout before the {what} …")
        try:
            lock.acquire(timeout=INSTALL_DEADLINE, poll_interval=0.2)
        except Timeout:
            raise HarnessError(
                f"another command has held up the {what} for {INSTALL_DEADLINE:.0f} s", "end it, then try again"
            ) from None
    try:
        yield
    finally:
        lock.release()


def check_programs() -> None:
    """Check that Terraform is installed.

    Raises:
        HarnessError: it is missing.
    """
    require_program("terraform", "Terraform 1.11 or later, which creates the pipeline")


def require_program(program: str, purpose: str) -> None:
    """Check that a program is installed.

    Args:
        program: its command.
        purpose: its name, version and purpose, for the message.

    Raises:
        HarnessError: it is missing.
    """
    if shutil.which(program) is None:
        raise HarnessError(f"'{program}' is not on the PATH ({purpose})", f"install {program}, then run it again")


def emulator() -> None:
    """Install LocalStack and our plugin in a separate environment: LocalStack's pins conflict with everything else."""
    lock = paths.EMULATOR / "requirements.txt"
    venv = paths.EMULATOR_VENV
    with Part("LocalStack and the emulator plugin", venv, [lock, paths.EMULATOR / "pyproject.toml"]) as part:
        if part.needed:
            _make_environment(venv, lock)
            run(
                UV, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
                "--python", venv / "bin" / "python", "--editable", paths.EMULATOR,
            )  # fmt: skip


def emulator_tests() -> None:
    """Install the emulator's test tools in its environment; the suites need them, `local-up` does not."""
    emulator()
    lock, stamp = paths.EMULATOR / "requirements-test.txt", paths.EMULATOR_VENV / "test-tools.hash"
    if stamp.exists() and stamp.read_text() == digest([lock]):
        return
    with console.step("The emulator's test tools"):
        run(
            UV, "pip", "install", "--quiet", "--no-deps", "--require-hashes",
            "--python", paths.EMULATOR_VENV / "bin" / "python", "--requirements", lock,
        )  # fmt: skip
        stamp.write_text(digest([lock]))


def locked_environment(title: str, venv: Path, lock: Path) -> None:
    """Create a virtual environment with exactly what a lock file lists; quick if it is there.

    Args:
        title: names what is installed, for the user.
        venv: the environment's folder.
        lock: requirements with hashes.
    """
    with exclusive("setup"), Part(title, venv, [lock]) as part:
        if part.needed:
            _make_environment(venv, lock)


def _make_environment(venv: Path, lock: Path) -> None:
    run(UV, "venv", "--quiet", "--clear", "--python", PYTHON, venv)
    run(UV, "pip", "sync", "--quiet", "--require-hashes", "--python", venv / "bin" / "python", lock)


def lambda_runtime() -> None:
    """Install the stand-in for AWS's managed Python runtimes, awslambdaric and boto3; needs `emulator`."""
    target = paths.LAMBDA_RUNTIME
    inputs = [paths.EMULATOR / "lambda-runtime.txt", paths.EMULATOR / "pipeline_emulator/launcher/lambda_runtime.py"]
    with Part("Lambda runtime", target, inputs) as part:
        if part.needed:
            path = os.pathsep.join((str(UV.parent), *os.get_exec_path()))
            launcher = paths.EMULATOR_VENV / "bin" / "pipeline-emulator"
            run(launcher, "lambda-runtime", "--folder", target, env=dict(os.environ, PATH=path))


def kinesis_clients() -> None:
    """Install Kinesis clients for the tests in a separate environment: they need another botocore."""
    lock = paths.EMULATOR / "kinesis-clients.txt"
    venv = paths.KINESIS_CLIENTS_VENV
    with Part("Kinesis clients for the tests", venv, [lock]) as part:
        if part.needed:
            run(UV, "venv", "--quiet", "--clear", "--python", PYTHON, venv)
            run(UV, "pip", "sync", "--quiet", "--require-hashes", "--python", venv / "bin" / "python", lock)


def terraform_provider() -> None:
    """Install the provider once, so that a stack's `terraform init` needs no network."""
    lock = paths.INFRASTRUCTURE / ".terraform.lock.hcl"
    files = [lock, *(paths.INFRASTRUCTURE / name for name in ("terraform.tf", "backend.tf"))]
    folder = paths.TERRAFORM_DIR / "init"
    with Part("Terraform provider", folder, files) as part:
        if part.needed:
            folder.mkdir(parents=True)
            for file in files:
                shutil.copy(file, folder)
            run("terraform", f"-chdir={folder}", "init", "-backend=false", "-input=false", "-no-color",
                 env=terraform_environment())  # fmt: skip


def terraform_environment() -> dict[str, str]:
    """Return the environment for Terraform commands: a clean one (`environment.clean`), with mirror or plugin cache."""
    env = GARBAGE | environment.clean(CHECKPOINT_DISABLE="1", TF_IN_AUTOMATION="1")
    env.pop("TF_CLI_CONFIG_FILE", None)
    config = provider.cli_config()
    if config is not None:
        env["TF_CLI_CONFIG_FILE"] = str(config)
    elif "TF_PLUGIN_CACHE_DIR" not in env:
        cache = paths.TERRAFORM_DIR / "plugins"
        cache.mkdir(parents=True, exist_ok=True)
        env["TF_PLUGIN_CACHE_DIR"] = str(cache)
    return env


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    """Run an installer; its output goes to the setup's log.

    Raises:
        HarnessError: it failed or took too long.
    """
    next_step = NETWORK + paths.shown(LOG)
    commands.run(command, log=LOG, env=env, deadline=INSTALL_DEADLINE, next_step=next_step)


class Part:
    """A part of the setup, shown as a step. It is installed again if the hash of its input files has changed."""

    def __init__(self, title: str, target: Path, inputs: Iterable[Path]) -> None:
        self.target = target
        self.stamp = target.parent / f"{target.name}.hash"
        # Environments contain absolute paths, and depend on the interpreter that created them.
        self.wanted = f"{digest(inputs)} {target} {sys.version}"
        self.needed = not (target.exists() and self.stamp.exists() and self.stamp.read_text() == self.wanted)
        self._step = console.step(title) if self.needed else None

    def __enter__(self) -> Part:
        if self._step is not None:
            self._step.__enter__()
            self.stamp.unlink(missing_ok=True)
            shutil.rmtree(self.target, ignore_errors=True)
            self.target.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if self._step is None:
            return
        if kind is None:
            self.stamp.write_text(self.wanted)
        self._step.__exit__(kind, error, trace)  # type: ignore[arg-type]


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest(files: Iterable[Path]) -> str:
    """Return one hash of the names and contents of files.

    Args:
        files: the files, in any order.

    Returns:
        The SHA-256, in hexadecimal.
    """
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
