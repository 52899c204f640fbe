"""Consumers of a stream, which requests name by ARN, or by the stream's ARN and their own name."""

from typing import Any

import pytest

REGION, ACCOUNT = "ap-south-1", "000000000000"


@pytest.fixture
def stream(create_stream: Any, root: Any) -> str:
    """Return the ARN of a stream with a consumer `c`."""
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{create_stream()}"
    root("kinesis").register_stream_consumer(StreamARN=arn, ConsumerName="c")
    return arn


def test_a_deny_on_consumers_also_counts_for_their_names(make_user: Any, stream: str, refusal: Any) -> None:
    on_consumers = {"Action": "kinesis:DeregisterStreamConsumer", "Resource": f"{stream}/consumer/*"}
    user = make_user({"Action": "kinesis:*", "Resource": "*"}, {**on_consumers, "Effect": "Deny"}).client("kinesis")
    named = {"StreamARN": stream, "ConsumerName": "c"}
    arn = user.describe_stream_consumer(**named)["ConsumerDescription"]["ConsumerARN"]
    code, message = refusal(user.deregister_stream_consumer, **named)
    assert (code, f"DeregisterStreamConsumer on resource: {arn} with" in message) == ("AccessDeniedException", True)
    assert refusal(user.deregister_stream_consumer, ConsumerARN=arn) == (code, message)


def test_kcls_policy_allows_what_kcl_asks(make_user: Any, stream: str, refusal: Any) -> None:
    """https://docs.aws.amazon.com/streams/latest/dev/kcl-iam-permissions.html: it is registered on the stream."""
    own = ["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"]
    kcl = make_user(
        {"Action": "kinesis:RegisterStreamConsumer", "Resource": stream},
        {"Action": own, "Resource": f"{stream}/consumer/*"},
    ).client("kinesis")
    request = {"StreamARN": stream, "ConsumerName": "application"}
    assert refusal(kcl.describe_stream_consumer, **request)[0] == "ResourceNotFoundException"
    kcl.register_stream_consumer(**request)
    assert kcl.describe_stream_consumer(**request)["ConsumerDescription"]["ConsumerName"] == "application"
    assert refusal(kcl.deregister_stream_consumer, **request)[0] == "AccessDeniedException"
