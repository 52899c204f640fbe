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


def test_a_wrong_password_is_refused_by_the_emulators_registry(shell: Shell) -> None:
    done = shell(f"echo wrong | docker login --username AWS --password-stdin {REGISTRY}", check=False)
    assert done.returncode != 0
    assert "unauthorized" in done.stderr.lower()
    assert "no such host" not in done.stderr


@pytest.mark.long_proof
def test_images_named_by_ecrs_registry_are_built_tagged_pushed_pulled_and_run(
    stack: Any, shell: Shell, repository: str, source: Path, docker: Any, function_base: str
) -> None:
    docker.images += [f"{stack.host}/{repository}:{tag}" for tag in ("one", "two", "three")]
    name = f"{REGISTRY}/{repository}"
    (source / "Dockerfile").write_text(f'FROM {function_base}\nENTRYPOINT []\nCMD ["true"]\n')
    (source / "Next").write_text(f"FROM {name}:one\nRUN echo more > /more\n")

    shell(f"""{LOGIN}
        docker build --tag {name}:one source
        docker tag {name}:one {name}:two
        docker push {name}:one
        docker image push {name}:two
        docker rmi {name}:one {name}:two
        docker pull {name}:two
        docker rmi {name}:two
        docker build --pull --tag {name}:three --file source/Next source
        docker push {name}:three
    """)
    done = shell(
        f"docker run --rm --interactive --network none {name}:three sh -c 'cat; cat /more; exit 7' < source/Next", False
    )

    assert tags(stack, repository) == ["one", "three", "two"]
    assert done.returncode == 7
    assert done.stdout == f"FROM {name}:one\nRUN echo more > /more\nmore\n"


@pytest.mark.long_proof
def test_a_password_for_another_region_names_both_regions(
    stack: Any, shell: Shell, repository: str, source: Path, docker: Any
) -> None:
    uri = f"{stack.host}/{repository}:one"
    docker.images.append(uri)
    place = "in region ap-south-1; it exists in eu-west-1"
    elsewhere = LOGIN.replace(REGION, "ap-south-1")

    pushed = shell(f"{elsewhere}; docker build -t {uri} source; docker push {uri}", check=False)
    pulled = shell(f"{elsewhere}; docker rmi {uri}; docker pull {uri}", check=False)
    nowhere = shell(f"{elsewhere}; docker pull {stack.host}/nobody/made-this", check=False)

    for done in (pushed, pulled):
        assert done.returncode != 0
        assert f"'{repository}' does not exist in the registry with id '000000000000' {place}" in done.stderr
    assert "in region ap-south-1; it exists in no region" in nowhere.stderr


def test_a_shell_uses_the_emulator_until_it_stops(
    stack: Any, repository: str, source: Path, docker: Any, home: Path, tmp_path: Path
) -> None:
    """The lines of the README, with an emulator that runs already."""
    uri = f"{stack.host}/{repository}:one"
    docker.images.append(uri)
    data = tmp_path / "data"
    program = f"{PROGRAM} env --data {data} --endpoint-url {stack.localstack.endpoint_url}"
    ambient = {"AWS_PROFILE": "mine", "AWS_SESSION_TOKEN": "of another account", "AWS_REGION": REGION}
    script = f"""eval "$({program})"
        eval "$({program})"
        docker build -t {uri} source
        {LOGIN}
        docker push {uri}
        echo "$PATH"
        [ -z "${{AWS_PROFILE+set}}${{AWS_SESSION_TOKEN+set}}" ]
        {PROGRAM} stop --data {data} || true"""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), **ambient}

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=240
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert tags(stack, repository) == ["one"]
    assert done.stdout.splitlines()[-1] == f"{data}/clients/bin:{os.environ['PATH']}"
    assert not (data / "clients").exists()
