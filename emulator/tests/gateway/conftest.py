"""Requests as browsers and attackers send them, and requests that SDKs send, each by the fast and by the usual way."""

import http.client
import json
import re
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cbor2 import _decoder

from pipeline_emulator.gateway.fast.request_head import recognised

REGION = "ap-south-1"
JSON, CBOR = "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"
USUAL = {"X-Usual-Way": "1"}  # no SDK sends it
ABLE = ("kinesis:PutRecord", "kinesis:SubscribeToShard", "lambda:InvokeFunction", "sts:GetSessionToken")
ROOT = Credentials("test", "test")
# Differ from one request to the next.
VARYING = {"SequenceNumber", "ShardIterator", "NextShardIterator", "MillisBehindLatest", "x-amz-log-result"}
CHANGING = {"date", "x-amzn-requestid", "x-amz-request-id", "x-amzn-trace-id", "content-length"}

type Headers = Sequence[tuple[str, str]]
type Answer = tuple[int, dict[str, str], Any]


class Sender:
    """Sends signed requests on one connection, each both ways."""

    def __init__(self, endpoint: str) -> None:
        self.authority = urlsplit(endpoint).netloc
        self.connection = http.client.HTTPConnection(self.authority, timeout=60)

    def signed(self, operation: str, body: bytes, mime: str = JSON, **how: Any) -> dict[str, str]:
        """Return the headers of a request to Kinesis."""
        own = {"X-Amz-Target": f"Kinesis_20131202.{operation}", "Content-Type": mime}
        return self.signed_for("kinesis", "/", own, body, **how)

    def signed_for(
        self,
        service: str,
        target: str,
        own: Mapping[str, str],
        body: bytes,
        *,
        who: Credentials = ROOT,
        at: datetime | None = None,
    ) -> dict[str, str]:
        """Return the headers of a request to a service: its own, and those of every request."""
        headers = {"Host": self.authority, "User-Agent": "Boto3/1.42", **own}
        request = AWSRequest("POST", f"http://{self.authority}{target}", headers=headers, data=body)
        signer = SigV4Auth(who, service, REGION)
        time = at or datetime.now(UTC)
        request.context["timestamp"] = time.strftime("%Y%m%dT%H%M%SZ")
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        if who.token:
            request.headers["X-Amz-Security-Token"] = who.token
        text = signer.string_to_sign(request, signer.canonical_request(request))
        names = signer.signed_headers(signer.headers_to_sign(request))
        signature = signer.signature(text, request)
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, Signature={signature}"
        )
        return {**dict(request.headers.items()), "Content-Length": str(len(body))}

    def send(self, headers: Mapping[str, str], body: bytes, target: str = "/") -> Answer:
        """Send a request; return status, headers and what its body says."""
        self.connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(body)
        response = self.connection.getresponse()
        content, found = response.read(), {name.lower(): value for name, value in response.getheaders()}
        assert "date" in found
        assert found.get("content-length") == str(len(content)) or found.get("transfer-encoding") == "chunked"
        return response.status, found, _content(found.get("content-type", ""), content)

    def compare(self, headers: Mapping[str, str], body: bytes, target: str = "/") -> Answer:
        """Send a request both ways and return the answer, which must be the same."""
        lines = [f"{name}: {value}" for name, value in headers.items()]
        assert recognised("\r\n".join([f"POST {target} HTTP/1.1", *lines]).encode()), "it would not be served fast"
        fast = self.send(headers, body, target)
        usual = self.send({**headers, **USUAL}, body, target)
        assert _comparable(fast) == _comparable(usual)
        assert fast[1].keys() == usual[1].keys()
        return fast


def _content(mime: str, content: bytes) -> Any:
    if mime == CBOR:
        with patch.dict(_decoder.semantic_decoders):  # milliseconds here, which tag 1 does not mean elsewhere
            del _decoder.semantic_decoders[1]
            return _decoder.loads(content)
    return json.loads(content) if content and "json" in mime else content


_ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # of a request, in the errors of functions
_PASSING = re.compile(rf"\d{{8}}T\d{{6}}Z|(?<=currentTimestampInMillis: )\d+|{_ID}")  # in texts
_REQUEST_ID = re.compile(_ID.encode())


def _comparable(answer: Answer) -> Any:
    status, headers, content = answer
    kept = {name: value for name, value in headers.items() if name not in CHANGING}
    return status, _without_varying(kept), _without_varying(content)


def _without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        varies = VARYING if "Data" not in value else set()  # records are the same both times
        return {name: bool(part) if name in varies else _without_varying(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_varying(part) for part in value]
    if isinstance(value, bytes):
        return _REQUEST_ID.sub(b"ID", value)
    return _PASSING.sub("-", value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def sender(localstack: Any) -> Iterator[Sender]:
    sender = Sender(localstack.endpoint_url)
    yield sender
    sender.connection.close()


@pytest.fixture(scope="module")
def users(localstack: Any) -> Mapping[str, Credentials]:
    """A user who may send records, one who may do nothing, and a session of the first."""
    iam = localstack.client("iam")

    def user(name: str, *actions: str) -> Credentials:
        iam.create_user(UserName=name)
        statement = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}] if actions else []
        if statement:
            document = json.dumps({"Version": "2012-10-17", "Statement": statement})
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    able = user(f"able-{uuid.uuid4().hex[:8]}", *ABLE)
    sts = boto3.client(
        "sts",
        endpoint_url=localstack.endpoint_url,
        region_name=REGION,
        aws_access_key_id=able.access_key,
        aws_secret_access_key=able.secret_key,
    )
    of = sts.get_session_token()["Credentials"]
    session = Credentials(of["AccessKeyId"], of["SecretAccessKey"], of["SessionToken"])
    return {"able": able, "none": user(f"none-{uuid.uuid4().hex[:8]}"), "session": session}


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
