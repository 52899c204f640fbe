"""The privileges of each container of a running stack: at most those of a function in AWS's sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from docker.models.containers import Container

from harness import events
from harness.console import Step
from harness.local import canary, containers
from harness.machine import engine
from harness.stack import state as stacks
from harness.stack.state import Stack

pytestmark = pytest.mark.local_only

SERVICES = {"localstack", "registry", "mlflow"}


def _rights(container: Container) -> set[str]:
    """Lists a container's excess privileges as the kernel reports them, not as they were requested."""
    status = dict(
        line.split(":\t", 1) for line in container.exec_run(["cat", "/proc/1/status"]).output.decode().splitlines()
    )
    # As root, the folder's owner, so that the file system answers and not the folder's permissions.
    write = container.exec_run(["sh", "-c", "echo written > /written"], user="0")
    found = {
        "runs as root": "0" in status["Uid"].split(),
        "in root's own group": status["Gid"].split()[0] == "0",
        "has capabilities": any(int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")),
        "may gain privileges": status["NoNewPrivs"] != "1",
        "writes to its root file system": b"Read-only file system" not in write.output,
        "without system call filter": status["Seccomp"] != "2",
    }
    return {name for name, so in found.items() if so}


@pytest.fixture(autouse=True)
def _only_in_containers(stack: Stack) -> None:
    if stack.runtime != stacks.DOCKER:
        pytest.skip("the embedded runtime has no containers")


@pytest.fixture
def unlimited(stack: Stack) -> Iterator[Container]:
    """A container with the engine's defaults."""
    container = engine.client().containers.run(stack.base_image, ["sleep", "300"], entrypoint="", user="0", detach=True)
    yield container
    container.remove(force=True, v=True)


def test_every_container_has_no_root_no_capability_and_a_read_only_root(stack: Stack) -> None:
    # GIVEN a function that has just answered, so that its container exists
    canary.answer_to(stack, {"sales_input": events.sample()["sales_input"], "sales_id": "rights"}, Step("rights"))
    services = engine.containers(engine.PROJECT_LABEL, stack.project)
    functions = containers.functions(stack)
    assert {container.labels[engine.SERVICE_LABEL] for container in services} == SERVICES
    assert functions
    # WHEN the kernel is asked THEN no container has more privileges than it needs
    assert {container.name: _rights(container) for container in (*services, *functions)} == {
        container.name: set() for container in (*services, *functions)
    }
    # AND functions run as the same user as on AWS
    for function in functions:
        status = function.exec_run(["cat", "/proc/1/status"]).output.decode()
        assert "Uid:\t993\t993\t993\t993\n" in status
        assert "Gid:\t990\t990\t990\t990\n" in status


def test_only_localstack_has_the_engines_socket(stack: Stack) -> None:
    services = engine.containers(engine.PROJECT_LABEL, stack.project)
    with_socket = {
        container.labels.get(engine.SERVICE_LABEL, "function")
        for container in (*services, *containers.functions(stack))
        if any("docker.sock" in mount["Source"] for mount in container.attrs["Mounts"])
    }
    assert with_socket == {"localstack"}


def test_the_check_finds_what_a_container_may_do_by_default(unlimited: Container) -> None:
    assert _rights(unlimited) == {
        "runs as root",
        "in root's own group",
        "has capabilities",
        "may gain privileges",
        "writes to its root file system",
    }
