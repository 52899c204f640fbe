"""Requests for other hosts than the emulator's are refused, on every route: DNS rebinding gives a page nothing."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline_emulator.gateway import hosts
from pipeline_emulator.gateway.hosts import AllowedHosts

pytestmark = pytest.mark.local_only

Send = Callable[..., tuple[int, str]]
HEALTH = "/_localstack/health"
REFUSED = "does not serve the host"

FOREIGN = [
    "evil.example",
    "evil.example:4566",
    "evil.example.",
    "EVIL.EXAMPLE",
    "localhost.evil.example",
    "evillocalhost",
    "localhost.localstack.cloud.evil.example",
    "evillocalhost.localstack.cloud",
    "127.0.0.1.nip.io",
    "127.0.0.1.evil.example",
    "bucket.s3.amazonaws.com",
    # Browsers turn these into 127.0.0.1 before they send them.
    "2130706433",
    "0177.0.0.1",
    "0x7f000001",
    "127.1",
    "0.0.0.0",
    "192.0.2.1",
    "[2001:db8::1]",
    "[::ffff:192.0.2.1]",
    # Not a host and a port.
    "127.0.0.1@evil.example",
    "evil.example@127.0.0.1",
    "127.0.0.1,evil.example",
    "evil.example, 127.0.0.1",
    "127.0.0.1:4566:4566",
    "127.0.0.1:port",
    "127.0.0.1/evil.example",
    "localhost#.evil.example",
    "local host",
    "localhost..",
    "[::1",
    "[localhost]",
    "*",
    "localhost\u0130",
]
OWN = [
    "localhost",
    "localhost:1",
    "LocalHost:4566",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1.",
    "127.99.0.1:80",
    "[::1]",
    "[::1]:4566",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "localhost.localstack.cloud:4566",
    "bucket.s3.ap-south-1.localhost.localstack.cloud:4566",
    "bucket.localhost",
    "my.bucket_1.s3.localhost:4566",
    "host.docker.internal",
    socket.gethostname(),
]


@pytest.mark.parametrize("host", FOREIGN)
def test_foreign_host_is_refused(host: str) -> None:
    assert not AllowedHosts(["localhost", "localhost.localstack.cloud"]).allow(host)


@pytest.mark.parametrize("host", [None, "", " ", ":4566", ".", "a" * 100_000 + "!"])
def test_text_that_is_no_host_is_refused(host: str | None) -> None:
    assert not AllowedHosts(["", " ", "."]).allow(host)


@pytest.mark.parametrize("host", [*FOREIGN[:15], "127.0.0.1,evil.example"])
def test_gateway_refuses_a_foreign_host(send: Send, host: str) -> None:
    status, text = send("GET", HEALTH, host=host)
    assert (status, REFUSED in text) == (403, True)
    assert "access-control" not in text.lower()


@pytest.mark.parametrize("host", OWN)
def test_gateway_serves_its_own_hosts(send: Send, host: str) -> None:
    status, text = send("GET", HEALTH, host=host)
    assert status == 200, text


@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("http://127.0.0.1:4566", False),
        ("https://localhost", False),
        ("http://evil.example", True),
        ("http://http://127.0.0.1", True),
    ],
)
def test_url_as_host_counts_as_its_host(send: Send, host: str, refused: bool) -> None:
    """AWS serves clients that send the endpoint's URL as Host; LocalStack's tests were recorded with such a one."""
    assert (REFUSED in send("POST", "/", [("X-Amz-Target", "Kinesis_20131202.ListStreams")], host=host)[1]) is refused


def test_gateway_serves_function_urls(send: Send) -> None:
    status, text = send("GET", HEALTH, host="0abc.lambda-url.ap-south-1.localhost")
    assert (status, '{"Message": null}' in text) == (403, True), "no function has this URL, whatever the path"


def test_own_address_is_served(send: Send) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; chooses the address that other machines see
        address = probe.getsockname()[0]
    assert send("GET", HEALTH, host=f"{address}:4566")[0] == 200


@pytest.mark.parametrize(
    "target",
    [
        "/",
        HEALTH,
        "/_localstack/plugins",
        "/_pipeline/iam/denials",
        "/_pipeline/faults",
        "/_aws/sqs/messages",
        "/v2/",
        "/v2/repository/manifests/latest",
        "/2015-03-31/functions",
        "/bucket/key",
        "/?Action=CreateUser&UserName=mallory",
        "/no/such/route",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_every_route_is_guarded(send: Send, method: str, target: str) -> None:
    status, text = send(method, target, host="evil.example")
    assert (status, REFUSED in text) == (403, True)


def test_nothing_is_done_for_a_foreign_host(send: Send, localstack: Any) -> None:
    scope = "test/20260101/us-east-1/iam/aws4_request"
    headers = [
        ("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ]
    body = b"Action=CreateUser&Version=2010-05-08&UserName=rebound"
    assert send("POST", "/", headers, body, host="evil.example")[0] == 403
    assert "rebound" not in json.dumps(localstack.client("iam").list_users(), default=str)


def test_request_without_a_host_is_refused(send: Send) -> None:
    assert send("GET", HEALTH, host=None)[0] == 403


@pytest.mark.parametrize("hosts", [("127.0.0.1", "evil.example"), ("evil.example", "127.0.0.1"), ("localhost",) * 2])
def test_two_host_headers_are_refused(send: Send, hosts: tuple[str, str]) -> None:
    assert send("GET", HEALTH, [("Host", hosts[1])], host=hosts[0])[0] in (400, 403)


def test_host_in_the_request_line_counts_as_well(send: Send) -> None:
    assert send("GET", f"http://evil.example{HEALTH}")[0] == 403
    assert send("GET", f"http://localhost@evil.example{HEALTH}")[0] == 403
    assert send("GET", f"http://localhost{HEALTH}", host="evil.example")[0] == 403
    assert send("GET", f"http://localhost{HEALTH}")[0] == 200


def test_websocket_is_refused(send: Send) -> None:
    upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    assert send("GET", "/_localstack/health", upgrade, host="evil.example")[0] == 403
    assert send("GET", "/_localstack/health", [*upgrade, ("Origin", "http://evil.example")])[0] == 403


def test_http2_is_guarded(send_http2: Callable[..., int], localstack: Any) -> None:
    own = urlsplit(localstack.endpoint_url).netloc
    assert send_http2([(":authority", own), (":path", HEALTH)]) == 200
    assert send_http2([(":authority", "evil.example"), (":path", HEALTH)]) == 403
    assert send_http2([(":authority", own), (":path", HEALTH), ("host", "evil.example")]) in (0, 403)
    assert send_http2([(":path", HEALTH), ("host", "evil.example")]) == 403


@pytest.mark.long_proof
def test_setting_adds_names(start_localstack: Callable[..., Any], send: Send) -> None:
    other = start_localstack(PIPELINE_ALLOWED_HOSTS=" localstack, .aws.test ,", LOCALSTACK_HOST="emulator.lan:4566")
    for host in ("localstack:4566", "aws.test", "bucket.s3.aws.test", "emulator.lan", "x.emulator.lan:80", "localhost"):
        assert send("GET", HEALTH, host=host, where=other)[0] == 200, host
    for host in ("evil.example", "aws.test.evil.example", "localstack.evil.example"):
        assert send("GET", HEALTH, host=host, where=other)[0] == 403, host


def test_in_a_container_the_engines_machine_is_an_address_of_the_emulator(tmp_path: Path) -> None:
    routes = tmp_path / "route"
    routes.write_text(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    )
    assert hosts.engine_addresses(routes) == ["172.17.0.1"]
    allowed = AllowedHosts(hosts.engine_addresses(routes))
    assert allowed.allow("172.17.0.1:32768")
    assert not allowed.allow("172.17.0.2:32768")
    routes.write_text("a header\nnot a route\n")
    assert hosts.engine_addresses(routes) == hosts.engine_addresses(tmp_path / "missing") == []
