"""What is served fast is refused as by the usual way: signature, clock, key, token, permission, host."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.credentials import Credentials

pytestmark = pytest.mark.local_only

STREAM = "arn:aws:kinesis:ap-south-1:000000000000:stream/missing"
TYPE = {"Content-Type": "application/x-amz-json-1.1"}
# Service, target, headers and body of requests for what does not exist: who gets that error was let through.
REQUESTS: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "PutRecord": (
        "kinesis",
        "/",
        {"X-Amz-Target": "Kinesis_20131202.PutRecord", **TYPE},
        json.dumps({"StreamARN": STREAM, "Data": "aGk=", "PartitionKey": "k"}).encode(),
    ),
    "SubscribeToShard": (
        "kinesis",
        "/",
        {"X-Amz-Target": "Kinesis_20131202.SubscribeToShard", **TYPE},
        json.dumps(
            {
                "ConsumerARN": f"{STREAM}/consumer/c:1",
                "ShardId": "shardId-000000000000",
                "StartingPosition": {"Type": "LATEST"},
            }
        ).encode(),
    ),
    "Invoke": ("lambda", "/2015-03-31/functions/missing/invocations", {}, b"{}"),
    "Invoke an event": (
        "lambda",
        "/2015-03-31/functions/missing/invocations?Qualifier=1",
        {"X-Amz-Invocation-Type": "Event"},
        b"{}",
    ),
}

type Sent = Callable[..., tuple[int, str]]


@pytest.fixture(params=REQUESTS)
def sent(request: pytest.FixtureRequest, sender: Any) -> Sent:
    """Return a function that sends a request both ways, and returns the status, and the headers and body as text."""
    service, target, own, body = REQUESTS[request.param]

    def send(change: Callable[[dict[str, str]], dict[str, str]] = dict, **how: Any) -> tuple[int, str]:
        headers = change(sender.signed_for(service, target, own, body, **how))
        status, found, content = sender.compare(headers, body, target)
        return status, f"{found} {content}"

    return send


def test_a_permitted_user_may_and_another_may_not(sent: Sent, users: Mapping[str, Credentials]) -> None:
    for who in ("able", "session"):
        assert "ResourceNotFoundException" in sent(who=users[who])[1]
    status, text = sent(who=users["none"])
    assert (status in (400, 403), "AccessDeniedException" in text) == (True, True)


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_skewed_clock_is_refused(sent: Sent, users: Mapping[str, Credentials], minutes: int) -> None:
    assert "InvalidSignatureException" in sent(who=users["able"], at=datetime.now(UTC) + timedelta(minutes=minutes))[1]


def _other_signature(headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "Authorization": re.sub("Signature=.*", f"Signature={'0' * 64}", headers["Authorization"])}


def _without_token(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "X-Amz-Security-Token"}


@pytest.mark.parametrize(
    ("who", "change", "code"),
    [
        ("able", _other_signature, "InvalidSignatureException"),
        ("able", lambda of: {**of, "Host": "localhost"}, "InvalidSignatureException"),
        ("able", lambda of: {**of, "X-Amz-Security-Token": "x"}, "UnrecognizedClientException"),
        ("session", _without_token, "UnrecognizedClientException"),
        ("session", lambda of: {**of, "X-Amz-Security-Token": "x"}, "UnrecognizedClientException"),
    ],
)
def test_a_request_that_was_not_signed_so_is_refused(
    sent: Sent,
    users: Mapping[str, Credentials],
    who: str,
    change: Callable[[dict[str, str]], dict[str, str]],
    code: str,
) -> None:
    assert code in sent(change, who=users[who])[1]


def test_an_operation_that_was_not_signed_is_refused(sender: Any, users: Mapping[str, Credentials]) -> None:
    service, target, own, body = REQUESTS["PutRecord"]
    headers = sender.signed_for(service, target, own, body, who=users["able"])
    other = {**headers, "X-Amz-Target": "Kinesis_20131202.GetRecords"}
    assert "InvalidSignatureException" in str(sender.compare(other, body))


@pytest.mark.parametrize(
    "target", ["/2015-03-31/functions/other/invocations", "/2015-03-31/functions/missing/invocations?Qualifier=2"]
)
def test_a_function_that_was_not_signed_is_refused(sender: Any, users: Mapping[str, Credentials], target: str) -> None:
    service, signed, own, body = REQUESTS["Invoke"]
    headers = sender.signed_for(service, signed, own, body, who=users["able"])
    assert "InvalidSignatureException" in str(sender.compare(headers, body, target))


def test_a_body_that_was_not_signed_is_refused(sender: Any, users: Mapping[str, Credentials]) -> None:
    service, target, own, body = REQUESTS["Invoke"]
    headers = sender.signed_for(service, target, own, body, who=users["able"])
    assert "InvalidSignatureException" in str(sender.compare(headers, b"[]", target))


def test_an_unknown_key_is_refused(sent: Sent) -> None:
    assert "UnrecognizedClientException" in sent(who=Credentials("AKIAUNKNOWNUNKNOWN00", "x"))[1]


def test_an_address_of_another_machine_is_refused(sent: Sent) -> None:
    assert sent(lambda of: {**of, "Host": "198.51.100.7"})[0] == 403
