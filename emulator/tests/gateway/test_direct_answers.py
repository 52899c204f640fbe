"""Requests that carry records are answered without core's chain, unless a handler there has to see them."""

import json
import logging
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from localstack.aws import handlers
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.core import ServiceOperation
from localstack.runtime import events

from pipeline_emulator.faults import requests as faults
from pipeline_emulator.faults.rules import FAULTS, Rule
from pipeline_emulator.gateway import hosts
from pipeline_emulator.gateway.browsers import Guard
from pipeline_emulator.gateway.fast.direct import DirectAnswers
from pipeline_emulator.gateway.fast.received import Received
from pipeline_emulator.gateway.fast.request_head import recognised

pytestmark = pytest.mark.local_only

BODY = json.dumps({"StreamName": "s", "Data": "aGk=", "PartitionKey": "k"}).encode()
SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/ap-south-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"
PLAIN = {
    "Host": "127.0.0.1:4566",
    "X-Amz-Target": "Kinesis_20131202.PutRecord",
    "Content-Type": "application/x-amz-json-1.1",
    "Authorization": SIGNED,
}
type Answers = Callable[..., bytes | None]


@pytest.fixture
def seen() -> list[RequestContext]:
    """The contexts in which the operation was called."""
    return []


@pytest.fixture
def answers(seen: list[RequestContext], monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Return a function that answers a request with changed headers, by an operation that returns what it was given."""

    def operation(context: RequestContext, request: Mapping[str, Any]) -> Mapping[str, Any]:
        seen.append(context)
        if request["PartitionKey"] == "bad":
            raise CommonServiceException("Refused", "as asked", status_code=400)
        return {"SequenceNumber": request["PartitionKey"]}

    route = SimpleNamespace(skeleton=SimpleNamespace(dispatch_table={"PutRecord": operation}))
    gateway = SimpleNamespace(
        request_handlers=[Guard(hosts.allowed())],
        service_request_router=SimpleNamespace(handlers={ServiceOperation("kinesis", "PutRecord"): route}),
        exception_handlers=[handlers.handle_service_exception],
        finalizers=[],
    )
    monkeypatch.setattr("localstack.config.DISABLE_EVENTS", True)
    monkeypatch.setattr(handlers.serve_custom_service_request_handlers, "handlers", [])
    direct = DirectAnswers(gateway, [])
    ends = SimpleNamespace(host="127.0.0.1", port=1), SimpleNamespace(host="127.0.0.1", port=4566), False

    def answer(body: bytes = BODY, **headers: str) -> bytes | None:
        lines = [f"{name}: {value}" for name, value in (PLAIN | headers | {"Content-Length": str(len(body))}).items()]
        head = recognised("\r\n".join(["POST / HTTP/1.1", *lines]).encode())
        assert head
        return direct.answer(Received(SimpleNamespace(ends=ends), head, body))

    return answer


def test_a_request_is_answered(answers: Answers, seen: list[RequestContext]) -> None:
    answer = answers()
    assert answer is not None
    head, _, body = answer.partition(b"\r\n\r\n")
    assert (head.startswith(b"HTTP/1.1 200 OK\r\n"), json.loads(body)) == (True, {"SequenceNumber": "k"})
    [context] = seen
    assert (context.account_id, context.region, context.partition) == ("000000000000", "ap-south-1", "aws")
    assert str(context.request_id).encode() in head


def test_an_error_of_the_service(answers: Answers, seen: list[RequestContext]) -> None:
    answer = answers(BODY.replace(b'"k"', b'"bad"'))
    assert answer is not None
    assert answer.startswith(b"HTTP/1.1 400 BAD REQUEST\r\n")
    assert b'"as asked"' in answer
    assert len(seen) == 1


def test_handlers_of_all_services_see_the_request(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_chain: Any, context: Any, _response: Any) -> Any:
        raise CommonServiceException("Refused", f"by {context.operation.name} from {context.request.headers['Host']}")

    monkeypatch.setattr(handlers.serve_custom_service_request_handlers, "handlers", [refuse])
    answer = answers()
    assert answer is not None
    assert b"by PutRecord from 127.0.0.1:4566" in answer


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY, {"Content-Type": "application/x-amz-cbor-1.1"}),
        (BODY, {"Authorization": SIGNED.replace("ap-south-1", "nowhere-1")}),
        (BODY, {"X-Amz-Target": "Kinesis_20131202.GetRecords"}),  # its service is not loaded
        (BODY, {"Host": "198.51.100.7"}),
        (b"{}", {}),
        (b"no JSON", {}),
    ],
)
def test_other_requests_take_the_chain(
    answers: Answers, seen: list[RequestContext], body: bytes, headers: dict[str, str]
) -> None:
    assert answers(body, **headers) is None
    assert not seen


def test_with_fault_rules_requests_take_the_chain(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REFUSE_REQUESTS", "LOSE_ANSWERS"):
        monkeypatch.setattr(f"pipeline_emulator.patches.{name}", SimpleNamespace(append=lambda _: None))
    monkeypatch.setattr("pipeline_emulator.gateway.hooks.sees_requests._subscribers", ())
    faults.install()
    assert answers() is not None
    FAULTS.replace([Rule(point="kinesis:PutRecord", effect="error")])
    try:
        assert answers() is None
    finally:
        FAULTS.replace([])
    assert answers() is not None


def test_while_core_stops_requests_take_the_chain(answers: Answers) -> None:
    events.infra_stopping.set()
    try:
        assert answers() is None
    finally:
        events.infra_stopping.clear()


def test_a_log_with_whole_requests_is_written_by_the_chain(answers: Answers) -> None:
    logger = logging.getLogger("localstack.request.aws")
    before = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        assert answers() is None
    finally:
        logger.setLevel(before)
