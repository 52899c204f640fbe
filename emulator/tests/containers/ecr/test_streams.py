"""Layers pass through LocalStack without staying in memory, and a missing registry is reported."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
import urllib3
from botocore.exceptions import ClientError

MIB = 1024 * 1024


class Peak:
    """LocalStack's peak memory in the block, in bytes above the level before it."""

    def __init__(self, rss: Callable[[], int]) -> None:
        self.growth = 0
        self._rss, self._before = rss, rss()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.01):  # the sampling interval
            self.growth = max(self.growth, self._rss() - self._before)


def test_a_large_layer_does_not_stay_in_memory(docker: Any, stack: Any, create_repository: Any) -> None:
    uri = f"{stack.host}/{create_repository()}"
    for tag, size in (("small", 1), ("large", 50 * MIB)):  # the small one is a warm-up
        image_id = docker.image(f"{uri}:{tag}", os.urandom(size))
        with Peak(stack.rss) as peak:
            docker("push", f"{uri}:{tag}")
            docker.remove(f"{uri}:{tag}")
            docker("pull", f"{uri}:{tag}")
        assert json.loads(docker("image", "inspect", f"{uri}:{tag}").stdout)[0]["Id"] == image_id
    assert peak.growth < 40 * MIB


def download(http: Any, name: str, digest: str, scheme: str = "http", **headers: str) -> urllib3.BaseHTTPResponse:
    basic = urllib3.make_headers(basic_auth=f"AWS:{http.password}")
    url = f"{scheme}://{http.stack.host}/v2/{name}/blobs/{digest}"
    pool = urllib3.PoolManager(cert_reqs="CERT_NONE")
    return pool.request("GET", url, headers={**basic, **headers}, preload_content=False)


@pytest.mark.parametrize("scheme", ["http", "https"])  # the gateway serves both on one port, and engines choose TLS
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")  # self-signed
def test_a_slow_client_does_not_fill_memory(scheme: str, stack: Any, create_repository: Any, http: Any) -> None:
    name, data = create_repository(), os.urandom(64 * MIB)
    digest = http.push_blob(name, data)["digest"]
    assert download(http, name, digest).read() == data

    with Peak(stack.rss) as peak:
        slow = download(http, name, digest, scheme)
        first = slow.read(1)
        assert download(http, name, digest).read() == data  # in this time LocalStack could buffer all of the slow one
    assert peak.growth < 40 * MIB

    assert hashlib.sha256(first + slow.read()).hexdigest() == digest.removeprefix("sha256:")


def test_a_range_of_a_layer_is_served(stack: Any, create_repository: Any, http: Any) -> None:
    name = create_repository()
    digest = http.push_blob(name, b"0123456789")["digest"]
    part = download(http, name, digest, Range="bytes=2-4")
    assert (part.status, part.read(), part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert download(http, name, digest.replace(":", "%3A")).read() == b"0123456789"
    head = http("HEAD", f"{name}/blobs/{digest}")
    assert (head.status, head.headers["Content-Length"], head.headers["Docker-Content-Digest"]) == (200, "10", digest)


def test_a_layer_is_uploaded_in_chunks_of_unknown_length(stack: Any, create_repository: Any, http: Any) -> None:
    name, parts = create_repository(), [b"0" * MIB, b"1" * MIB]
    digest = f"sha256:{hashlib.sha256(b''.join(parts)).hexdigest()}"
    location = http("POST", f"{name}/blobs/uploads/").headers["Location"]

    def pieces(part: bytes) -> Iterator[bytes]:  # of unknown length, so that urllib3 sends chunks
        yield part

    for part in parts:
        answer = http("PATCH", stack.localstack.endpoint_url + location, pieces(part))
        assert answer.status == 202
        location = answer.headers["Location"]
    assert answer.headers["Range"] == f"0-{2 * MIB - 1}"
    done = http("PUT", f"{stack.localstack.endpoint_url}{location}&digest={digest}")
    assert (done.status, done.headers["Location"]) == (201, f"/v2/{name}/blobs/{digest}")
    assert download(http, name, digest).read() == b"".join(parts)


@pytest.fixture(scope="module")
def lone_stack(start_stack: Any) -> Any:
    """A stack whose registry runs only if a test starts it."""
    return start_stack()


@pytest.mark.long_proof
def test_a_missing_registry_is_reported_and_may_come_back(
    lone_stack: Any, start_registry: Any, docker: Any, http_to: Any
) -> None:
    ecr = lone_stack.ecr()
    ecr.create_repository(repositoryName="waiting")
    docker.stack = lone_stack
    uri = f"{lone_stack.host}/waiting:v1"
    docker.image(uri)
    refused = docker.login(lone_stack.password(), check=False)
    assert "503 Service Unavailable" in refused.stderr
    with pytest.raises(ClientError, match="start it, then try again") as caught:
        ecr.list_images(repositoryName="waiting")
    assert caught.value.response["Error"]["Code"] == "ServerException"

    registry = start_registry(lone_stack.registry_port)
    docker.login(lone_stack.password())
    docker("push", uri)
    registry.stop()

    refused = docker("pull", uri, check=False)
    assert "503" in refused.stderr  # the engine hides the response's text; LocalStack's log has it
    log = lone_stack.localstack.log()
    assert f"The container registry at {registry.url} does not respond" in log
    assert "Traceback" not in log
    answer = http_to(lone_stack)("POST", "waiting/blobs/uploads/")
    assert answer.status == 503
    assert "does not respond" in json.loads(answer.data)["errors"][0]["message"]


def test_a_download_fails_when_the_registry_dies(lone_stack: Any, start_registry: Any, http_to: Any) -> None:
    registry = start_registry(lone_stack.registry_port)
    lone_stack.ecr().create_repository(repositoryName="dying")
    http = http_to(lone_stack)
    digest = http.push_blob("dying", os.urandom(64 * MIB))["digest"]
    answer = download(http, "dying", digest)
    answer.read(1)

    registry.stop()

    with pytest.raises(urllib3.exceptions.ProtocolError):
        answer.read()
    assert "Traceback" not in lone_stack.localstack.log()


def test_a_client_that_disconnects_leaves_no_connection(
    stack: Any, create_repository: Any, http: Any, eventually: Callable[..., Any]
) -> None:
    name, data = create_repository(), os.urandom(64 * MIB)
    digest = http.push_blob(name, data)["digest"]
    port = str(stack.registry_port)

    def connections() -> int:
        found = psutil.Process(stack.localstack.process.pid).net_connections()
        return sum(one.status == "ESTABLISHED" and str(one.raddr.port) == port for one in found if one.raddr)

    answer = download(http, name, digest)
    answer.read(1)
    before = connections()
    answer.close()

    eventually(lambda: connections() < before, "the connection to the registry is closed")
    assert download(http, name, digest).read() == data
    assert "Traceback" not in stack.localstack.log()


def test_repositories_work_without_a_registry_and_are_empty(localstack: Any) -> None:
    ecr = localstack.client("ecr")
    ecr.create_repository(repositoryName="empty")
    assert ecr.list_images(repositoryName="empty")["imageIds"] == []
    assert ecr.describe_images(repositoryName="empty")["imageDetails"] == []
    endpoint = ecr.get_authorization_token()["authorizationData"][0]
    assert endpoint["proxyEndpoint"] == localstack.endpoint_url
    answer = urllib3.request(
        "GET", f"{localstack.endpoint_url}/v2/", headers={"Authorization": f"Basic {endpoint['authorizationToken']}"}
    )
    assert answer.status == 503
    assert "PIPELINE_ECR_REGISTRY_URL" in json.loads(answer.data)["errors"][0]["message"]
    assert ecr.delete_repository(repositoryName="empty")["repository"]["repositoryName"] == "empty"
