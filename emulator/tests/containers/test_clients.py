"""`docker` and `aws` of scripts that name ECR's registries on AWS, with a real engine, in `pipeline-emulator env`."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

PROGRAM = Path(sys.prefix) / "bin" / "pipeline-emulator"
REGION = "eu-west-1"
REGISTRY = f"000000000000.dkr.ecr.{REGION}.amazonaws.com"
LOGIN = f"aws ecr get-login-password --region {REGION} | docker login --username AWS --password-stdin {REGISTRY}"
Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The user's home folder, whose docker configuration has a login and a credential store that must not be used."""
    configuration = tmp_path / "home" / ".docker" / "config.json"
    configuration.parent.mkdir(parents=True)
    configuration.write_text(json.dumps({"auths": {"registry.invalid": {"auth": "YTpi"}}, "credsStore": "not-here"}))
    return tmp_path / "home"


@pytest.fixture
def shell(stack: Any, home: Path, tmp_path: Path) -> Shell:
    """Return a function that runs a shell script as a user would, in `pipeline-emulator env`."""
    (tmp_path / "temporary").mkdir()

    def run(script: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        base = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(tmp_path / "temporary")}
        command = [PROGRAM, "env", "--endpoint-url", stack.localstack.endpoint_url, "bash", "-euo", "pipefail", "-c"]
        done = subprocess.run(
            [*command, script], env=base | variables, cwd=tmp_path, capture_output=True, text=True, timeout=240
        )
        assert not check or done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done

    return run


@pytest.fixture
def repository(stack: Any) -> Iterator[str]:
    """A repository in the region."""
    name = f"course/{uuid.uuid4().hex[:8]}"
    stack.ecr(REGION).create_repository(repositoryName=name)
    yield name
    stack.ecr(REGION).delete_repository(repositoryName=name, force=True)


@pytest.fixture
def source(tmp_path: Path, docker: Any) -> Path:
    """A folder with a Dockerfile."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    return folder


def tags(stack: Any, repository: str, region: str = REGION) -> list[str]:
    images = stack.ecr(region).describe_images(repositoryName=repository)["imageDetails"]
    return sorted(tag for image in images for tag in image.get("imageTags", ()))


def test_the_login_line_of_awss_documents_works_and_leaves_nothing_behind(
    stack: Any, shell: Shell, repository: str, source: Path, docker: Any, home: Path, tmp_path: Path
) -> None:
    uri = stack.ecr(REGION).describe_repositories(repositoryNames=[repository])["repositories"][0]["repositoryUri"]
    docker.images += [f"{uri}:latest"]
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    done = shell(f"{LOGIN}; cd source; docker build -t {uri}:latest .; docker push {uri}:latest")

    assert "Login Succeeded" in done.stdout
    assert tags(stack, repository) == ["latest"]
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
    assert not list((tmp_path / "temporary").iterdir())
