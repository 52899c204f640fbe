"""`make local-logs` merges the lines of several log streams, which the endpoint returns stream by stream."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from harness import traffic
from harness.stack.state import Stack

# (stream, time, line), in the order of the response; two lines of a stream have the same time.
LINES = [("a", 1, "START"), ("a", 5, "5: one"), ("a", 5, "5: two"), ("b", 2, "2"), ("b", 9, "newest"), ("c", 4, "4")]


@pytest.fixture
def stack() -> Iterator[Stack]:
    """A stack whose endpoint answers FilterLogEvents in two pages."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            first = 0 if "nextToken" not in asked else len(LINES) // 2
            page = [
                {"logStreamName": stream, "timestamp": time, "message": line + "\n", "eventId": str(first + number)}
                for number, (stream, time, line) in enumerate(LINES[first:][: len(LINES) // 2])
            ]
            body = json.dumps({"events": page} | ({} if first else {"nextToken": "second"})).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Stack("logs", "logs", server.server_port, outputs={"log_group": "/aws/lambda/x"})
        server.shutdown()


def test_lines_of_all_streams_are_sorted_by_time(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    traffic.show_logs(stack, follow=False)
    assert capsys.readouterr().out.splitlines() == ["START", "2", "4", "5: one", "5: two", "newest"]
