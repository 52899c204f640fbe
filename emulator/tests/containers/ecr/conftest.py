"""Repositories, and a client of the registry's HTTP API."""

import contextlib
import dataclasses
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3

REGION = "ap-south-1"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIG = "application/vnd.docker.container.image.v1+json"


@pytest.fixture
def create_repository(stack: Any) -> Iterator[Callable[..., str]]:
    """Return a function that creates a repository and returns its name; all are deleted afterwards."""
    created = []

    def create(region: str = REGION, name: str | None = None, **arguments: Any) -> str:
        name = name or f"shop/repository-{uuid.uuid4().hex[:8]}"
        stack.ecr(region).create_repository(repositoryName=name, **arguments)
        created.append((region, name))
        return name

    yield create
    for region, name in created:
        ecr = stack.ecr(region)
        with contextlib.suppress(ecr.exceptions.RepositoryNotFoundException):
            ecr.delete_repository(repositoryName=name, force=True)


@dataclasses.dataclass
class Http:
    """A client of the registry's HTTP API."""

    stack: Any
    password: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> urllib3.BaseHTTPResponse:
        """Send a request for a URL or a path below /v2/; `_` in a header name stands for `-`."""
        basic = urllib3.make_headers(basic_auth=f"AWS:{self.password}")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else f"{self.stack.localstack.endpoint_url}/v2/{path}"
        # urllib3 reads the whole body by default; the responses here are small
        return urllib3.request(method, url, body=body, headers={**basic, **named}, retries=False, timeout=60)

    def push_blob(self, repository: str, data: bytes) -> dict[str, Any]:
        """Upload a blob and return its descriptor."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        started = self("POST", f"{repository}/blobs/uploads/")
        assert started.status == 202, started.data
        location = self.stack.localstack.endpoint_url + started.headers["Location"]
        done = self("PUT", f"{location}&digest={digest}", data, Content_Type="application/octet-stream")
        assert done.status == 201, done.data
        return {"digest": digest, "size": len(data)}

    def manifest(self, repository: str, layers: int = 1) -> bytes:
        """Upload the blobs of a random image; return its manifest, which is not uploaded."""
        config = {"mediaType": CONFIG, **self.push_blob(repository, json.dumps({"id": uuid.uuid4().hex}).encode())}
        blobs = [{"mediaType": LAYER, **self.push_blob(repository, uuid.uuid4().bytes)} for _ in range(layers)]
        document = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config, "layers": blobs}
        return json.dumps(document).encode()

    def put(self, repository: str, reference: str, manifest: bytes) -> urllib3.BaseHTTPResponse:
        """Push a manifest."""
        media_type = json.loads(manifest)["mediaType"]
        return self("PUT", f"{repository}/manifests/{reference}", manifest, Content_Type=media_type)

    def push(self, repository: str, *tags: str, layers: int = 1) -> str:
        """Push an image with tags, or by digest if there are none; return the digest."""
        manifest = self.manifest(repository, layers)
        digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
        for reference in tags or (digest,):
            answer = self.put(repository, reference, manifest)
            assert answer.status == 201, answer.data
        return digest


@pytest.fixture
def http(stack: Any) -> Http:
    """A client of the registry with a password for the default region."""
    return Http(stack, stack.password())


@pytest.fixture
def http_to() -> Callable[[Any], Http]:
    """Return a function that creates a client of another stack's registry."""
    return lambda stack: Http(stack, stack.password())


@pytest.fixture
def http_with(stack: Any) -> Callable[[str], Http]:
    """Return a function that creates a client of the registry with another password."""
    return lambda password: Http(stack, password)
