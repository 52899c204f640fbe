"""Stock LocalStack has no such API, and answers all the same."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from harness.local import function_api
from harness.local.function_api import RefusedError


@pytest.fixture(
    params=[(200, b""), (200, b"[]"), (404, b"<Error/>"), (409, b'{"message": "busy"}'), (200, b'{"id": 1}')]
)
def answer(request: pytest.FixtureRequest) -> tuple[int, bytes]:
    """Status and body of each answer."""
    found: tuple[int, bytes] = request.param
    return found


@pytest.fixture
def url(answer: tuple[int, bytes]) -> Iterator[str]:
    """The address of a server that gives this answer."""
    status, body = answer

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_DELETE(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_only_an_object_is_an_answer(answer: tuple[int, bytes], url: str) -> None:
    status, body = answer
    if body == b'{"id": 1}':
        assert function_api.ask(url, "DELETE", b"", 10) == {"id": 1}
        return
    with pytest.raises(RefusedError) as refused:
        function_api.ask(url, "DELETE", b"", 10)
    assert refused.value.status == status
    assert refused.value.document == ({"message": "busy"} if b"busy" in body else {})
