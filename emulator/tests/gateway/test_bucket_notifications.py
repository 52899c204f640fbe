"""Notification configurations that S3 refuses, and core stored.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html has the valid and the invalid
examples; the texts are at `gateway.bucket_notifications`.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.gateway.bucket_notifications import problem

pytestmark = pytest.mark.local_only

CREATED, PUT, REMOVED = "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectRemoved:*"
EVENTS = frozenset({CREATED, PUT, "s3:ObjectCreated:Post", REMOVED})
OVERLAP = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are"
    " overlapping for the same event type."
)


def rule(event: str, prefix: str | None = None, suffix: str | None = None) -> dict[str, Any]:
    """Return a rule for one event; its destination does not matter."""
    given = {"prefix": prefix, "suffix": suffix}
    rules = [{"Name": name, "Value": value} for name, value in given.items() if value is not None]
    return {"Events": [event], **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {})}


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule(CREATED)],
        [rule(CREATED), rule(REMOVED)],
        [rule(PUT), rule("s3:ObjectCreated:Post")],
        [rule(CREATED, "images/"), rule(CREATED, "logs/")],
        [rule(CREATED, suffix=".jpg"), rule(CREATED, suffix=".png")],
        [rule(CREATED, "images/", ".jpg"), rule(CREATED, "images/", ".png")],
        [rule(CREATED, "images/", ".jpg"), rule(CREATED, "logs/", ".jpg")],
    ],
)
def test_valid_examples(rules: list[dict[str, Any]]) -> None:
    for first, others in ((rules, []), (rules[:1], rules[1:])):
        assert problem({"QueueConfigurations": first, "TopicConfigurations": others}, EVENTS) is None


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([rule(CREATED), rule(CREATED)], OVERLAP),
        ([rule(CREATED), rule(PUT)], OVERLAP),
        ([rule(CREATED, ""), rule(PUT)], OVERLAP),
        ([rule(CREATED), rule(CREATED, "images")], AMBIGUOUS),
        ([rule(CREATED, "images"), rule(CREATED, "images/a")], AMBIGUOUS),
        ([rule(CREATED, "images"), rule(CREATED, suffix=".jpg")], AMBIGUOUS),
        ([rule(CREATED, suffix=".jpg"), rule(CREATED, suffix="pg")], AMBIGUOUS),
        ([rule(CREATED, "images/", ".jpg"), rule(PUT, "images", "g")], AMBIGUOUS),
        ([rule("s3:Nonsense")], "The event is not supported for notifications"),
        ([{**rule(CREATED), "Id": "a"}, {**rule(REMOVED), "Id": "a"}], "Same ID used"),
        ([{**rule(CREATED), "QueueArn": "arn:aws:sqs:ap-south-1:000000000000:q.fifo"}], "FIFO SQS queues are not"),
    ],
)
def test_invalid_examples(rules: list[dict[str, Any]], message: str) -> None:
    for first, others in ((rules, []), (rules[:1], rules[1:]), (rules[1:], rules[:1])):
        found = problem({"QueueConfigurations": first, "LambdaFunctionConfigurations": others}, EVENTS)
        assert (found or "").startswith(message)


def test_a_filter_has_one_prefix_and_one_suffix() -> None:
    for name in ("prefix", "suffix"):
        two = rule(CREATED, "a", ".b")
        two["Filter"]["Key"]["FilterRules"].append({"Name": name.title(), "Value": "x"})
        found = problem({"TopicConfigurations": [two]}, EVENTS)
        assert found == f"Cannot specify more than one {name} rule in a filter."


def test_s3_refuses_them_and_keeps_what_it_has(localstack: Any, create_bucket: Callable[..., str]) -> None:
    s3, sns, bucket = localstack.client("s3"), localstack.client("sns"), create_bucket()
    topics = [sns.create_topic(Name=f"{bucket}-{number}")["TopicArn"] for number in (1, 2)]

    def put(*rules: dict[str, Any]) -> None:
        given = [{**each, "TopicArn": topic} for each, topic in zip(rules, topics, strict=False)]
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"TopicConfigurations": given}, SkipDestinationValidation=True
        )

    put(rule(CREATED, "a/"), rule(CREATED, "b/"))
    for rules, message in (
        ((rule(CREATED), rule(PUT)), OVERLAP),
        ((rule(CREATED, "a/"), rule(CREATED, "a/b/")), AMBIGUOUS),
    ):
        with pytest.raises(ClientError) as refused:
            put(*rules)
        error = refused.value.response["Error"]
        assert (error["Code"], error["Message"]) == ("InvalidArgument", message)
    found = s3.get_bucket_notification_configuration(Bucket=bucket)["TopicConfigurations"]
    assert [each["Filter"]["Key"]["FilterRules"][0]["Value"] for each in found] == ["a/", "b/"]
