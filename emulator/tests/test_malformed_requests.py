"""Malformed requests get AWS's errors 400, never a 500: cases by protocol, and a fuzzer over botocore's models."""

import base64
import copy
import http.client
import json
import random
import re
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from botocore.serialize import create_serializer
from localstack.aws.spec import load_service

pytestmark = pytest.mark.local_only

REGION = "ap-south-1"
SERVICES = ("kinesis", "lambda", "ecr", "s3", "sqs", "logs", "iam")
ANSWER_SECONDS = 60.0
# Core's answer for an operation it does not have, and the two documented errors of a service under load.
DOCUMENTED = {501, 503}


@dataclass
class Raw:
    """A request as it goes over the wire."""

    service: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def command(self, endpoint: str) -> str:
        """Return it as something to paste into a shell."""
        headers = "".join(f" -H {shlex.quote(f'{name}: {value}')}" for name, value in self.signed().items())
        body = f"base64 -d <<< {base64.b64encode(self.body).decode()} | "
        return f"{body}curl -i -X {self.method}{headers} --data-binary @- {shlex.quote(endpoint + self.path)}"

    def signed(self) -> dict[str, str]:
        """Return the headers with those by which LocalStack finds the service and the caller."""
        scope = f"test/20260101/{REGION}/{self.service}/aws4_request"
        return {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
            "X-Amz-Date": "20260101T000000Z",
            **self.headers,
        }


@dataclass
class Answer:
    status: int
    body: bytes


def send(endpoint: str, request: Raw) -> Answer:
    """Send a request; a LocalStack that does not answer in time raises TimeoutError."""
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=ANSWER_SECONDS)
    try:
        connection.putrequest(request.method, request.path)
        for name, value in request.signed().items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(4096))
    finally:
        connection.close()


def json_request(
    service: str, operation: str, body: bytes | str, content_type: str = "application/x-amz-json-1.1"
) -> Raw:
    target = load_service(service).metadata["targetPrefix"]
    headers = {"X-Amz-Target": f"{target}.{operation}", "Content-Type": content_type}
    return Raw(service, "POST", "/", headers, body.encode() if isinstance(body, str) else body)


def form(service: str, body: str) -> Raw:
    return Raw(service, "POST", "/", {"Content-Type": "application/x-www-form-urlencoded"}, body.encode())


def bad(service: str, operation: str, body: bytes | str, *content_type: str) -> tuple[Raw, str, int]:
    """Return a case of the error of the JSON protocols."""
    return json_request(service, operation, body, *content_type), "SerializationException", 400


CBOR = "application/x-amz-cbor-1.1"
CASES = {
    "json: truncated": bad("kinesis", "PutRecord", '{"StreamName": "a'),
    "json: not UTF-8": bad("kinesis", "PutRecord", b'{"StreamName": "\xff"}'),
    "json: a lone surrogate": bad("kinesis", "CreateStream", '{"StreamName": "\\ud800", "ShardCount": 1}'),
    "json: a list": bad("logs", "CreateLogGroup", "[]"),
    "json: a string": bad("ecr", "DescribeRepositories", '"a"'),
    "json: deeply nested": bad("ecr", "DescribeRepositories", "[" * 100_000),
    "json: a number for a string": bad("kinesis", "DescribeStream", '{"StreamName": 5}'),
    "json: a list for a string": bad("logs", "CreateLogGroup", '{"logGroupName": ["a"]}'),
    "json: an object for a string": bad("ecr", "CreateRepository", '{"repositoryName": {}}'),
    "json: text for a number": bad("kinesis", "CreateStream", '{"StreamName": "a", "ShardCount": "1"}'),
    "json: a fraction for a number": bad("kinesis", "CreateStream", '{"StreamName": "a", "ShardCount": 1.5}'),
    "json: a huge number": bad("kinesis", "CreateStream", '{"StreamName": "a", "ShardCount": 1e400}'),
    "json: a boolean for a number": bad("kinesis", "CreateStream", '{"StreamName": "a", "ShardCount": true}'),
    "json: text for a boolean": bad("ecr", "DeleteRepository", '{"repositoryName": "aa", "force": "yes"}'),
    "json: text for a list": bad("ecr", "DescribeRepositories", '{"repositoryNames": "aa"}'),
    "json: an object for a list": bad("ecr", "DescribeRepositories", '{"repositoryNames": {"a": "b"}}'),
    "json: a list for a map": bad("kinesis", "AddTagsToStream", '{"StreamName": "a", "Tags": ["a"]}'),
    "json: text for a time": bad("kinesis", "ListShards", '{"StreamName": "a", "StreamCreationTimestamp": "now"}'),
    "json: a time beyond the calendar": (
        json_request("kinesis", "ListShards", '{"StreamCreationTimestamp": 1e300}'), "InvalidArgumentException", 400,
    ),
    "json: no base64": bad("kinesis", "PutRecord", '{"StreamName": "a", "PartitionKey": "a", "Data": "a"}'),
    "json: an unknown operation": (json_request("kinesis", "PutNothing", "{}"), "UnknownOperationException", 400),
    "json: null": bad("logs", "DescribeDestinations", "null"),
    "json: missing members": (
        json_request("ecr", "BatchGetImage", "{}"), "repositoryName' failed to satisfy constraint", 400,
    ),
    "json: null members": (
        json_request("logs", "CreateLogGroup", '{"logGroupName": null}'), "InvalidParameterException", 400,
    ),
    "query: a missing parameter": (form("iam", "Action=CreateUser&Version=2010-05-08"), "ValidationError", 400),
    "cbor: truncated": bad("kinesis", "PutRecord", b"\xbfjStreamName", CBOR),
    "cbor: a length beyond the body": bad("kinesis", "PutRecord", b"\xa1jStreamName\x7b\x7f" + b"\xff" * 7, CBOR),
    "cbor: a list": bad("kinesis", "PutRecord", b"\x80", CBOR),
    "rest-json: truncated": (
        Raw("lambda", "POST", "/2015-03-31/functions", {"Content-Type": "application/json"}, b'{"FunctionName": "a'),
        "SerializationException",
        400,
    ),
    "rest-json: a list": (Raw("lambda", "POST", "/2015-03-31/functions", {}, b"[]"), "SerializationException", 400),
    "rest-json: null": (Raw("lambda", "POST", "/2015-03-31/functions", {}, b"null"), "SerializationException", 400),
    "rest-json: wrong types": (
        Raw("lambda", "POST", "/2015-03-31/functions", {}, b'{"FunctionName": 1, "Timeout": "x"}'),
        "SerializationException",
        400,
    ),
    "rest-json: text for a number in the query": (
        Raw("lambda", "GET", "/2015-03-31/functions/?MaxItems=many"), "SerializationException", 400,
    ),
    "rest-json: an unknown path": (Raw("lambda", "GET", "/2015-03-31/nothing"), "UnknownOperationException", 404),
    "query: no action": (form("iam", "Version=2010-05-08"), "MissingAction", 400),
    "query: an unknown action": (form("iam", "Action=CreateNothing&Version=2010-05-08"), "InvalidAction", 400),
    "query: text for a number": (form("iam", "Action=ListUsers&MaxItems=many"), "MalformedInput", 400),
    "query: text for a boolean": (
        form("iam", "Action=UpdateLoginProfile&UserName=a&PasswordResetRequired=perhaps"), "MalformedInput", 400,
    ),
    "xml: truncated": (Raw("s3", "PUT", "/fuzz?tagging", {}, b"<Tagging><TagSet>"), "MalformedXML", 400),
    "xml: no XML": (Raw("s3", "PUT", "/fuzz?tagging", {}, b"{}"), "MalformedXML", 400),
    "xml: text for a number": (
        Raw("s3", "PUT", "/fuzz?lifecycle", {}, b"<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status>"
            b"<Expiration><Days>many</Days></Expiration></Rule></LifecycleConfiguration>"), "MalformedXML", 400,
    ),
    "xml: a repeated element": (
        Raw("s3", "PUT", "/fuzz?versioning", {}, b"<VersioningConfiguration><Status>Enabled</Status>"
            b"<Status>Enabled</Status></VersioningConfiguration>"), "MalformedXML", 400,
    ),
    "xml: text for a number in the query": (
        Raw("s3", "GET", "/fuzz?list-type=2&max-keys=many"), "InvalidArgument", 400,
    ),
    "xml: text for a time in a header": (
        Raw("s3", "PUT", "/fuzz/a", {"x-amz-object-lock-retain-until-date": "soon"}),
        "InvalidArgument",
        400,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def endpoint(localstack: Any) -> str:
    """The shared LocalStack, with one resource of each kind by the name that the fuzzer uses."""
    return prepared(localstack)


def prepared(localstack: Any) -> str:
    """Create one resource of each kind; return the endpoint."""
    s3, iam = localstack.client("s3"), localstack.client("iam")
    s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=NAME, Key=NAME, Body=b"content")
    localstack.client("kinesis").create_stream(StreamName=NAME, ShardCount=1)
    localstack.client("logs").create_log_group(logGroupName=NAME)
    localstack.client("ecr").create_repository(repositoryName=NAME)
    localstack.client("sqs").create_queue(QueueName=NAME)
    iam.create_user(UserName=NAME)
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=POLICY)
    return str(localstack.endpoint_url)


@pytest.mark.parametrize(("request_", "code", "status"), CASES.values(), ids=CASES.keys())
def test_a_malformed_request_gets_awss_error(endpoint: str, request_: Raw, code: str, status: int) -> None:
    answer = send(endpoint, request_)
    assert (answer.status, code.encode() in answer.body) == (status, True), f"{answer}\n{request_.command(endpoint)}"


NAME = "fuzz"
HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
TEXTS = [
    *(NAME, NAME, NAME, "", "a", " ", "\x00", "\u00e9\u4e2d\U0001f600", "../../etc/passwd", "a" * 300, "0", "-1"),
    *("{}", POLICY, f"arn:aws:kinesis:{REGION}:000000000000:stream/{NAME}", f"arn:aws:iam::000000000000:role/{NAME}"),
    *("arn:aws:s3:::fuzz", "arn:::", f"http://127.0.0.1/000000000000/{NAME}", "$LATEST", "%00", "%", "a/b", "*", "["),
    *("2026-01-01T00:00:00Z", "sha256:" + "0" * 64),
]  # fmt: skip
WRONG: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**31,
    2**63,
    2**70,
    "",
    "x",
    [],
    [None],
    [[]],
    {},
    {"": None},
    "\ud800",
]


class Generator:
    """Makes requests that follow a service's model, and damages most of them. The same seed makes the same requests."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.models = {name: load_service(name) for name in SERVICES}
        self.serializers = {
            name: create_serializer(model.metadata["protocol"], include_validation=False)
            for name, model in self.models.items()
        }

    def request(self) -> Raw:
        """Return the next request."""
        while True:
            service = self.random.choice(SERVICES)
            model = self.models[service]
            operation = model.operation_model(self.random.choice(model.operation_names))
            values = self._structure(operation.input_shape, 0) if operation.input_shape else {}
            values.pop("WaitTimeSeconds", None)  # a long poll is no hang
            try:
                made = self.serializers[service].serialize_to_request(values, operation)
            except Exception:  # botocore cannot serialize it
                continue
            return self._damaged(self._raw(service, made))

    def _raw(self, service: str, made: dict[str, Any]) -> Raw:
        body = made["body"]
        headers = {str(name): str(value) for name, value in made["headers"].items()}
        if isinstance(body, dict):
            body = urlencode(body, errors="replace")
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        path = made["url_path"] if made["url_path"].startswith("/") else f"/{made['url_path']}"
        path = quote(path.replace("{Bucket}", NAME), safe="/%?&=+:$~")
        if query := made["query_string"]:
            path += ("&" if "?" in path else "?") + urlencode(query, doseq=True, errors="replace")
        content = body.encode(errors="replace") if isinstance(body, str) else bytes(body or b"")
        sendable = {name: _header(value) for name, value in headers.items() if HEADER_NAME.fullmatch(name)}
        return Raw(service, made["method"], path, sendable, content)

    def _damaged(self, request: Raw) -> Raw:
        kind = self.random.randrange(10)
        if kind < 4 and request.body[:1] == b"{" and request.service != "s3":
            document = self._with_wrong_type(json.loads(request.body))
            return Raw(request.service, request.method, request.path, request.headers, json.dumps(document).encode())
        damaged = copy.deepcopy(request)
        if kind < 6 and request.body:
            damaged.body = request.body[: self.random.randrange(len(request.body))]
        elif kind == 6 and request.body:
            at = self.random.randrange(len(request.body))
            damaged.body = request.body[:at] + self.random.randbytes(4) + request.body[at + 4 :]
        elif kind == 7:
            damaged.path = request.path.replace(
                "=", self.random.choice(["", "=%ff", "=\u00e9".encode().hex(), "=="]), 1
            )
        elif kind == 8 and request.headers:
            name = self.random.choice(sorted(request.headers))
            damaged.headers[name] = self.random.choice(
                ["", "x", "-1", "application/x-amz-cbor-1.1", "\xff", "a" * 2000]
            )
        return damaged

    def _with_wrong_type(self, document: Any) -> Any:
        """Replace one value somewhere in a document."""
        places: list[tuple[Any, Any]] = []

        def collect(node: Any) -> None:
            children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
            for key, child in children:
                places.append((node, key))
                collect(child)

        collect(document)
        wrong = self.random.choice(WRONG)
        if not places:
            return wrong
        node, key = self.random.choice(places)
        node[key] = wrong
        return document

    def _structure(self, shape: Any, depth: int) -> dict[str, Any]:
        made = {}
        for name, member in shape.members.items():
            wanted = 0.95 if name in shape.required_members else 0.3 / (depth + 1)
            if self.random.random() < wanted:
                made[name] = self._existing(name) or self._value(member, depth + 1)
        return made

    def _existing(self, name: str) -> str | None:
        """Return what a member of this name often needs for a request to be served."""
        if self.random.random() < 0.3:
            return None
        if name == "QueueUrl":
            return f"http://127.0.0.1/000000000000/{NAME}"
        return NAME if name.lower() in {"bucket", "key", "user", "name"} or name.endswith(("Name", "name")) else None

    def _value(self, shape: Any, depth: int) -> Any:
        match shape.type_name:
            case "structure":
                return self._structure(shape, depth) if depth < 6 else {}
            case "list":
                return (
                    [self._value(shape.member, depth + 1) for _ in range(self.random.randrange(3))] if depth < 6 else []
                )
            case "map":
                keys = [self._value(shape.key, depth + 1) for _ in range(self.random.randrange(3))]
                return {key: self._value(shape.value, depth + 1) for key in keys}
            case "string":
                return self.random.choice(getattr(shape, "enum", None) or TEXTS) if self.random.random() < 0.9 else "x"
            case "integer" | "long":
                least = shape.metadata.get("min", 0)
                return self.random.choice([least, least, least + 1, shape.metadata.get("max", 100), -1, 2**31 - 1])
            case "float" | "double":
                return self.random.choice([0.0, 0.5, -1.0, 1e300])
            case "boolean":
                return self.random.random() < 0.5
            case "timestamp":
                return self.random.choice([0, 1_800_000_000, 4e9])
            case "blob":
                return self.random.choice([b"", b"content", self.random.randbytes(20), b"\x00" * 100])
        return None


def _header(value: str) -> str:
    return "".join(letter for letter in value if letter.isprintable()).encode("latin-1", "replace").decode("latin-1")


def fuzz(localstack: Any, endpoint: str, seed: int, count: int) -> None:
    generator = Generator(seed)
    failures: dict[str, str] = {}
    statuses: dict[int, int] = {}
    for number in range(count):
        request = generator.request()
        began = time.monotonic()
        try:
            answer = send(endpoint, request)
        except (OSError, http.client.HTTPException) as error:
            failures[f"request {number}: {error!r} after {time.monotonic() - began:.1f} s"] = request.command(endpoint)
            assert localstack.process.poll() is None, f"LocalStack ended\n{request.command(endpoint)}"
            continue
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        if answer.status >= 500 and answer.status not in DOCUMENTED:
            what = answer.body.decode(errors="replace")[:400]
            failures.setdefault(what, f"seed {seed}, request {number}\n{request.command(endpoint)}")
    shown = "\n\n".join(f"{what}\n{command}" for what, command in list(failures.items())[:40])
    assert not failures, f"{len(failures)} kinds of failure, statuses {statuses}\n{shown}"
    assert statuses[200] > count / 20, f"too few requests are served to prove much: {statuses}"


def test_some_hundred_malformed_requests(localstack: Any, endpoint: str) -> None:
    fuzz(localstack, endpoint, seed=14, count=400)


@pytest.mark.long_proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(10))
def test_twenty_thousand_malformed_requests(start_localstack: Callable[..., Any], seed: int) -> None:
    localstack = start_localstack()
    fuzz(localstack, prepared(localstack), seed, 2_000)
