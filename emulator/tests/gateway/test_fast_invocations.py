"""Invocations that are served fast have the same answers, errors and headers as by the usual way."""

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from botocore.model import StructureShape
from hypothesis import given
from hypothesis import strategies as st
from localstack.aws.spec import load_service

pytestmark = pytest.mark.local_only

ECHO = """
    def handler(event, context):
        if event == "raise":
            raise ValueError(event)
        if isinstance(event, dict) and "print" in event:
            print(event["print"])
        client = context.client_context and context.client_context.custom
        return {"event": event, "client": client, "arn": context.invoked_function_arn, "id": 1}
"""
ARN = "arn:aws:lambda:ap-south-1:000000000000:function:"
# The header or the part of the target for each of the model's members. Any other header takes the usual way.
MEMBERS = {
    "FunctionName": "uri",
    "Qualifier": "querystring",
    "InvocationType": "header",
    "LogType": "header",
    "ClientContext": "header",
    "DurableExecutionName": "header",
    "TenantId": "header",
    "Payload": None,
}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=9) | st.just("raise"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
PAYLOADS = JSON_VALUES.map(lambda value: json.dumps(value).encode()) | st.sampled_from(
    [b"", b" ", b"{", b"\xff", b"NaN"]
)
CONTEXTS = st.sampled_from([b'{"custom": {"a": "b"}}', b"{}", b"[]", b"x"]).map(
    lambda value: base64.b64encode(value).decode()
) | st.sampled_from(["e30", "!", "\x7e"])
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "X-Amz-Invocation-Type": st.just("RequestResponse"),
        "X-Amz-Log-Type": st.sampled_from(["None", "Tail", "tail"]),
        "X-Amz-Client-Context": CONTEXTS,
        "Content-Type": st.sampled_from(["application/json", "application/octet-stream"]),
    },
)
QUALIFIERS = st.sampled_from(["", "?Qualifier=%24LATEST", "?Qualifier=$LATEST", "?Qualifier=1", "?Qualifier=no"])


@pytest.fixture
def invoke(sender: Any) -> Callable[..., Any]:
    """Return a function that invokes both ways and returns the answer."""

    def call(name: str, body: bytes = b"{}", query: str = "", **own: str) -> Any:
        target = f"/2015-03-31/functions/{name}/invocations{query}"
        headers = {name.replace("_", "-"): value for name, value in own.items()}
        return sender.compare(sender.signed_for("lambda", target, headers, body), body, target)

    return call


def test_the_members_of_the_model_are_known() -> None:
    shape = load_service("lambda").operation_model("Invoke").input_shape
    assert isinstance(shape, StructureShape)
    assert {name: member.serialization.get("location") for name, member in shape.members.items()} == MEMBERS


@pytest.mark.property
def test_invocations_made_from_the_model_have_the_same_answers(
    create_function: Callable[..., Any], invoke: Callable[..., Any]
) -> None:
    name = create_function(ECHO).name
    names = [name, name, name, f"{name}:1", f"{name}%3A1", ARN + name, quote(ARN + name, ""), "missing", "-", "a" * 141]

    @given(st.sampled_from(names), PAYLOADS, QUALIFIERS, HEADERS)
    def same(named: str, body: bytes, query: str, headers: dict[str, str]) -> None:
        assert invoke(named, body, query, **headers)[0] in (200, 400, 404)

    same()


def test_an_answer_and_an_error_of_the_function(
    create_function: Callable[..., Any], invoke: Callable[..., Any]
) -> None:
    name = create_function(ECHO).name
    status, headers, content = invoke(name, b'{"a": "\xc3\xbc"}', X_Amz_Log_Type="Tail")
    assert (status, content["event"], headers["x-amz-executed-version"]) == (200, {"a": "ü"}, "$LATEST")
    assert "REPORT" in base64.b64decode(headers["x-amz-log-result"]).decode()
    _, headers, content = invoke(name, b'"raise"')
    assert (headers["x-amz-function-error"], content["errorType"]) == ("Unhandled", "ValueError")


def test_an_event_runs_later_and_once_for_each_request(
    create_function: Callable[..., Any], invoke: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    function, mark = create_function(ECHO), uuid.uuid4().hex
    body = json.dumps({"print": mark}).encode()
    assert invoke(function.name, body, X_Amz_Invocation_Type="Event")[::2] == (202, b"")
    assert invoke("missing", body, X_Amz_Invocation_Type="Event")[0] == 404
    eventually(lambda: "".join(function.log_events()).count(mark) == 2, "both events have run")
