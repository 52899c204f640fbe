"""Prebuilt images. The LocalStack of these tests has no registry, so a server answers in place of ECR."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from harness.errors import HarnessError

REGISTRY = "123456789012.dkr.ecr.ap-south-1.amazonaws.com"
DIGEST = "sha256:" + "d" * 64
OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
REAL = ("AWS's answer",)  # as in test_every_guard.py


class Ecr(ThreadingHTTPServer):
    """ECR with one image, whose size, kind and architecture a test chooses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.size = 200 * 2**20
        self.media_type = OCI
        self.architecture = "amd64"
        self.asked: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Ecr

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(request)
        refused = {"none": "ImageNotFoundException", "secret": "AccessDeniedException"}
        if code := refused.get(request.get("imageIds", [{}])[0].get("imageTag")):
            self._send({"__type": code, "message": "refused"}, 400)
            return
        manifest = {"mediaType": self.server.media_type, "config": {"digest": "sha256:c"}}
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        answers: dict[str, Any] = {
            "DescribeImages": {"imageDetails": [{"imageSizeInBytes": self.server.size}]},
            "BatchGetImage": {"images": [{"imageManifest": json.dumps(manifest)}]},
            "GetDownloadUrlForLayer": {"downloadUrl": f"{self.server.url}/config"},
        }
        self._send(answers[operation], 200)

    def do_GET(self) -> None:
        self._send({"architecture": self.server.architecture}, 200)

    def _send(self, document: Any, status: int) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def ecr(world: Any) -> Iterator[Ecr]:
    """The server, with the image of the stage."""
    with Ecr() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        world.urls["ecr"] = server.url
        world.set(lambda_package_type="Image", image_uri=f"{REGISTRY}/store_sales@{DIGEST}")
        world.push()
        yield server
        server.shutdown()
        thread.join()


def test_a_suitable_image_passes(world: Any, ecr: Ecr) -> None:
    world.check(without=REAL)
    assert ecr.asked[0] == {
        "registryId": "123456789012",
        "repositoryName": "store_sales",
        "imageIds": [{"imageDigest": DIGEST}],
    }


@pytest.mark.parametrize(
    ("image", "server", "says"),
    [
        (f"{REGISTRY}/store_sales:none", {}, "there is no image"),
        (f"{REGISTRY.replace('south', 'east')}/store_sales:1", {}, "its own region only"),
        (f"{REGISTRY}/store_sales:1", {"size": 11 * 2**30}, "11.0 GB compressed, but"),
        (f"{REGISTRY}/store_sales:1", {"media_type": INDEX}, "index of several images"),
        (f"{REGISTRY}/store_sales:1", {"architecture": "arm64"}, "is for arm64, but lambda_architecture is x86_64"),
    ],
)
def test_an_image_that_lambda_would_reject_is_refused(
    world: Any, ecr: Ecr, image: str, server: dict[str, Any], says: str
) -> None:
    for name, value in server.items():
        setattr(ecr, name, value)
    world.set(image_uri=image)
    world.push()
    before = world.snapshot()
    with pytest.raises(HarnessError, match=says):
        world.check(without=REAL)
    world.check(without=(*REAL, "image"))
    assert world.snapshot() == before


def test_a_role_without_read_permission_gets_a_warning(world: Any, ecr: Ecr, capfd: pytest.CaptureFixture[str]) -> None:
    world.set(image_uri=f"{REGISTRY}/store_sales:secret")
    world.push()
    world.check(without=REAL)
    assert "the image is not checked any further: AWS denies DescribeImages" in capfd.readouterr().err


def test_a_large_image_gets_a_warning(world: Any, ecr: Ecr, capfd: pytest.CaptureFixture[str]) -> None:
    ecr.size = 5 * 2**30
    world.check(without=REAL)
    assert "5.0 GB compressed" in capfd.readouterr().err
