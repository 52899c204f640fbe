"""A container registry, a LocalStack that serves it as ECR, the docker CLI, and functions from images."""

import base64
import contextlib
import dataclasses
import io
import ipaddress
import json
import os
import shutil
import subprocess
import tarfile
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any, NoReturn
from urllib.error import URLError

import boto3
import pytest

from pipeline_emulator.ports import free_port

ROOT = Path(__file__).parents[3]
REGION = "ap-south-1"
FUNCTION_BASE = """
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
COPY lambda-runtime.txt /
RUN python3 -m venv /venv \\
 && /venv/bin/pip install --quiet --no-deps --require-hashes --target /var/runtime --requirement /lambda-runtime.txt
ENV PYTHONPATH=/var/runtime:/var/task
WORKDIR /var/task
ENTRYPOINT ["python3", "-m", "awslambdaric"]
CMD ["function.handler"]
"""
BASH_RUNTIME = """#!/bin/bash
exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"
printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: %s\\r\\n\\r\\n' "$AWS_LAMBDA_RUNTIME_API" >&3
while read -r name value && [ "${name%$'\\r'}" ]; do
  case ${name,,} in lambda-runtime-aws-request-id:) id=${value%$'\\r'} ;; esac
done <&3
body=$(COMMAND)
printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\nHost: %s\\r\\nContent-Length: %s\\r\\n\\r\\n%s' \\
  "$id" "$AWS_LAMBDA_RUNTIME_API" "${#body}" "$body" >&3
sleep 60
"""
MISBEHAVE = """
    import os, signal, sys, time

    def handler(event, context):
        print("before the end")
        match event:
            case "exit": os._exit(7)
            case "kill": os.kill(os.getpid(), signal.SIGKILL)
            case "crash": os.kill(os.getpid(), signal.SIGSEGV)
            case "memory": return len(bytearray(400 * 2**20))
            case "sleep": time.sleep(30)
            case "fork":
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(300)
        return "alive"
"""


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or fail it if CI is set."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def run(*command: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command; the failure shows its output."""
    done = subprocess.run(command, capture_output=True, text=True, **{"timeout": 120, **options})
    assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


def has_engine() -> bool:
    return shutil.which("docker") is not None and run("docker", "version", check=False).returncode == 0


@dataclasses.dataclass
class Registry:
    """A running registry."""

    url: str
    container: str

    def stop(self) -> None:
        """Remove its container and volume."""
        run("docker", "rm", "--force", "--volumes", self.container, check=False)


@pytest.fixture(scope="session", autouse=True)
def images_of_killed_localstacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove the images that LocalStacks of these tests, which are killed, had made of functions from Zips."""
    yield
    if has_engine():
        listed = run("docker", "images", "--filter", "dangling=true", "--filter", "label=pipeline-emulator.stack", "-q")
        for image in listed.stdout.split():
            label = run("docker", "inspect", "--format", '{{index .Config.Labels "pipeline-emulator.stack"}}', image)
            if label.stdout.startswith(str(tmp_path_factory.getbasetemp())):
                run("docker", "rmi", image, check=False)


@pytest.fixture(scope="session")
def choose_image() -> Callable[[str], str]:
    """Return a function that chooses a public image, or its stand-in from Debian packages if it cannot be pulled."""
    if not has_engine():
        unavailable("no container engine answers: start one")
    return lambda image: run(str(ROOT / "scripts/images/choose.sh"), image, timeout=600).stdout.strip()


@pytest.fixture(scope="session")
def start_registry(choose_image: Callable[[str], str], eventually: Any) -> Iterator[Callable[[int], Registry]]:
    """Return a function that starts a registry on a port."""
    image = choose_image("registry:2.8.3")
    started: list[Registry] = []

    def answers(url: str) -> bool:
        with contextlib.suppress(URLError, ConnectionError), urllib.request.urlopen(f"{url}/v2/"):
            return True
        return False

    def start(port: int) -> Registry:
        options = ["--publish", f"127.0.0.1:{port}:5000", "--env", "REGISTRY_STORAGE_DELETE_ENABLED=true"]
        container = run("docker", "run", "--detach", "--volume", "/var/lib/registry", *options, image)
        registry = Registry(f"http://127.0.0.1:{port}", container.stdout.strip())
        started.append(registry)
        eventually(lambda: answers(registry.url), "the registry responds")
        return registry

    yield start
    for registry in started:
        registry.stop()


@dataclasses.dataclass
class Stack:
    """A LocalStack and the port of its registry."""

    localstack: Any
    registry_port: int

    @property
    def host(self) -> str:
        """The host and port that repository URIs begin with."""
        return str(self.localstack.endpoint_url.removeprefix("http://"))

    def ecr(self, region: str = REGION) -> Any:
        """Return an ECR client."""
        return boto3.client(
            "ecr",
            region_name=region,
            endpoint_url=self.localstack.endpoint_url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def password(self, region: str = REGION) -> str:
        """Return the password that `aws ecr get-login-password` prints."""
        token = self.ecr(region).get_authorization_token()["authorizationData"][0]["authorizationToken"]
        return base64.b64decode(token).decode().removeprefix("AWS:")

    def rss(self) -> int:
        """Return LocalStack's resident memory in bytes."""
        status = Path(f"/proc/{self.localstack.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


@pytest.fixture(scope="session")
def stack_type() -> type[Stack]:
    """The class, for tests with a LocalStack of their own."""
    return Stack


@pytest.fixture(scope="module")
def start_stack(start_localstack: Any, start_registry: Any) -> Callable[[], Stack]:
    """Return a function that starts a LocalStack whose registry does not run yet.

    The test is skipped if there is no engine or no registry image.
    """
    return lambda: _start_stack(start_localstack)


@pytest.fixture(scope="session")
def stack(start_shared_localstack: Any, start_registry: Callable[[int], Registry]) -> Stack:
    """The stack that most tests share."""
    stack = _start_stack(start_shared_localstack)
    start_registry(stack.registry_port)
    return stack


def _start_stack(start: Any) -> Stack:
    port = free_port()
    return Stack(start(PIPELINE_ECR_REGISTRY_URL=f"http://127.0.0.1:{port}"), port)


@dataclasses.dataclass
class Docker:
    """The docker CLI with its own credentials."""

    stack: Stack
    config: Path
    images: list[str]

    def __call__(self, *arguments: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        return run("docker", "--config", str(self.config), *arguments, check=check, **options)

    def login(self, password: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker login` for the stack's registry."""
        command = ["login", "--username", "AWS", "--password-stdin", self.stack.host]
        return self(*command, input=password, check=check)

    def image(self, uri: str, content: bytes | None = None) -> str:
        """Create an image of one file with a name; return its id."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            data = uuid.uuid4().bytes if content is None else content
            entry = tarfile.TarInfo("file")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        self.images.append(uri)
        done = subprocess.run(["docker", "import", "-", uri], input=buffer.getvalue(), capture_output=True, check=True)
        return done.stdout.decode().strip()

    def remove(self, uri: str) -> None:
        """Remove an image from the engine, so that it has to be pulled."""
        self("image", "rm", "--force", uri, check=False)


@pytest.fixture
def docker(stack: Stack, tmp_path: Path) -> Iterator[Docker]:
    """A docker CLI that is logged in; its images are removed afterwards."""
    docker = Docker(stack, tmp_path / "docker", [])
    docker.config.mkdir()
    docker.login(stack.password())
    yield docker
    for uri in docker.images:
        docker.remove(uri)


@pytest.fixture(scope="session")
def function_base(choose_image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the name of an image with the runtime client, the base of every function's image."""
    folder = tmp_path_factory.mktemp("base")
    shutil.copy(ROOT / "emulator/lambda-runtime.txt", folder)
    (folder / "Dockerfile").write_text(FUNCTION_BASE)
    python = choose_image("python:3.13-slim-trixie")
    tag = "pipeline-emulator-tests/function-base"
    run("docker", "build", "--tag", tag, "--build-arg", f"BASE_IMAGE={python}", str(folder), timeout=300)
    return tag


@pytest.fixture(scope="session")
def emulator_image(choose_image: Callable[[str], str]) -> str:
    """The image, built as the README says."""
    bases = {"BASE_IMAGE": "python:3.13-slim-trixie", "REGISTRY_IMAGE": "registry:2.8.3"}
    options = [f"--build-arg={name}={choose_image(image)}" for name, image in bases.items()]
    tag = "pipeline-emulator-tests/emulator"
    run("docker", "build", "--quiet", "--tag", tag, *options, str(ROOT / "emulator"), timeout=900)
    return tag


@pytest.fixture(scope="session")
def image_registry(start_registry: Callable[[int], Registry]) -> int:
    """The port of the registry that holds the images of functions."""
    port = free_port()
    start_registry(port)
    return port


@pytest.fixture(scope="module")
def start_image_localstack(start_localstack: Any, image_registry: int) -> Callable[..., Any]:
    """Return a function that starts a LocalStack with ECR outside containers, for functions from images and Zips.

    Functions reach it at the address of the engine's default bridge.
    """
    return partial(_start_image_localstack, start_localstack, image_registry)


@pytest.fixture(scope="session")
def image_localstack(start_shared_localstack: Any, image_registry: int) -> Any:
    """The LocalStack that most tests of image functions share."""
    return _start_image_localstack(start_shared_localstack, image_registry)


def _start_image_localstack(start: Any, registry_port: int, **variables: str) -> Any:
    subnet = json.loads(run("docker", "network", "inspect", "bridge").stdout)[0]["IPAM"]["Config"][0]
    bridge = subnet.get("Gateway") or str(next(ipaddress.ip_network(subnet["Subnet"]).hosts()))
    settings = {
        "LAMBDA_RUNTIME_EXECUTOR": "auto",
        "PIPELINE_ECR_REGISTRY_URL": f"http://127.0.0.1:{registry_port}",
    }
    return start(bridge, **{**settings, **variables})


@pytest.fixture(scope="session")
def executables() -> Callable[[dict[str, str]], bytes]:
    """Return a function that makes a Zip of files that may be executed."""

    def executables(files: dict[str, str]) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as zipped:
            for name, text in files.items():
                info = zipfile.ZipInfo(name)
                info.create_system, info.external_attr = 3, 0o100755 << 16
                zipped.writestr(info, text)
        return buffer.getvalue()

    return executables


@pytest.fixture(scope="session")
def bash_runtime() -> Callable[[str], str]:
    """Return a function that makes a runtime: it answers one event with what a command of bash prints."""
    return lambda command: BASH_RUNTIME.replace("COMMAND", command)


@dataclasses.dataclass
class ImageFunction:
    """A function from an image; `function` is the `Function` of the shared fixture `create_function`."""

    name: str
    stack: Stack
    docker: Docker
    base: str
    folder: Path
    function: Any = None
    image: str = ""

    @property
    def localstack(self) -> Any:
        """The LocalStack that it runs in."""
        return self.stack.localstack

    @property
    def role_arn(self) -> str:
        """The ARN of its role."""
        return str(self.function.role_arn)

    def invoke(self, event: Any = None) -> Any:
        """Invoke it and return the response."""
        return self.function.invoke(event)

    def configuration(self) -> Any:
        """Return the function's GetFunctionConfiguration."""
        return self.function.configuration()

    def build(self, source: str) -> str:
        """Build and push an image of the source with a new tag; return its URI."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "function.py").write_text(dedent(source))
        (self.folder / "Dockerfile").write_text(f"FROM {self.base}\nCOPY function.py /var/task/\n")
        self.image = f"{self.stack.host}/{self.name}:{uuid.uuid4().hex[:8]}"
        self.docker.images.append(self.image)
        self.docker("build", "--tag", self.image, str(self.folder))
        self.docker("push", self.image)
        return self.image

    def push(self, source: str) -> None:
        """Build an image of the source and deploy it."""
        self.update(self.build(source))

    def update(self, image: str) -> None:
        """Deploy an image of the repository."""
        self.image = image
        client = self.localstack.client("lambda")
        client.update_function_code(FunctionName=self.name, ImageUri=image)
        client.get_waiter("function_updated_v2").wait(FunctionName=self.name, WaiterConfig={"Delay": 1})

    def configure(self, **changes: Any) -> None:
        """Change the function's configuration."""
        client = self.localstack.client("lambda")
        client.update_function_configuration(FunctionName=self.name, **changes)
        client.get_waiter("function_updated_v2").wait(FunctionName=self.name, WaiterConfig={"Delay": 1})

    def containers(self) -> set[str]:
        """Return the ids of all containers of this function's LocalStack."""
        label = f"label=pipeline-emulator.stack={self.localstack.folder}"
        return set(run("docker", "ps", "--all", "--quiet", "--filter", label).stdout.split())


@pytest.fixture
def create_image_function(
    image_localstack: Any, function_base: str, create_function: Callable[..., Any], tmp_path: Path
) -> Iterator[Callable[..., ImageFunction]]:
    """Return a factory of functions from images, given the source of a `handler`; all are deleted afterwards.

    `where` is a LocalStack other than the shared one. The other arguments go to CreateFunction.
    """
    made: list[ImageFunction] = []

    def create(source: str, **arguments: Any) -> ImageFunction:
        stack = Stack(arguments.pop("where", image_localstack), 0)
        name = f"function-{uuid.uuid4().hex[:8]}"
        stack.ecr().create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
        docker = Docker(stack, tmp_path / f"{name}-docker", [])
        docker.config.mkdir()
        docker.login(stack.password())
        image = ImageFunction(name, stack, docker, function_base, tmp_path / name)
        made.append(image)
        image.function = create_function(
            image=image.build(source), FunctionName=name, where=stack.localstack, **arguments
        )
        return image

    yield create
    for one in made:
        for uri in one.docker.images:
            one.docker.remove(uri)


@pytest.fixture(scope="session")
def misbehaviour() -> str:
    """Return the source of a function that fails in the way its event names."""
    return MISBEHAVE


@pytest.fixture
def misbehaving(create_image_function: Callable[..., ImageFunction]) -> ImageFunction:
    """A function that fails in the way its event names."""
    return create_image_function(MISBEHAVE, Timeout=2, MemorySize=128)
