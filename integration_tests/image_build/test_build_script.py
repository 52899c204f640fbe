"""build.sh with a real engine and real registries: what it pushes, what it skips, and its messages."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import relay
from .conftest import MODULE, Build, Registry, RegistryFactory, missing, remove_images

pytestmark = pytest.mark.local_only

TAG = "sha-0123456789abcdef"
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture
def local(build: Build, engine: str, registry: Registry) -> Iterator[Build]:
    """The build, with an engine and its own repository in the registry."""
    build.environment["DOCKER_HOST"] = engine
    build.environment["IMAGE_REPOSITORY_URL"] = f"{registry.host}/test/{uuid.uuid4().hex}"
    yield build
    remove_images(f"label=test={build.folder.name}")


def repository(build: Build) -> str:
    return build.environment["IMAGE_REPOSITORY_URL"].partition("/")[2]


@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["legacy builder", "BuildKit"])
def test_pushes_one_plain_image(local: Build, registry: Registry, buildkit: str) -> None:
    if buildkit == "1" and subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode:
        missing("docker has no buildx")
    arguments = 'WORD=one\nOTHER=two words; $(false) "quoted"'
    status, said = local.run(DOCKER_BUILDKIT=buildkit, IMAGE_BUILD_ARGS=arguments)
    assert status == 0, said
    manifest = registry.manifest(repository(local), TAG)
    assert "manifests" not in manifest, "Lambda refuses an index"
    assert len(manifest["layers"]) == 1
    config = registry.config(repository(local), TAG)
    assert (config["os"], config["architecture"]) == ("linux", "amd64")
    assert config["config"]["Labels"]["word"] == "one"
    assert config["config"]["Labels"]["other"].startswith("two words; $(false)")


def test_builds_for_the_requested_architecture(local: Build, registry: Registry) -> None:
    status, said = local.run(IMAGE_PLATFORM="linux/arm64")
    assert status == 0, said
    assert registry.config(repository(local), TAG)["architecture"] == "arm64"


def test_an_existing_tag_is_neither_built_nor_pushed(local: Build, registry: Registry) -> None:
    assert local.run()[0] == 0
    pushed = registry.manifest(repository(local), TAG)
    (local.context / "Dockerfile").write_text("NONSENSE\n")
    status, said = local.run()
    assert status == 0, said
    assert "already in the repository" in said
    assert "building" not in said
    assert registry.manifest(repository(local), TAG) == pushed


def test_the_users_engine_configuration_does_not_change_or_receive_the_password(
    local: Build, start_registry: RegistryFactory
) -> None:
    guarded = start_registry(guarded=True)
    config = local.folder / ".docker" / "config.json"
    config.parent.mkdir()
    config.write_text('{"auths": {"registry.example": {}}}')
    status, said = local.run(IMAGE_REPOSITORY_URL=f"{guarded.host}/image", SHELLOPTS="xtrace")
    assert status == 0, said
    assert "right" not in said
    assert config.read_text() == '{"auths": {"registry.example": {}}}'
    written = [file.read_text(errors="replace") for file in local.folder.rglob("*") if file.is_file()]
    assert not [text for text in written if "right" in text or "QVdTOnJpZ2h0" in text]  # base64 of AWS:right


def test_the_password_is_in_no_credential_store(local: Build) -> None:
    """The docker CLI uses the system's credential store if it finds one."""
    programs = local.folder / "bin"
    programs.mkdir()
    for store in ("pass", "secretservice", "osxkeychain"):
        helper = programs / f"docker-credential-{store}"
        helper.write_text(f"#!/bin/sh\necho $1 >> {local.folder}/asked\necho '{{}}'\n")
        helper.chmod(0o755)
    status, said = local.run(PATH=f"{programs}:{local.environment['PATH']}")
    assert status == 0, said
    assert not (local.folder / "asked").exists() or "store" not in (local.folder / "asked").read_text().split()


def test_uses_the_engine_of_the_users_context(local: Build, engine: str) -> None:
    """The configuration with the login has no contexts, but the push must go to the engine of the build."""
    del local.environment["DOCKER_HOST"]
    with relay.running(local.folder / "engine.sock", engine.removeprefix("unix://")) as passed:
        address = f"host=unix://{local.folder}/engine.sock"
        for command in (["create", "mine", "--docker", address], ["use", "mine"]):
            subprocess.run(["docker", "context", *command], env=local.environment, check=True, capture_output=True)
        status, said = local.run()
    assert status == 0, said
    assert any(b"/build?" in part or b"/grpc" in part or b"/session" in part for part in passed)
    assert any(b"/push?" in part for part in passed)


def test_refused_login(local: Build, start_registry: RegistryFactory) -> None:
    guarded = start_registry(guarded=True)
    status, said = local.run(IMAGE_REPOSITORY_URL=f"{guarded.host}/image", IMAGE_PASSWORD_COMMAND="echo not-it")
    assert status == 1
    assert f"{guarded.host} refused the login" in said
    assert "not-it" not in said
    assert "building" not in said, "a failing login should fail before a long build"


def test_unreachable_registry(local: Build) -> None:
    status, said = local.run(IMAGE_REPOSITORY_URL="127.0.0.1:1/image")
    assert status == 1
    assert "could not be reached" in said


def test_refused_push(local: Build, start_registry: RegistryFactory) -> None:
    read_only = start_registry(read_only=True)
    status, said = local.run(IMAGE_REPOSITORY_URL=f"{read_only.host}/image")
    assert status == 1
    assert f"{read_only.host} refused the push" in said


def test_failing_build(local: Build) -> None:
    (local.context / "Dockerfile").write_text("FROM scratch\nCOPY missing.py /\n")
    status, said = local.run()
    assert status == 1
    assert "missing.py" in said
    assert "The build failed" in said


def test_an_index_is_refused(local: Build, registry: Registry) -> None:
    assert local.run()[0] == 0
    url = f"http://{registry.host}/v2/{repository(local)}/manifests/{TAG}"
    plain = urllib.request.Request(url, headers={"Accept": "application/vnd.docker.distribution.manifest.v2+json"})
    with urllib.request.urlopen(plain, timeout=10) as answer:
        kind, digest, size = (
            answer.headers[key] for key in ("Content-Type", "Docker-Content-Digest", "Content-Length")
        )
    one = {"mediaType": kind, "digest": digest, "size": int(size), "platform": {"os": "linux", "architecture": "amd64"}}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [one]}).encode()
    put = urllib.request.Request(url, data=index, method="PUT", headers={"Content-Type": INDEX})
    urllib.request.urlopen(put, timeout=10).close()
    status, said = local.run()
    assert status == 1
    assert "image index, which Lambda refuses" in said


# The AWS settings that the password command sees.

REAL = {
    "AWS_ACCESS_KEY_ID": "real",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_PROFILE": "real",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/real",
    "AWS_REGION": "eu-west-1",
}


def seen(build: Build, engine: str, host: str, **environment: str) -> dict[str, str]:
    """The AWS variables that the password command gets; it fails, so that no login is tried."""
    file = build.folder / "seen"
    command = f"env > {file}; exit 3"
    status, said = build.run(
        DOCKER_HOST=engine, IMAGE_REPOSITORY_URL=f"{host}/image", IMAGE_PASSWORD_COMMAND=command, **environment
    )
    assert status == 1
    assert "password failed" in said
    lines = [line.partition("=") for line in file.read_text().splitlines()]
    return {name: value for name, _, value in lines if name.startswith("AWS_")}


@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost:4566", "x.localhost.localstack.cloud:4566"])
@pytest.mark.parametrize("endpoint", ["", "https://ecr.ap-south-1.amazonaws.com", "http://127.0.0.1.example.com"])
def test_a_local_registry_sees_no_real_credentials(build: Build, engine: str, host: str, endpoint: str) -> None:
    own = {"AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_ECR": "https://ecr.ap-south-1.amazonaws.com"}
    assert seen(build, engine, host, **REAL, **own) == {
        "AWS_ENDPOINT_URL": f"http://{host}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_REGION": "ap-south-1",
        "AWS_DEFAULT_REGION": "ap-south-1",
    }


def test_a_local_registry_sees_a_session_from_localstack(build: Build, engine: str) -> None:
    """It is not an AWS secret, and the deployer's policy applies to the push."""
    session = {"AWS_ACCESS_KEY_ID": "LSIAQAAAAAAABBBBBBBB", "AWS_SECRET_ACCESS_KEY": "its", "AWS_SESSION_TOKEN": "own"}
    found = seen(build, engine, "127.0.0.1:4566", **REAL | session)
    assert {name: found.get(name) for name in session} == session
    assert "AWS_PROFILE" not in found


def test_a_local_endpoint_is_kept(build: Build, engine: str) -> None:
    """The registry may have a different port."""
    found = seen(build, engine, "127.0.0.1:5000", AWS_ENDPOINT_URL="http://localhost:4566/", **REAL)
    assert found["AWS_ENDPOINT_URL"] == "http://localhost:4566/"
    assert found["AWS_SECRET_ACCESS_KEY"] == "test"


@pytest.mark.parametrize(
    "host", ["123456789012.dkr.ecr.ap-south-1.amazonaws.com", "localhost.example.com", "127.0.0.1.example.com:4566"]
)
def test_aws_gets_the_users_credentials_and_is_not_called_through_the_emulator(
    build: Build, engine: str, host: str
) -> None:
    emulator = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:4566"}
    regions = {"AWS_REGION": "ap-south-1", "AWS_DEFAULT_REGION": "ap-south-1"}
    ignored = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert seen(build, engine, host, **REAL, **emulator) == REAL | regions | ignored


def test_awss_password_is_only_for_ecr(build: Build, engine: str) -> None:
    url = "registry.example.com/image"
    status, said = build.run(DOCKER_HOST=engine, IMAGE_REPOSITORY_URL=url, IMAGE_PASSWORD_COMMAND="")
    assert status == 1
    assert "neither ECR nor on this machine" in said
    assert "ecr_password_command" in said


def test_empty_password(build: Build, engine: str) -> None:
    status, said = build.run(DOCKER_HOST=engine, IMAGE_PASSWORD_COMMAND="true")
    assert status == 1
    assert "printed nothing" in said


def test_missing_aws_cli(build: Build, engine: str) -> None:
    programs = build.folder / "bin"
    programs.mkdir()
    for name in ("docker", "mktemp", "rm"):
        (programs / name).symlink_to(Path(shutil.which(name) or name).resolve())
    status, said = build.run(DOCKER_HOST=engine, IMAGE_PASSWORD_COMMAND="", PATH=str(programs))
    assert status == 1
    assert "The AWS CLI" in said
    assert "ecr_password_command" in said


# Without an engine.


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_missing_engine(build: Build, name: str) -> None:
    status, said = build.run(IMAGE_ENGINE=name, PATH=str(build.folder))
    assert status == 1
    assert f"'{name}' is not on the PATH" in said
    assert "container_engine" in said


def test_engine_that_does_not_answer(build: Build) -> None:
    if shutil.which("docker") is None:
        missing("'docker' is not on the PATH")
    status, said = build.run(DOCKER_HOST=f"unix://{build.folder}/missing.sock")
    assert status == 1
    assert "'docker' does not answer" in said
    assert "Start the engine" in said


def test_the_script_is_valid_bash() -> None:
    assert subprocess.run(["bash", "-n", str(MODULE / "build.sh")], check=False).returncode == 0
