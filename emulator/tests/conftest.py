"""A real LocalStack with the plugins, and factories for the resources that tests create in it.

It runs in the tests' environment with the Lambda runtime that `make setup` installs, or the one in
PIPELINE_LAMBDA_RUNTIME_DIR.
"""

import contextlib
import dataclasses
import io
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
import zipfile
from base64 import b64decode
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.utils import parse_to_aware_datetime
from hypothesis import HealthCheck, settings

from pipeline_emulator.launcher import service_catalog
from pipeline_emulator.ports import free_ports

ROOT = Path(__file__).parents[2]
REGION = "ap-south-1"
LOOPBACK = "127.0.0.1"

# Tests with the mark `property` take multiples of these. `make test-all` runs them with --hypothesis-profile=many.
for profile, examples in {"everyday": 25, "many": 100}.items():
    settings.register_profile(
        profile, max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
settings.load_profile("everyday")


@pytest.hookimpl(tryfirst=True)  # before `-m` selects
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With many examples, properties are long proofs; so are all variants of a test but the first, if it says so."""
    many, begun = config.getoption("--hypothesis-profile") == "many", set[str]()
    for item in items:
        test = item.nodeid.partition("[")[0]
        other = item.get_closest_marker("variants") and test in begun
        begun.add(test)
        if other or (many and item.get_closest_marker("property")):
            item.add_marker(pytest.mark.long_proof)


def installed(variable: str, default: str) -> Path:
    """Return a folder that `make setup` creates; fail the test with the remedy if it is missing."""
    path = Path(os.environ.get(variable) or ROOT / default).absolute()
    if not path.is_dir():
        pytest.fail(f"{path} is missing: run `make setup`, or set {variable}", pytrace=False)
    return path


@dataclasses.dataclass
class LocalStack:
    """A running LocalStack."""

    endpoint_url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client with the local account's root credentials and without retries."""
        credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60, **options)
        client = boto3.client(service, endpoint_url=self.endpoint_url, config=config, **credentials)
        # LocalStack's botocore, which the tests must use too, cuts times to whole seconds. Current clients do not.
        serializer = getattr(
            client._serializer, "_serializer", client._serializer
        )  # wrapped if parameters are validated
        serializer._timestamp_unixtimestamp = _with_milliseconds
        return client

    def log(self) -> str:
        """Return its log so far."""
        return (self.folder / "localstack.log").read_text()

    def processes(self) -> list[psutil.Process]:
        """Return every process of this stack except LocalStack itself, found by the marker that the harness uses."""
        return [process for process in marked_processes(self.folder) if process.pid != self.process.pid]

    def running(self, text: str) -> list[psutil.Process]:
        """Return its processes whose command line contains a text, without those that have just ended."""
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                if text in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def stop(self) -> None:
        """Kill it and every process that it started; an orderly shutdown takes many seconds."""
        self.process.kill()
        self.process.wait()
        for process in marked_processes(self.folder):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def _with_milliseconds(time: Any) -> float:
    return round(float(parse_to_aware_datetime(time).timestamp()), 3)


def marked_processes(folder: Path) -> list[psutil.Process]:
    """Return every running process with PIPELINE_STACK=folder in its environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("PIPELINE_STACK") == str(folder):
                found.append(process)
    return found


def wait_until[T](condition: Callable[[], T], what: str, seconds: float = 20) -> T:
    """Return the first true value of `condition`; fail the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds} s; last value {value!r}")
        time.sleep(0.05)  # the polling interval
    return value


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Return `wait_until` for test modules, which cannot import this file."""
    return wait_until


@pytest.fixture(scope="session")
def delete_mapping() -> Callable[[Any, str], None]:
    """Return a function that deletes a mapping, given a client and its id, once it is neither created nor updated."""

    def delete(functions: Any, uuid: str) -> None:
        def deleted() -> bool:
            try:
                functions.delete_event_source_mapping(UUID=uuid)
            except functions.exceptions.ResourceInUseException:
                return False
            return True

        wait_until(deleted, "the mapping can be deleted")

    return delete


@pytest.fixture(scope="session", name="zipped")
def zipped_() -> Callable[..., bytes]:
    """Return `zipped` for test modules."""
    return zipped


@contextlib.contextmanager
def _starting(folders: pytest.TempPathFactory) -> Iterator[Callable[..., LocalStack]]:
    started: list[LocalStack] = []

    def start(also_at: str | None = None, folder: Path | None = None, **variables: str) -> LocalStack:
        folder = folder or folders.mktemp("localstack")
        localstack = _start(folder, [LOOPBACK, *([also_at] if also_at else [])], variables)
        started.append(localstack)
        return localstack

    try:
        yield start
    finally:
        for localstack in started:
            localstack.stop()


@pytest.fixture(scope="module")
def start_localstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LocalStack]]:
    """Return a function that starts a separate LocalStack with additional environment variables.

    All are stopped at the end of the module: each takes memory, and some processor time at rest. `also_at` is an
    address to listen on besides the loopback address; `folder` is the folder of a killed LocalStack to restart.
    """
    with _starting(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def start_shared_localstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LocalStack]]:
    """Return `start_localstack` for a LocalStack that several modules share."""
    with _starting(tmp_path_factory) as start:
        yield start


@pytest.fixture(scope="session")
def localstack(start_shared_localstack: Callable[..., LocalStack]) -> LocalStack:
    """The LocalStack that most tests share."""
    return start_shared_localstack()


def _start(folder: Path, addresses: Sequence[str], variables: Mapping[str, str]) -> LocalStack:
    port, first_service_port = free_ports(2)
    service_catalog.provide(folder / "localstack", os.environ)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),  # plux caches entry points there, and would miss new ones
        "GATEWAY_LISTEN": ",".join(f"{address}:{port}" for address in addresses),
        "FILESYSTEM_ROOT": str(folder / "localstack"),
        "OVERRIDE_IN_DOCKER": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "KINESIS_PERSISTENCE": "0",
        "DNS_ADDRESS": "0",
        "EXTERNAL_SERVICE_PORTS_START": str(first_service_port),
        "EXTERNAL_SERVICE_PORTS_END": str(min(first_service_port + 50, 65535)),
        "GATEWAY_SERVER": "bound",
        "HOT_RELOAD": "1",
        "LAMBDA_RUNTIME_EXECUTOR": "process",
        "PIPELINE_LAMBDA_RUNTIME_DIR": str(installed("PIPELINE_LAMBDA_RUNTIME_DIR", ".cache/lambda-runtime")),
        "PIPELINE_STACK": str(folder),
        "TZ": "UTC",  # as the launcher sets it
        **_interpreters(),
        **variables,
    }
    with (folder / "localstack.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "localstack.runtime.main"], env=environment, cwd=folder, stdout=log, stderr=log
        )
    localstack = LocalStack(f"http://127.0.0.1:{port}", folder, process)
    try:
        wait_until(lambda: _is_ready(localstack), "LocalStack starts", 180)
    except BaseException:  # interrupts, too: no fixture stops it yet
        localstack.stop()
        raise
    return localstack


def _interpreters() -> dict[str, str]:
    """Return the variables by which LocalStack, whose HOME is another, finds this user's interpreters."""
    folders = {"PYENV_ROOT": ".pyenv", "UV_PYTHON_INSTALL_DIR": ".local/share/uv/python", "NVM_DIR": ".nvm"}
    found = {name: os.environ.get(name) or str(Path.home() / folder) for name, folder in folders.items()}
    return {**found, "LAMBDA_INTERPRETERS": os.environ.get("LAMBDA_INTERPRETERS", "")}


def _is_ready(localstack: LocalStack) -> bool:
    if localstack.process.poll() is not None:
        pytest.fail(f"LocalStack exited while starting:\n{localstack.log()}")
    url = f"{localstack.endpoint_url}/_localstack/health"
    with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url) as answer:
        return bool(answer.status == 200)
    return False


@dataclasses.dataclass
class Invoked:
    """A response of Invoke."""

    payload: Any
    error: str | None
    log: str


@dataclasses.dataclass
class Function:
    """A Lambda function that was created."""

    localstack: LocalStack
    name: str
    role_arn: str

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return f"arn:aws:lambda:{REGION}:000000000000:function:{self.name}"

    def invoke(self, event: Any = None, **arguments: Any) -> Invoked:
        """Invoke it and return the response."""
        answer = self.localstack.client("lambda").invoke(
            FunctionName=self.name, Payload=json.dumps(event).encode(), LogType="Tail", **arguments
        )
        payload = json.loads(answer["Payload"].read() or b"null")
        return Invoked(payload, answer.get("FunctionError"), b64decode(answer["LogResult"]).decode())

    def stream(self, event: Any = None) -> Generator[bytes, None, dict[str, str]]:
        """Invoke it with a response stream; yield the chunks and return the completion."""
        client = self.localstack.client("lambda")
        answer = client.invoke_with_response_stream(FunctionName=self.name, Payload=json.dumps(event).encode())
        with contextlib.closing(answer["EventStream"]) as events:
            for each in events:
                if "InvokeComplete" in each:
                    return dict(each["InvokeComplete"])
                yield each["PayloadChunk"]["Payload"]
        raise AssertionError("the stream ends without InvokeComplete")

    def configuration(self) -> dict[str, Any]:
        """Return the function's GetFunctionConfiguration."""
        answer: dict[str, Any] = self.localstack.client("lambda").get_function_configuration(FunctionName=self.name)
        return answer

    def log_events(self) -> list[str]:
        """Return the messages of its log streams in CloudWatch Logs, in order within a stream."""
        logs, group = self.localstack.client("logs"), f"/aws/lambda/{self.name}"
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
            pages = [
                logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)
                for stream in streams
            ]
            return [event["message"] for page in pages for event in page["events"]]
        return []


class Gate:
    """A web server at `url` that functions ask when they may go on: requests wait until the gate is open.

    Attributes:
        passed: The paths of the requests so far; those to `/pass/…` do not wait.
    """

    def __init__(self) -> None:
        self.passed: list[str] = []
        self._open = threading.Event()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def open(self) -> None:
        """Let the waiting requests through, and those to come."""
        self._open.set()

    def close(self) -> None:
        """Stop the server."""
        self.open()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gate.passed.append(self.path)
                if not self.path.startswith("/pass/"):
                    gate._open.wait(60)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A closed gate."""
    made = Gate()
    yield made
    made.close()


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return a Zip archive of files, given as path and content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


@pytest.fixture
def create_role(localstack: LocalStack) -> Callable[..., str]:
    """Return a function that creates a role that Lambda can assume and that allows everything; it returns the ARN."""

    def create(where: LocalStack = localstack) -> str:
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
        everything = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        }
        name, iam = f"role-{uuid.uuid4().hex[:8]}", where.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
        iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(everything))
        return str(role["Role"]["Arn"])

    return create


@pytest.fixture
def create_function(localstack: LocalStack, create_role: Callable[..., str]) -> Iterator[Callable[..., Function]]:
    """Return a factory of Lambda functions, from the source of a module with a `handler`; all are deleted afterwards.

    `files` adds files to the Zip, `image` names an image to use instead, and `where` is a LocalStack other than the
    shared one. The other arguments go to CreateFunction.
    """
    created: list[Function] = []

    def create(
        source: str = "", files: Mapping[str, str | bytes] | None = None, image: str | None = None, **arguments: Any
    ) -> Function:
        where: LocalStack = arguments.pop("where", localstack)
        role = arguments.pop("Role", None) or create_role(where)
        function = Function(where, arguments.pop("FunctionName", f"function-{uuid.uuid4().hex[:8]}"), role)
        client = where.client("lambda")
        defaults: dict[str, Any] = {"Timeout": 10, "MemorySize": 256}
        if image:
            defaults |= {"PackageType": "Image", "Code": {"ImageUri": image}}
        else:
            code = zipped({"function.py": dedent(source), **(files or {})})
            defaults |= {"Runtime": "python3.13", "Handler": "function.handler", "Code": {"ZipFile": code}}
        client.create_function(FunctionName=function.name, Role=role, **{**defaults, **arguments})
        created.append(function)
        wait_until(lambda: function.configuration()["State"] != "Pending", "the function is created")
        return function

    yield create
    for function in created:
        with contextlib.suppress(Exception):  # a test may have stopped its LocalStack
            function.localstack.client("lambda").delete_function(FunctionName=function.name)


def _is_active(kinesis: Any, name: str) -> bool:
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return bool(summary["StreamStatus"] == "ACTIVE")


@pytest.fixture
def create_stream(localstack: LocalStack) -> Iterator[Callable[..., str]]:
    """Return a function that creates a Kinesis stream, waits until it is active and returns its name.

    The streams are deleted afterwards. `where` is a LocalStack other than the shared one.
    """
    created: list[tuple[Any, str]] = []

    def create(shards: int = 1, where: LocalStack = localstack, **arguments: Any) -> str:
        kinesis, name = where.client("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
        kinesis.create_stream(StreamName=name, ShardCount=shards, **arguments)
        created.append((kinesis, name))
        wait_until(lambda: _is_active(kinesis, name), "the stream is active")
        return name

    yield create
    for kinesis, name in created:
        with contextlib.suppress(kinesis.exceptions.ResourceNotFoundException, EndpointConnectionError):
            kinesis.delete_stream(StreamName=name, EnforceConsumerDeletion=True)


@pytest.fixture
def create_bucket(localstack: LocalStack) -> Iterator[Callable[[], str]]:
    """Return a function that creates an S3 bucket and returns its name; the buckets are deleted afterwards."""
    s3 = localstack.client("s3")
    created: list[str] = []

    def create() -> str:
        name = f"bucket-{uuid.uuid4().hex[:8]}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        created.append(name)
        return name

    yield create
    for name in created:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", []):
                s3.delete_object(Bucket=name, Key=item["Key"])
        s3.delete_bucket(Bucket=name)


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """Return code and message of the error that a call raises."""
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture(name="refusal")
def refusal_() -> Callable[..., tuple[str, str]]:
    """Return `refusal` for test modules, which cannot import this file."""
    return refusal
