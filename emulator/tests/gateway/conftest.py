"""Requests as browsers and attackers send them: headers and request lines that HTTP libraries would not send."""

import http.client
import socket
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

type Headers = Sequence[tuple[str, str]]


@pytest.fixture
def send(localstack: Any) -> Callable[..., tuple[int, str]]:
    """Return a function that sends a request with exactly these headers and returns the status and the whole response.

    `where` is a LocalStack other than the shared one. The Host header is the LocalStack's address unless `host` says
    otherwise; None sends none.
    """

    def request(
        method: str, target: str, headers: Headers = (), body: bytes = b"", host: str | None = "", where: Any = None
    ) -> tuple[int, str]:
        authority = urlsplit((where or localstack).endpoint_url).netloc
        sent = [*([("Host", host or authority)] if host is not None else []), *headers]
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent)]
        if not any(name == "Upgrade" for name, _ in headers):
            lines += ["Connection: close", f"Content-Length: {len(body)}"]
        lines += ["", ""]
        name, _, port = authority.partition(":")
        with socket.create_connection((name, int(port)), 60) as connection:
            connection.sendall("\r\n".join(lines).encode() + body)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            return response.status, f"{response.headers}\n{response.read().decode(errors='replace')}"

    return request


@pytest.fixture
def send_http2(localstack: Any) -> Callable[[Headers], int]:
    """Return a function that sends a GET by HTTP/2 without TLS, with these pseudo headers, and returns the status.

    It returns 0 if the server closes the connection instead.
    """

    def request(headers: Headers) -> int:
        from h2.config import H2Configuration
        from h2.connection import H2Connection
        from h2.events import ResponseReceived

        connection = H2Connection(H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False))
        name, _, port = urlsplit(localstack.endpoint_url).netloc.partition(":")
        with socket.create_connection((name, int(port)), 60) as link:
            connection.initiate_connection()
            connection.send_headers(1, [(":method", "GET"), (":scheme", "http"), *headers], end_stream=True)
            link.sendall(connection.data_to_send())
            while data := link.recv(65536):
                for event in connection.receive_data(data):
                    if isinstance(event, ResponseReceived):
                        return int(dict(event.headers or [])[b":status"])
                link.sendall(connection.data_to_send())
        return 0

    return request
