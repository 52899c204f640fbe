"""The emulator's own registry, for which nothing but the program is needed."""

import stat
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

pytestmark = pytest.mark.local_only


@pytest.fixture(scope="module")
def program(choose_image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the program, from the registry's image."""
    folder = tmp_path_factory.mktemp("registry")
    name = f"registry-{uuid.uuid4().hex[:8]}"
    subprocess.run(["docker", "create", "--name", name, choose_image("registry:2.8.3"), "x"], check=True)
    try:
        subprocess.run(["docker", "cp", "--follow-link", f"{name}:/bin/registry", str(folder)], check=True)
    finally:
        subprocess.run(["docker", "rm", name], check=True)
    return folder


@pytest.fixture(scope="module")
def stack(program: Path, start_localstack: Any, stack_type: Any) -> Any:
    """A LocalStack that finds the program on its PATH."""
    return stack_type(start_localstack(PATH=f"{program}:/usr/local/bin:/usr/bin:/bin"), 0)


def registries(stack: Any) -> list[psutil.Process]:
    children = psutil.Process(stack.localstack.process.pid).children()
    return [one for one in children if one.name() == "registry" and one.status() != psutil.STATUS_ZOMBIE]


def test_images_are_pushed_and_pulled_and_only_the_gateway_reaches_the_registry(
    docker: Any, stack: Any, create_repository: Any
) -> None:
    name = create_repository()
    uri = f"{stack.host}/{name}:v1"
    image_id = docker.image(uri)
    docker("push", uri)
    assert stack.ecr().list_images(repositoryName=name)["imageIds"][0]["imageTag"] == "v1"
    docker.remove(uri)
    docker("pull", uri)
    assert docker("image", "inspect", "--format", "{{.Id}}", uri).stdout.strip() == image_id

    (registry,) = registries(stack)
    assert [one for one in registry.net_connections("inet") if one.status == psutil.CONN_LISTEN] == []
    (opened,) = {Path(str(each.laddr)) for each in registry.net_connections("unix") if each.laddr}
    (folder,) = (stack.localstack.folder / "localstack").rglob("ecr-registry")
    for private in (folder, opened.parent):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_a_killed_registry_is_started_again_with_its_images(docker: Any, stack: Any, create_repository: Any) -> None:
    name = create_repository()
    docker.image(f"{stack.host}/{name}:v1")
    docker("push", f"{stack.host}/{name}:v1")
    before = stack.ecr().describe_images(repositoryName=name)["imageDetails"]
    (registry,) = registries(stack)
    registry.kill()
    registry.wait(10)
    assert stack.ecr().describe_images(repositoryName=name)["imageDetails"] == before
    assert len(registries(stack)) == 1


def test_the_registry_ends_with_a_killed_emulator(stack: Any) -> None:
    (registry,) = registries(stack)
    stack.localstack.process.kill()
    stack.localstack.process.wait()
    deadline = time.monotonic() + 10
    while registry.is_running() and registry.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the registry still runs"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'no space left on device' >&2; exit 1", "does not start: no space left on device"),
        ("exit 0", "does not start: it says nothing"),
    ],
)
def test_a_registry_that_does_not_start_is_one_clear_error(
    script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from localstack import config

    from pipeline_emulator.ecr import own_registry, registry_client
    from pipeline_emulator.ecr.errors import RegistryUnavailableError

    program = tmp_path / "bin" / "registry"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.delenv("PIPELINE_ECR_REGISTRY_URL", raising=False)
    monkeypatch.setattr(config.dirs, "tmp", str(tmp_path / "tmp"))
    own_registry._folder.cache_clear()
    with pytest.raises(RegistryUnavailableError, match=message):
        registry_client.fetch("GET", "/v2/")
