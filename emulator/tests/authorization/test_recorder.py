"""Allowed requests of a role are recorded on demand and can be evaluated again with other policies."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

ACCOUNT = {"AWS": "arn:aws:iam::000000000000:root"}
LISTS = {"Sid": "Lists", "Action": ["kinesis:ListStreams", "s3:ListAllMyBuckets"], "Resource": "*"}
TAGGED = {
    "Sid": "Tagged",
    "Action": ["kinesis:CreateStream", "kinesis:AddTagsToStream"],
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:RequestTag/Stage": ["one", "two"]}},
}
UNTAGGED = {"Sid": "Untagged", "Action": "kinesis:CreateStream", "Resource": "*"}


@pytest.fixture
def call_api(localstack: Any) -> Iterator[Callable[..., Any]]:
    """Return a function that sends a request to the recorder's API; recording stops afterwards."""

    def request(method: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        url = f"{localstack.endpoint_url}/_pipeline/iam/noted"
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=10) as answer:
            return json.load(answer)

    try:
        yield request
    finally:
        request("DELETE")


def policies(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a POST request."""
    return {
        "policies": {"p": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]}}
    }


def refused(answer: Any) -> list[tuple[str, str]]:
    """Return label and action of each entry in a response."""
    return [(each["during"], each["action"]) for each in answer["refused"]]


def test_an_allowed_request_is_recorded_once_per_step(
    call_api: Any, make_role: Any, assume: Any, make_user: Any
) -> None:
    role = make_role(LISTS, trusts=ACCOUNT)
    session, other = assume(role), make_user(LISTS)
    session.client("kinesis").list_streams()  # before recording starts
    for step in ("first", "second"):
        call_api("PUT", {"role": role, "during": step})
        session.client("kinesis").list_streams()
        session.client("kinesis").list_streams()
        other.client("s3").list_buckets()
    found = call_api("GET")
    assert [(each["during"], each["action"], each["resource"]) for each in found["noted"]] == [
        ("first", "kinesis:ListStreams", "*"),
        ("second", "kinesis:ListStreams", "*"),
    ]
    assert (found["role"], found["left_off"]) == (role, 0)
    assert call_api("DELETE") == {"role": None, "left_off": 0, "noted": []}
    session.client("kinesis").list_streams()
    assert call_api("GET")["noted"] == []


def test_a_refused_request_is_not_recorded(call_api: Any, make_role: Any, assume: Any, refusal: Any) -> None:
    role = make_role(LISTS, trusts=ACCOUNT)
    call_api("PUT", {"role": role, "during": "it"})
    refusal(assume(role).client("kinesis").create_stream, StreamName="never", ShardCount=1)
    assert call_api("GET")["noted"] == []


def test_a_policy_without_the_action_would_refuse_it(call_api: Any, make_role: Any, assume: Any) -> None:
    role = make_role(LISTS, trusts=ACCOUNT)
    call_api("PUT", {"role": role, "during": "it"})
    assume(role).client("kinesis").list_streams()
    assume(role).client("s3").list_buckets()
    assert refused(call_api("POST", policies(LISTS))) == []
    assert refused(call_api("POST", policies({**LISTS, "Action": "s3:ListAllMyBuckets"}))) == [
        ("it", "kinesis:ListStreams")
    ]
    assert refused(call_api("POST", policies({**LISTS, "Action": "s3:ListAllMyBuckets"}) | {"action": "s3:X"})) == []
    [found] = call_api("POST", policies({**LISTS, "Action": "s3:ListAllMyBuckets"}))["refused"]
    assert "implicit deny" in found["explanation"]


def test_conditions_are_evaluated_with_the_context_of_the_request(
    call_api: Any, make_role: Any, assume: Any, root: Callable[[str], Any]
) -> None:
    role = make_role(TAGGED, UNTAGGED, trusts=ACCOUNT)
    call_api("PUT", {"role": role, "during": "it"})
    for stage in ("one", "two"):
        assume(role).client("kinesis").create_stream(StreamName="noted", ShardCount=1, Tags={"Stage": stage})
        root("kinesis").get_waiter("stream_exists").wait(StreamName="noted")
        root("kinesis").delete_stream(StreamName="noted")
        root("kinesis").get_waiter("stream_not_exists").wait(StreamName="noted")
    # One action and one resource, but two sets of tags.
    assert len([each for each in call_api("GET")["noted"] if each["action"] == "kinesis:CreateStream"]) == 2
    only_one = {**TAGGED, "Condition": {"StringEquals": {"aws:RequestTag/Stage": "one"}}}
    assert sorted(refused(call_api("POST", policies(only_one)))) == [
        ("it", "kinesis:AddTagsToStream"),
        ("it", "kinesis:CreateStream"),
    ]


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PUT", {"role": "arn:aws:iam::000000000000:role/r"}),
        ("PUT", []),
        ("POST", {"policies": []}),
        ("POST", {"policies": {"p": {"Statement": "nonsense"}}}),
    ],
)
def test_an_invalid_body_is_refused(call_api: Any, method: str, body: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        call_api(method, body)
    with raised.value as error:
        assert error.code == 400
