"""A runtime for functions that stream. They replace the managed runtime with it when their module is loaded.

It is put into the Zip of a function, beside `function.py`, and uses the standard library alone.
"""

import base64
import http.client
import json
import os
import socket
from collections.abc import Callable
from typing import Any

PREFIX = "/2018-06-01/runtime/invocation"


class Stream:
    """The response to one event."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self._socket: socket.socket | None = None

    def begin(self, content_type: str = "application/octet-stream") -> None:
        """Send the head."""
        address = os.environ["AWS_LAMBDA_RUNTIME_API"]
        host, _, port = address.partition(":")
        lines = [
            f"POST {PREFIX}/{self.request_id}/response HTTP/1.1",
            f"Host: {address}",
            f"Content-Type: {content_type}",
            "Lambda-Runtime-Function-Response-Mode: streaming",
            "Transfer-Encoding: chunked",
            "Trailer: Lambda-Runtime-Function-Error-Type",
            "Trailer: Lambda-Runtime-Function-Error-Body",
        ]
        self._socket = socket.create_connection((host, int(port)))
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def prelude(self, **head: Any) -> None:
        """Send status, headers and cookies of an HTTP response."""
        self.begin("application/vnd.awslambda.http-integration-response")
        self.write(json.dumps(head).encode() + bytes(8))

    def write(self, data: bytes) -> None:
        """Send a chunk."""
        if self._socket is None:
            self.begin()
        assert self._socket is not None
        self._socket.sendall(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self, error: tuple[str, str] | None = None) -> int:
        """Send the end, with type and message of an error, and return the status of the answer."""
        assert self._socket is not None
        trailers = b""
        if error:
            document = json.dumps({"errorType": error[0], "errorMessage": error[1]}).encode()
            trailers = b"Lambda-Runtime-Function-Error-Type: %s\r\n" % error[0].encode()
            trailers += b"Lambda-Runtime-Function-Error-Body: %s\r\n" % base64.b64encode(document)
        self._socket.sendall(b"0\r\n%s\r\n" % trailers)
        answer = self._socket.recv(65536)
        self.break_off()
        return int(answer.split()[1])

    def break_off(self) -> None:
        """Close the connection."""
        if self._socket:
            self._socket.close()
        self._socket = None

    def answer(self, body: bytes, kind: str = "response") -> None:
        """Post a whole response, or an error, as runtimes without streaming do."""
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        connection.request(
            "POST", f"{PREFIX}/{self.request_id}/{kind}", body, headers={"Content-Type": "application/json"}
        )
        connection.getresponse().read()


def serve(handle: Callable[[Any, Stream], None]) -> None:
    """Pass every event to `handle`, which streams the response."""
    while True:
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        connection.request("GET", f"{PREFIX}/next")
        answer = connection.getresponse()
        event = json.loads(answer.read())
        handle(event, Stream(answer.headers["Lambda-Runtime-Aws-Request-Id"]))
