"""Requests that are served fast have the same answers, errors and headers as by the usual way, and the same refusals.

Each request is sent twice: as an SDK sends it, and with a header that no SDK sends, which takes the usual way.
"""

import base64
import http.client
import json
import re
import socket
import ssl
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock, patch
from urllib.parse import urlsplit

import boto3
import cbor2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import ListShape, Shape, StringShape, StructureShape
from cbor2 import _decoder
from hypothesis import given
from hypothesis import strategies as st
from localstack.aws.spec import load_service
from rolo.serving.twisted import HeaderPreservingHTTPChannel

from pipeline_emulator.gateway import hooks
from pipeline_emulator.gateway.fast import messages
from pipeline_emulator.gateway.fast.channel import FastHTTPChannel
from pipeline_emulator.gateway.fast.request_head import OPERATIONS, recognised

pytestmark = pytest.mark.local_only

REGION = "ap-south-1"
JSON, CBOR = "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"
USUAL = {"X-Usual-Way": "1"}
STREAM = f"fast-{uuid.uuid4().hex[:8]}"
SERVICE = load_service("kinesis")
ROOT = Credentials("test", "test")
# Differ from one request to the next.
VARYING = {"SequenceNumber", "ShardIterator", "NextShardIterator", "MillisBehindLatest"}
CHANGING = {"date", "x-amzn-requestid", "content-length"}

type Answer = tuple[int, dict[str, str], Any]


class Sender:
    """Sends signed requests on one connection, each both ways."""

    def __init__(self, endpoint: str) -> None:
        self.authority = urlsplit(endpoint).netloc
        self.connection = http.client.HTTPConnection(self.authority, timeout=60)

    def signed(
        self,
        operation: str,
        body: bytes,
        mime: str = JSON,
        who: Credentials = ROOT,
        at: datetime | None = None,
        service: str = "kinesis",
    ) -> dict[str, str]:
        """Return the headers of a request."""
        headers = {
            "Host": self.authority,
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
            "Content-Type": mime,
            "User-Agent": "Boto3/1.42",
        }
        request = AWSRequest("POST", f"http://{self.authority}/", headers=headers, data=body)
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

    def send(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request; return status, headers and what its body says."""
        self.connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(body)
        response = self.connection.getresponse()
        content, found = response.read(), {name.lower(): value for name, value in response.getheaders()}
        assert {"date", "content-length"} <= found.keys()
        return response.status, found, _content(found.get("content-type", ""), content)

    def compare(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request both ways and return the answer, which must be the same."""
        lines = [f"{name}: {value}" for name, value in headers.items()]
        assert recognised("\r\n".join(["POST / HTTP/1.1", *lines]).encode()), "it would not be served fast"
        fast = self.send(headers, body)
        usual = self.send({**headers, **USUAL}, body)
        assert _comparable(fast) == _comparable(usual)
        assert fast[1].keys() == usual[1].keys()
        return fast


def _content(mime: str, content: bytes) -> Any:
    if mime == CBOR:
        with patch.dict(_decoder.semantic_decoders):  # milliseconds here, which tag 1 does not mean elsewhere
            del _decoder.semantic_decoders[1]
            return _decoder.loads(content)
    return json.loads(content) if content and "json" in mime else content


_NOW = re.compile(r"\d{8}T\d{6}Z|(?<=currentTimestampInMillis: )\d+")  # in the texts of errors


def _comparable(answer: Answer) -> Any:
    status, headers, content = answer
    kept = {name: value for name, value in headers.items() if name not in CHANGING}
    return status, kept, _without_varying(content)


def _without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        varies = VARYING if "Data" not in value else set()  # records are the same both times
        return {name: bool(part) if name in varies else _without_varying(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_varying(part) for part in value]
    return _NOW.sub("TIME", value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def stack(localstack: Any) -> Iterator[Any]:
    """The shared LocalStack with a stream of three shards; a record of each kind is in it."""
    kinesis = localstack.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=3)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    for number, data in enumerate([b"", b"\x00\xff", "é".encode(), b'{"a": 1}', b"x" * 1000]):
        kinesis.put_record(StreamName=STREAM, Data=data or b"0", PartitionKey=f"k\N{SNOWMAN}{number}")
    yield localstack
    kinesis.delete_stream(StreamName=STREAM)


@pytest.fixture(scope="module")
def sender(stack: Any) -> Iterator[Sender]:
    sender = Sender(stack.endpoint_url)
    yield sender
    sender.connection.close()


@pytest.fixture(scope="module")
def iterators(stack: Any) -> list[str]:
    """An iterator at the beginning of each shard, one at an end, and one that nobody has issued."""
    kinesis = stack.client("kinesis")

    def iterator(shard: int, kind: str) -> str:
        name = f"shardId-{shard:012}"
        found = kinesis.get_shard_iterator(StreamName=STREAM, ShardId=name, ShardIteratorType=kind)
        return str(found["ShardIterator"])

    return [*(iterator(shard, "TRIM_HORIZON") for shard in range(3)), iterator(0, "LATEST"), "AAAA"]


def test_the_decoders_know_all_members_of_the_model() -> None:
    assert {each.__name__ for each in messages.PARAMETERS} == OPERATIONS
    for each in messages.PARAMETERS:
        shape = SERVICE.operation_model(each.__name__).input_shape
        assert shape is not None
        assert each.__annotations__.keys() == shape.members.keys(), each.__name__


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "StreamName": st.sampled_from([STREAM, STREAM, STREAM, "missing", ""]),
    "StreamARN": st.sampled_from(
        [f"arn:aws:kinesis:{REGION}:000000000000:stream/{STREAM}", f"arn:aws:kinesis:us-east-1:0:stream/{STREAM}", "a"]
    ),
    "PartitionKey": st.text(min_size=1, max_size=5) | st.text(min_size=255, max_size=257),
    "ExplicitHashKey": st.sampled_from(["0", "1", str(2**128 - 1), str(2**128), "-1", "01", "a", ""]),
    "ShardId": st.sampled_from([f"shardId-{n:012}" for n in range(4)] + ["shardId-1", "a"]),
    "ShardIteratorType": st.sampled_from(
        ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "NONE"]
    ),
    "Limit": st.integers(-1, 10_001) | st.sampled_from([1.0, 1.5, 2**31, -(2**31) - 1]),
    "Timestamp": st.floats(0, 2e9) | st.integers(0, 10**15) | st.sampled_from([-1, 1e300, 0.0015]),
}


def _value(shape: Shape) -> st.SearchStrategy[Any]:
    """Return valid and invalid values of a shape, as Python objects with bytes."""
    if isinstance(shape, StructureShape):
        return _structure(shape)
    if isinstance(shape, ListShape):
        return st.lists(_value(shape.member), max_size=4)
    if isinstance(shape, StringShape):
        return st.text(max_size=8) | st.from_regex(r"[0-9]{1,56}", fullmatch=True)
    return st.binary(max_size=40) if shape.type_name == "blob" else st.integers(-5, 5)


def _structure(shape: StructureShape) -> st.SearchStrategy[Any]:
    usual = {name: LIKELY.get(name, _value(member)) for name, member in shape.members.items()}
    needed = {name: usual[name] for name in {*shape.required_members, *({"StreamName"} & usual.keys())}}
    optional = {name: usual[name] for name in usual.keys() - needed.keys() - {"StreamId"}}
    common = st.fixed_dictionaries(needed, optional=optional)
    odd = st.tuples(common, st.sampled_from([*usual, "Unknown"]), JUNK).map(lambda of: {**of[0], of[1]: of[2]})
    missing = st.tuples(common, st.sampled_from(sorted(needed))).map(
        lambda of: {name: value for name, value in of[0].items() if name != of[1]}
    )
    return common | common | odd | missing


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


@pytest.mark.property
@pytest.mark.parametrize("mime", [JSON, CBOR])
@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_requests_made_from_the_model_have_the_same_answers(
    operation: str, mime: str, sender: Sender, iterators: list[str]
) -> None:
    shape = SERVICE.operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)

    @given(_structure(shape), st.sampled_from(iterators))
    def same(parameters: dict[str, Any], iterator: str) -> None:
        if operation == "GetRecords" and isinstance(parameters.get("ShardIterator"), str):
            parameters = {**parameters, "ShardIterator": iterator}
        body = cbor2.dumps(parameters) if mime == CBOR else json.dumps(_plain(parameters)).encode()
        status, _, _ = sender.compare(sender.signed(operation, body, mime), body)
        assert status in (200, 400)

    same()


@pytest.mark.property
@given(change=st.tuples(st.integers(0, 200), st.binary(max_size=3)))
def test_damaged_json_has_the_same_answers(sender: Sender, change: tuple[int, bytes]) -> None:
    at, bytes_ = change
    whole = json.dumps({"StreamName": STREAM, "Records": [{"Data": "aGk=", "PartitionKey": "k", "Unknown": "u"}]})
    body = whole.encode()[:at] + bytes_ + whole.encode()[at + 1 :]
    sender.compare(sender.signed("PutRecords", body), body)


@pytest.mark.parametrize(
    "data",
    ["", "a", "aGk", "aGk=", "aGl=", "aGk==", "a-_=", "aGk\\u003d", "aG k=", "aGk=\\n", "\\ud800", "aGk=aGk="],
)
def test_base64_is_read_alike(sender: Sender, data: str) -> None:
    body = f'{{"StreamName": "{STREAM}", "PartitionKey": "k", "Data": "{data}"}}'.encode()
    sender.compare(sender.signed("PutRecord", body), body)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b"[]",
        b"\xef\xbb\xbf{}",
        b'{"x": "\xff", "StreamName": "a", "Data": "", "PartitionKey": "k"}',
        b'{"x": NaN, "StreamName": "a", "Data": "", "PartitionKey": "k"}',
        b'{"x": 1e999, "StreamName": "a", "Data": "", "PartitionKey": "k"}',
        b'{"x": ' + b"[" * 100_000 + b"}",
        b'{"StreamName": "a", "StreamName": "b", "Data": "", "PartitionKey": "k"}',
        b'{"StreamName": "a", "Data": "", "PartitionKey": "k"} x',
    ],
    ids=lambda body: str(body[:30]),
)
def test_odd_json_is_read_alike(sender: Sender, body: bytes) -> None:
    sender.compare(sender.signed("PutRecord", body), body)


# Security: the same refusals.


@pytest.fixture(scope="module")
def users(stack: Any) -> Mapping[str, Credentials]:
    """A user who may put, one who may do nothing, and a session of the first."""
    iam = stack.client("iam")

    def user(name: str, *actions: str) -> Credentials:
        iam.create_user(UserName=name)
        statement = [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}] if actions else []
        if statement:
            document = json.dumps({"Version": "2012-10-17", "Statement": statement})
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    able = user(f"able-{STREAM}", "kinesis:PutRecord", "sts:GetSessionToken")
    sts = boto3.client(
        "sts",
        endpoint_url=stack.endpoint_url,
        region_name=REGION,
        aws_access_key_id=able.access_key,
        aws_secret_access_key=able.secret_key,
    )
    of = sts.get_session_token()["Credentials"]
    session = Credentials(of["AccessKeyId"], of["SecretAccessKey"], of["SessionToken"])
    return {"able": able, "none": user(f"none-{STREAM}"), "session": session}


BODY = json.dumps({"StreamName": STREAM, "Data": "aGk=", "PartitionKey": "k"}).encode()


def test_a_permitted_user_may_and_another_may_not(sender: Sender, users: Mapping[str, Credentials]) -> None:
    assert sender.compare(sender.signed("PutRecord", BODY, who=users["able"]), BODY)[0] == 200
    assert sender.compare(sender.signed("PutRecord", BODY, who=users["session"]), BODY)[0] == 200
    status, _, content = sender.compare(sender.signed("PutRecord", BODY, who=users["none"]), BODY)
    assert (status, content["__type"]) == (400, "AccessDeniedException")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_skewed_clock_is_refused(sender: Sender, users: Mapping[str, Credentials], minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    status, _, content = sender.compare(sender.signed("PutRecord", BODY, who=users["able"], at=at), BODY)
    assert (status, content["__type"]) == (400, "InvalidSignatureException")


def _other_signature(headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "Authorization": re.sub("Signature=.*", f"Signature={'0' * 64}", headers["Authorization"])}


def _without_token(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "X-Amz-Security-Token"}


@pytest.mark.parametrize(
    ("who", "change", "code"),
    [
        ("able", _other_signature, "InvalidSignatureException"),
        ("able", lambda of: {**of, "X-Amz-Target": "Kinesis_20131202.GetRecords"}, "InvalidSignatureException"),
        ("able", lambda of: {**of, "Host": "localhost"}, "InvalidSignatureException"),
        ("able", lambda of: {**of, "X-Amz-Security-Token": "x"}, "UnrecognizedClientException"),
        ("session", _without_token, "UnrecognizedClientException"),
        ("session", lambda of: {**of, "X-Amz-Security-Token": "x"}, "UnrecognizedClientException"),
    ],
)
def test_a_request_that_was_not_signed_so_is_refused(
    sender: Sender,
    users: Mapping[str, Credentials],
    who: str,
    change: Callable[[dict[str, str]], dict[str, str]],
    code: str,
) -> None:
    status, _, content = sender.compare(change(sender.signed("PutRecord", BODY, who=users[who])), BODY)
    assert (status, content["__type"]) == (400, code)


def test_an_unknown_key_is_refused(sender: Sender) -> None:
    who = Credentials("AKIAUNKNOWNUNKNOWN00", "x")
    status, _, content = sender.compare(sender.signed("PutRecord", BODY, who=who), BODY)
    assert (status, content["__type"]) == (400, "UnrecognizedClientException")


def test_an_address_of_another_machine_is_refused(sender: Sender) -> None:
    headers = {**sender.signed("PutRecord", BODY), "Host": "198.51.100.7"}
    assert sender.compare(headers, BODY)[0] == 403


def test_requests_are_logged(stack: Any, sender: Sender) -> None:
    before = stack.log().count("AWS kinesis.PutRecord => 200")
    sender.send(sender.signed("PutRecord", BODY), BODY)
    assert stack.log().count("AWS kinesis.PutRecord => 200") == before + 1


# On the connection.


def _bytes(headers: Mapping[str, str], body: bytes) -> bytes:
    lines = ["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _answers(link: socket.socket, count: int) -> list[tuple[int, bytes]]:
    found = []
    with link.makefile("rb") as stream:
        for _ in range(count):
            status = int(stream.readline().split()[1])
            headers = http.client.parse_headers(stream)
            found.append((status, stream.read(int(headers["Content-Length"]))))
    return found


@pytest.fixture
def link(sender: Sender) -> Iterator[socket.socket]:
    host, _, port = sender.authority.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def test_a_request_may_arrive_in_pieces(sender: Sender, link: socket.socket) -> None:
    for byte in _bytes(sender.signed("PutRecord", BODY), BODY):
        link.sendall(bytes([byte]))
    [(status, content)] = _answers(link, 1)
    assert (status, "SequenceNumber" in json.loads(content)) == (200, True)


def test_requests_that_do_not_wait_are_answered_in_their_order(sender: Sender, link: socket.socket) -> None:
    records = json.dumps({"StreamName": STREAM, "Records": [{"Data": "aGk=", "PartitionKey": "k"}]}).encode()
    put, many = sender.signed("PutRecord", BODY), sender.signed("PutRecords", records)
    link.sendall(_bytes(put, BODY) + _bytes({**many, **USUAL}, records) + _bytes(many, records) + _bytes(put, BODY))
    kinds = [(status, "FailedRecordCount" in json.loads(content)) for status, content in _answers(link, 4)]
    assert kinds == [(200, False), (200, True), (200, True), (200, False)]


def test_what_only_begins_like_such_a_request_takes_the_usual_way(link: socket.socket) -> None:
    link.sendall(b"POST / HT")
    link.sendall(b"TP/9.9\r\n\r\n")
    assert link.recv(100).startswith(b"HTTP/1.1 400")


def test_a_request_that_may_have_to_wait_leaves_the_thread_of_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []
    monkeypatch.setattr(hooks, "may_wait", lambda: True)
    usual = Mock()
    monkeypatch.setattr(HeaderPreservingHTTPChannel, "dataReceived", usual)
    request = _bytes(Sender("http://127.0.0.1:1").signed("PutRecord", BODY), BODY)
    channel = FastHTTPChannel(served.append)  # type: ignore[arg-type]
    channel.dataReceived(request[:50])
    channel.dataReceived(request[50:])
    usual.assert_called_once_with(request)
    assert not served


def test_tls_on_the_same_port(sender: Sender) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, _, port = sender.authority.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as plain, context.wrap_socket(plain) as link:
        link.sendall(_bytes(sender.signed("PutRecord", BODY), BODY))
        assert _answers(link, 1)[0][0] == 200
