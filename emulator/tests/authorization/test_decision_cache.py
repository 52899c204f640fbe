"""A cached decision is not used after anything that it depends on has changed."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline_emulator.authorization import caller_cache, callers
from pipeline_emulator.authorization.decision_cache import MAX_ENTRIES, DecisionCache
from pipeline_emulator.authorization.lazy_context import LazyContext
from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.decision import Decision, Layer, Reason
from pipeline_emulator.iam.evaluation import evaluate
from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.request import Policies, Policy, Request

ACTION, RESOURCE, OWNER = "kinesis:PutRecord", "arn:aws:kinesis:ap-south-1:000000000000:stream/a", "000000000000"
POLICY = Policy("of a", "{}")
USER = Principal(kind=Kind.USER, arn=f"arn:aws:iam::{OWNER}:user/a", account=OWNER, user_name="a")


@pytest.fixture
def stream(root: Any) -> str:
    """Return the ARN of a stream."""
    kinesis, name = root("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    return f"arn:aws:kinesis:ap-south-1:000000000000:stream/{name}"


@pytest.fixture
def put(stream: str) -> Callable[[Any], str]:
    """Return a function that puts a record and returns the error message, which is empty on success."""

    def attempt(identity: Any) -> str:
        client = identity.client("kinesis")
        try:
            client.put_record(StreamARN=stream, Data=b"x", PartitionKey="k")
        except client.exceptions.AccessDeniedException as error:
            return str(error)
        return ""

    return attempt


def test_a_changed_resource_policy_takes_effect_at_once(make_user: Any, root: Any, stream: str, put: Any) -> None:
    user = make_user({"Action": ACTION, "Resource": stream})
    assert [put(user), put(user)] == ["", ""]
    deny = {"Effect": "Deny", "Principal": "*", "Action": ACTION, "Resource": stream}
    document = json.dumps({"Version": "2012-10-17", "Statement": deny})
    root("kinesis").put_resource_policy(ResourceARN=stream, Policy=document)
    assert put(user).endswith("with an explicit deny in a resource-based policy")
    root("kinesis").delete_resource_policy(ResourceARN=stream)
    assert put(user) == ""


def test_changed_user_policies_take_effect_at_once(make_user: Any, root: Any, stream: str, put: Any) -> None:
    user, iam = make_user({"Action": ACTION, "Resource": stream}), root("iam")
    name = user.arn.rpartition("/")[2]
    assert [put(user), put(user)] == ["", ""]
    iam.delete_user_policy(UserName=name, PolicyName="inline")
    assert "no identity-based policy allows" in put(user)
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonKinesisFullAccess")
    assert put(user) == ""


def test_a_time_condition_is_evaluated_for_each_request(make_user: Any, stream: str, put: Any, eventually: Any) -> None:
    end = datetime.now(UTC) + timedelta(seconds=5)
    until = {"DateLessThan": {"aws:CurrentTime": end.isoformat()}}
    user = make_user({"Action": ACTION, "Resource": stream, "Condition": until})
    assert put(user) == ""
    assert "no identity-based policy allows" in eventually(lambda: put(user), "refusal after the end time")
    assert datetime.now(UTC) >= end


@pytest.mark.parametrize(
    ("statement", "was_read"),
    [
        ({"Action": ACTION, "Resource": RESOURCE}, False),
        ({"Action": "kinesis:*", "NotResource": "arn:aws:s3:::*"}, False),
        ({"Action": ACTION, "Resource": RESOURCE, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, True),
        ({"Action": ACTION, "Resource": RESOURCE, "Condition": {"Null": {"aws:TokenIssueTime": "true"}}}, True),
        ({"Action": ACTION, "Resource": f"{RESOURCE[:-1]}${{aws:username}}"}, True),
        ({"Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_the_context_records_whether_a_decision_read_it(statement: Any, was_read: bool, effect: str) -> None:
    facts = LazyContext(USER, OWNER, lambda: Context(principal=USER, time=datetime.now(UTC), resource_account=OWNER))
    text = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, **statement}})
    evaluate(Request(ACTION, RESOURCE, facts), Policies(identity=(Policy("a", text),)))
    assert facts.was_read is was_read


def _decision(resource: str = RESOURCE) -> Decision:
    return Decision(reason=Reason.ALLOWED, principal="a", action=ACTION, resource=resource, layer=Layer.IDENTITY)


def test_a_decision_is_cached_for_one_resource_policy_and_one_owner() -> None:
    cache, decision = DecisionCache(), _decision()
    assert cache.get(ACTION, RESOURCE, POLICY, OWNER) is None
    cache.keep(decision, POLICY, OWNER)
    assert cache.get(ACTION, RESOURCE, Policy("of a", "{}"), OWNER) is decision
    for other in (
        (ACTION, RESOURCE, None, OWNER),
        (ACTION, RESOURCE, Policy("of a", "{ }"), OWNER),
        (ACTION, RESOURCE, POLICY, "111111111111"),
        (ACTION, f"{RESOURCE}b", POLICY, OWNER),
        ("kinesis:PutRecords", RESOURCE, POLICY, OWNER),
    ):
        assert cache.get(*other) is None, other


def test_the_cache_is_bounded() -> None:
    cache = DecisionCache()
    for number in range(3 * MAX_ENTRIES):
        cache.keep(_decision(f"{RESOURCE}{number}"), None, OWNER)
    kept = [number for number in range(3 * MAX_ENTRIES) if cache.get(ACTION, f"{RESOURCE}{number}", None, OWNER)]
    assert 0 < len(kept) <= MAX_ENTRIES
    assert kept[-1] == 3 * MAX_ENTRIES - 1


def test_a_caller_is_rebuilt_after_its_session_has_expired() -> None:
    made: list[Any] = []

    def lasting(seconds: float | None) -> Callable[[], Any]:
        expires = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)

        def make() -> Any:
            made.append(callers.Caller(principal=USER, expires=expires))
            return made[-1]

        return make

    for seconds, times in ((None, 1), (60, 1), (-1, 3)):
        kept = caller_cache.CallerCache()
        made.clear()
        for _ in range(3):
            assert kept.get("key", lasting(seconds)) is made[-1]
        assert len(made) == times, seconds
        kept.forget()
        kept.get("key", lasting(seconds))
        assert len(made) == times + 1
