"""Starts and stops a stack's containers: LocalStack with our plugin, the registry behind ECR, the MLflow server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from testcontainers.compose import DockerCompose

from harness import console, paths
from harness.console import Step
from harness.errors import HarnessError
from harness.local import ecr_password, images, localstack, persistence
from harness.machine import commands, engine, environment, ports, processes
from harness.machine.files import write_secret
from harness.machine.waiting import poll
from harness.model import current as current_model
from harness.setup import install
from harness.stack import emulator_state
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack

BUILD_DEADLINE = 1200.0
UP_DEADLINE = 240.0
MLFLOW_PORT_OFFSET = 435
DOWN_DEADLINE = 120.0
SETTINGS = environment.EMULATOR_SETTINGS
BASE_IMAGES = "LAMBDA_RUNTIME_IMAGE_MAPPING"


class Compose(DockerCompose):
    """testcontainers' compose, with a deadline and a log for each command, and only the stack's settings."""

    def __init__(self, stack: Stack, *, wait: bool = True) -> None:
        services = ["localstack", "registry", *(["mlflow"] if stack.mlflow_port else [])]
        super().__init__(context=paths.ROOT, env_file=str(_env_file(stack)), services=services, wait=wait)
        self._log = stack.log("compose")
        self._settings = dict(line.split("=", 1) for line in _env_file(stack).read_text().splitlines())

    def _run_command(self, cmd: list[str] | str, context: Any = None) -> subprocess.CompletedProcess[bytes]:  # noqa: ARG002
        words = cmd.split() if isinstance(cmd, str) else list(cmd)
        deadline = DOWN_DEADLINE
        if "up" in words:
            words.insert(words.index("up") + 1, "--no-build")  # `build_images` has, if it was necessary
            deadline = UP_DEADLINE
        output = self._run(words, deadline)
        return subprocess.CompletedProcess(words, 0, output.encode(), b"")

    def build_images(self, step: Step) -> None:
        """Build images that have changed; a separate step, because the first build takes minutes."""
        words = [*self.compose_command_property, "build", *(self.services or [])]
        self._run(words, BUILD_DEADLINE, lambda line: step.note(line[:100]))

    def take_down(self, *, keep_volumes: bool) -> None:
        """Remove containers, networks and, unless kept, volumes."""
        self._run([*self.compose_command_property, "down", *([] if keep_volumes else ["--volumes"])], DOWN_DEADLINE)

    def _run(self, words: list[str], deadline: float, on_line: Callable[[str], None] | None = None) -> str:
        # In compose the environment takes precedence over the file: drop what the user has set for other stacks.
        clean = environment.clean().items()
        env = {name: value for name, value in clean if not name.startswith("COMPOSE_") and name not in SETTINGS}
        return commands.run(
            words, cwd=paths.ROOT, log=self._log, env=env | self._settings, deadline=deadline, on_line=on_line
        )


def start(stack: Stack, *, wait: bool = True) -> None:
    """Start the containers.

    Args:
        stack: records LocalStack's container.
        wait: until all are healthy. Otherwise only until LocalStack responds, which the engine, whose checks are
            seconds apart, notices later; `wait_until_healthy` waits for the others.

    Raises:
        HarnessError: the port is taken, or a container was not healthy in time.
    """
    localstack.check_port(stack.port)
    found = images.choose()
    stack.base_image = found.function_base
    stack.mlflow_port = _mlflow_port(stack) if current_model.has_server(DOCKER) else 0
    stack.emulator = code()
    stack.save()
    settings = _settings(stack, found, engine.socket_group(found.base))
    settings |= emulator_state.new_token(stack)
    write_secret(_env_file(stack), "".join(f"{name}={value}\n" for name, value in settings.items()))
    has_mlflow = bool(stack.mlflow_port)
    with console.step("Images of LocalStack" + " and MLflow" * has_mlflow) as step:
        if found.are_built():
            step.result = "as built before"
        else:
            Compose(stack).build_images(step)
    others = "LocalStack, registry and MLflow" if has_mlflow else "LocalStack and registry"
    with console.step(others if wait else "LocalStack") as step, _explained(stack):
        Compose(stack, wait=wait).start()
        if not wait:
            poll(lambda: _responds(stack), "LocalStack", UP_DEADLINE, pause=0.2)
        (container,) = service(stack, "localstack")
        stack.container = str(container.id)
        stack.save()
        step.result = ", ".join([stack.endpoint_url, *([f"MLflow {stack.mlflow_url}"] if wait and has_mlflow else [])])
    images.remove_former(found)


def wait_until_healthy(stack: Stack) -> None:
    """Wait until all containers that were started are healthy.

    Raises:
        HarnessError: one was not healthy in time.
    """
    with _explained(stack):
        Compose(stack).start()


@contextmanager
def _explained(stack: Stack) -> Iterator[None]:
    """Say in the error what a container that failed says itself."""
    try:
        yield
    except HarnessError as error:
        if refusal := _refusal(stack):
            stop(stack, keep_streams=True)
            where = f"the files are in the volume {persistence.volume(stack)}; make local-down removes it"
            raise HarnessError(refusal.cause, f"{refusal.next_step}. {where}") from None
        raise HarnessError(_unhealthy(stack) or error.cause, error.next_step) from None


def _responds(stack: Stack) -> bool:
    if _unhealthy(stack):
        raise HarnessError("a container has ended", "look at make local-logs")
    return localstack.is_ready(stack)


def service(stack: Stack, name: str) -> list[Container]:
    """Return the containers of a service of the stack: one, or none."""
    return engine.containers(engine.PROJECT_LABEL, stack.project, service=name)


def _refusal(stack: Stack) -> HarnessError | None:
    """Return why LocalStack refused to start, if it did."""
    for container in service(stack, "localstack"):
        if container.attrs["State"]["Status"] == "exited":
            return persistence.refusal(container.logs(tail=20).decode(errors="replace"))
    return None


def _unhealthy(stack: Stack) -> str | None:
    """Return the end of the log of an unhealthy container, if there is one."""
    for container in engine.containers(engine.PROJECT_LABEL, stack.project):
        state = container.attrs["State"]
        if state.get("Health", {}).get("Status") == "unhealthy" or state["Status"] == "exited":
            tail = container.logs(tail=8).decode(errors="replace").rstrip()
            return f"container {container.name} is {state.get('Health', {}).get('Status', state['Status'])}:\n{tail}"
    return None


def stop(stack: Stack, *, keep_streams: bool = False) -> None:
    """Remove the stack's containers, networks and volumes.

    Args:
        stack: its containers are found by their labels.
        keep_streams: keeps the volume with LocalStack's state.
    """
    processes.end_all(processes.of_stack(stack.folder))  # a Terraform of a killed run
    if missing := engine.missing():
        console.warn(
            f"{missing}: the next make local-down or local-up removes its containers, which have ended with it"
        )
        return
    # LocalStack first, or it starts new functions; compose does not know their containers, which block the network.
    engine.remove(service(stack, "localstack"))
    engine.remove(functions(stack))
    if _env_file(stack).exists():
        Compose(stack).take_down(keep_volumes=keep_streams)
    stack.container = ""


def left(stack: Stack) -> bool:
    """Return whether the engine, if one responds, still has containers of the stack."""
    return engine.missing() is None and bool(_all(stack))


def remove_left(stack: Stack, *, keep_streams: bool = False) -> None:
    """Remove pushed images and the login to the stack's ECR, and by label whatever `stop` could not remove.

    `stop` removes nothing if the engine does not respond, and less if the stack's folder is gone.
    """
    registry = f"127.0.0.1:{stack.port}"
    if not keep_streams:  # a stack that continues after a crash keeps its login
        engine.log_out(registry)
    if engine.missing() is None:
        engine.remove(_all(stack))
        kept = persistence.volume(stack) if keep_streams else None
        engine.remove_labelled(engine.PROJECT_LABEL, stack.project, kept)
        engine.remove_images(f"{registry}/")
        engine.remove_dangling(engine.PROJECT_LABEL, stack.project)  # compose labels the images it builds
        engine.remove_dangling(engine.STACK_LABEL, stack.project)  # LocalStack labels those of functions from Zips


def _all(stack: Stack) -> list[Container]:
    return [*engine.containers(engine.PROJECT_LABEL, stack.project), *functions(stack)]


def kill(stack: Stack) -> None:
    """SIGKILL to LocalStack, as a crash would."""
    engine.client().containers.get(stack.container).kill("SIGKILL")


def functions(stack: Stack) -> list[Container]:
    """Return the containers that run the function's code, one for each execution environment."""
    return engine.containers(engine.STACK_LABEL, stack.project)


def login(stack: Stack) -> None:
    """Log Docker's command line in to the stack's ECR, as `aws ecr get-login-password | docker login` does on AWS.

    Raises:
        HarnessError: the stack has no ECR, or Docker refused the login.
    """
    if stack.runtime != DOCKER:
        raise HarnessError(
            "the embedded runtime has no images", "start the container runtime: make local-up RUNTIME=docker"
        )
    password = ecr_password.password(Clients(stack).ecr)
    host = str(stack.outputs["ecr_repository_url"]).partition("/")[0]
    command = ["docker", "login", "--username", "AWS", "--password-stdin", host]
    done = subprocess.run(command, input=password, text=True, capture_output=True, timeout=DOWN_DEADLINE, check=False)
    if done.returncode != 0:
        raise HarnessError(f"docker login failed: {done.stderr.strip()}", "see Docker's message above")
    console.say(f"logged in to {host}; now: docker pull {stack.outputs['image_uri']}")


def code() -> str:
    """Return the hash of the sources that the containers are built from."""
    return install.digest([*paths.emulator_sources(), *paths.mlflow_sources(), paths.ROOT / "docker-compose.yml"])


def _mlflow_port(stack: Stack) -> int:
    """Return a port at a fixed offset to LocalStack's (5001 for 4566), or any free port if that one is taken."""
    wanted = stack.port + MLFLOW_PORT_OFFSET
    return wanted if wanted < 65536 and processes.port_is_free(wanted) else ports.free_ports(1)[0]


def _env_file(stack: Stack) -> Path:
    return stack.folder / "compose.env"


def _settings(stack: Stack, found: images.Images, socket_group: int) -> dict[str, str]:
    return {
        "COMPOSE_PROJECT_NAME": stack.project,
        "PIPELINE_STACK": stack.project,
        "LOCALSTACK_PORT": str(stack.port),
        "PERSISTENCE": str(int(stack.persistent)),
        **{name: value for name, value in stack.settings.items() if value},
        "MLFLOW_PORT": str(stack.mlflow_port),
        "PYTHON_IMAGE": found.base,
        "EMULATOR_IMAGE": found.localstack,
        "REGISTRY_IMAGE": found.registry,
        "MLFLOW_IMAGE": found.mlflow,
        "DOCKER_SOCKET_GROUP": str(socket_group),
        **_base_images(stack, found.function_base),
        **(_official(found.official) if found.official else {}),
    }


def _base_images(stack: Stack, function_base: str) -> dict[str, str]:
    """Return the setting with the stand-in for AWS's base image of functions from Zips; none if the user chose one."""
    if function_base == images.LAMBDA or stack.settings.get(BASE_IMAGES):
        return {}
    return {BASE_IMAGES: json.dumps({"python" + images.LAMBDA.rpartition(":")[2]: function_base})}


def _official(image: str) -> dict[str, str]:
    """Return the settings for LocalStack's official image, which runs as root and writes anywhere."""
    return {"LOCALSTACK_IMAGE": image, "LOCALSTACK_READ_ONLY": "false", "LOCALSTACK_CAP_DROP": "MKNOD"}
