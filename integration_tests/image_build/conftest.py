"""Fixtures for modules/ecr/build: a real engine, a real registry, and the environment of its script."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.machine.waiting import poll

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "infrastructure" / "modules" / "ecr" / "build"
# htpasswd -nbB AWS right
PASSWORD_FILE = "AWS:$2b$04$AJ1JRcUULwKOhpj1M/tKwO21DT4T3ZQiTm1QAuSlv46ah.6i4Hra.\n"


def missing(what: str) -> None:
    """Skips the test, unless the whole suite must run."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


def remove_images(chosen: str) -> None:
    """Removes the images that a filter of `docker images` selects."""
    command = ["docker", "images", "--all", "--quiet", "--filter", chosen]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    if found:
        subprocess.run(["docker", "image", "rm", "--force", *set(found)], capture_output=True, check=False, timeout=60)


@pytest.fixture(scope="session")
def engine() -> str:
    """Address of a Docker engine that answers."""
    if shutil.which("docker") is None:
        missing("'docker' is not on the PATH")
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    if subprocess.run(command, capture_output=True, check=False, timeout=30).returncode != 0:
        missing("no Docker engine answers")
    command = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    found = subprocess.run(command, capture_output=True, check=True, text=True, timeout=30).stdout.strip()
    return os.environ.get("DOCKER_HOST") or found


@dataclass(frozen=True)
class Registry:
    """A registry on a loopback address, and its contents."""

    host: str

    def manifest(self, repository: str, tag: str) -> dict[str, Any]:
        """The manifest for a client that accepts every kind."""
        return self.get(f"{repository}/manifests/{tag}")

    def config(self, repository: str, tag: str) -> dict[str, Any]:
        return self.get(f"{repository}/blobs/{self.manifest(repository, tag)['config']['digest']}")

    def get(self, path: str) -> dict[str, Any]:
        kinds = ("oci.image.index.v1", "docker.distribution.manifest.list.v2", "oci.image.manifest.v1")
        accept = [f"application/vnd.{kind}+json" for kind in (*kinds, "docker.distribution.manifest.v2")]
        request = urllib.request.Request(f"http://{self.host}/v2/{path}", headers={"Accept": ", ".join(accept)})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = json.load(answer)
        assert isinstance(found, dict)
        return found

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://{self.host}/v2/", timeout=5).close()
        except urllib.error.HTTPError:
            return True  # it requires a login
        except OSError:
            return False
        return True


RegistryFactory = Callable[..., Registry]


@pytest.fixture(scope="session")
def start_registry(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryFactory]:
    """Starts registries for the session; guarded ones require a password, read-only ones accept no push."""
    choose = [str(ROOT / "scripts" / "images" / "choose.sh"), "registry:2.8.3"]
    image = subprocess.run(choose, stdout=subprocess.PIPE, text=True, check=True, timeout=600).stdout.strip()
    started: list[str] = []

    def start(guarded: bool = False, read_only: bool = False) -> Registry:
        folder = tmp_path_factory.mktemp("registry")
        (folder / "htpasswd").write_text(PASSWORD_FILE)
        auth = {"htpasswd": {"realm": "test", "path": "/given/htpasswd"}}
        storage = {
            "filesystem": {"rootdirectory": "/var/lib/registry"},
            "maintenance": {"readonly": {"enabled": read_only}},
        }
        configuration = {"version": "0.1", "storage": storage, "http": {"addr": ":5000"}}
        # JSON is also YAML.
        (folder / "config.yml").write_text(json.dumps(configuration | ({"auth": auth} if guarded else {})))
        command = ["docker", "run", "--detach", "--publish", "127.0.0.1::5000", "--volume", f"{folder}:/given:ro"]
        started.append(_output(*command, image, "/given/config.yml"))
        registry = Registry(_output("docker", "port", started[-1], "5000/tcp").splitlines()[0])
        poll(registry.answers, f"the registry at {registry.host}")
        return registry

    yield start
    if started:
        _output("docker", "rm", "--force", "--volumes", *started)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@pytest.fixture(scope="session")
def registry(start_registry: RegistryFactory) -> Registry:
    """A registry that accepts any login."""
    return start_registry()


@dataclass(frozen=True)
class Build:
    """A build context, and the call of build.sh on it."""

    folder: Path
    environment: dict[str, str]

    @property
    def context(self) -> Path:
        return self.folder / "context"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def run(self, **environment: str) -> tuple[int, str]:
        """Runs the script; returns its exit status and everything it printed."""
        done = subprocess.run(
            [shutil.which("bash") or "bash", str(MODULE / "build.sh")],
            env=self.environment | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            stdin=subprocess.DEVNULL, timeout=120, check=False,
        )  # fmt: skip
        assert not list(self.temporary.iterdir()), "its temporary folder is left behind"
        return done.returncode, done.stdout


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """A small image without a base, for a test to push."""
    made = Build(
        tmp_path,
        {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path / "tmp"),
            "IMAGE_ENGINE": "docker",
            "IMAGE_REPOSITORY_URL": "127.0.0.1:1/nowhere",
            "IMAGE_TAG": "sha-0123456789abcdef",
            "IMAGE_CONTEXT": str(tmp_path / "context"),
            "IMAGE_DOCKERFILE": str(tmp_path / "context" / "Dockerfile"),
            "IMAGE_PLATFORM": "linux/amd64",
            "IMAGE_BUILD_ARGS": "",
            "IMAGE_REGION": "ap-south-1",
            "IMAGE_PASSWORD_COMMAND": "echo right",
        },
    )
    made.context.mkdir()
    made.temporary.mkdir()
    (made.context / "code.py").write_text(f"FOLDER = '{tmp_path}'\n")
    (made.context / "Dockerfile").write_text(
        'FROM scratch\nARG WORD\nARG OTHER\nLABEL word=$WORD other="$OTHER"\n'
        f"LABEL test={tmp_path.name}\nCOPY code.py /\n"
    )
    return made
