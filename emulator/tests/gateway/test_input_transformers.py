"""What targets of EventBridge's rules get from a template.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.aws_valid

DETAIL = {
    "n": 4, "zero": 0, "part": 0.5, "no": False, "text": "abc", "quoted": 'a "b"', "none": None,
    "numbers": [1, 2], "words": ["HIGH", "LOW"], "object": {"id": 7},
}  # fmt: skip


@pytest.fixture(scope="module")
def sent(localstack: Any) -> Callable[[str], str]:
    """Return a function that sends an event through a template and returns what the queue gets."""
    sqs, events = localstack.client("sqs"), localstack.client("events")
    name = f"q-{uuid.uuid4().hex[:8]}"
    url, arn = sqs.create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:ap-south-1:000000000000:{name}"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    paths = {key: f"$.detail.{key}" for key in [*DETAIL, "missing"]}

    def send(template: str) -> str:
        transformer = {"InputPathsMap": paths, "InputTemplate": template}
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "InputTransformer": transformer}])
        events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": json.dumps(DETAIL)}])
        (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=3)["Messages"]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return str(message["Body"])

    return send


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"s": "x <n> y"}', {"s": "x 4 y"}),
        ('{"s": "<n>, <part> {<text>} <no>"}', {"s": "4, 0.5 {abc} false"}),
        ('{"s": "\\"<text>\\"", "n": <n>}', {"s": '"abc"', "n": 4}),
        ('{"s": "one\\ntwo <numbers>"}', {"s": "one\ntwo [1,2]"}),
        ('{"a": <zero>, "b": <no>, "c": <part>}', {"a": 0, "b": False, "c": 0.5}),
        ('{"a": <quoted>, "b": <numbers>, "c": <object>}', {"a": 'a "b"', "b": [1, 2], "c": {"id": 7}}),
        ('{"a": <missing>, "b": "<missing>"}', {"a": "", "b": ""}),
        ('[<n>, "<text>"]', [4, "abc"]),
        ("<object>", {"id": 7}),
        ('"<n> <zero> <no> <text>"', "4 0 false abc"),
        ('"<numbers> <words> <object>"', "[1,2] [HIGH,LOW] {id:7}"),
        ('"say \\"<text>\\" <quoted>"', 'say "abc" a "b"'),
    ],
)
def test_variables_of_all_types_in_all_places(sent: Callable[[str], str], template: str, expected: Any) -> None:
    assert json.loads(sent(template)) == expected


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_quoted_lines_come_out_as_lines(sent: Callable[[str], str], line_break: str) -> None:
    """Recorded on AWS by LocalStack's tests of 2025-11-24, `test_input_transformer_nested_keys_replacement`."""
    lines = ['"<words> multiple list items"', '"<n> of <text>"']
    assert sent(line_break.join(lines)) == line_break.join(['"[HIGH,LOW] multiple list items"', '"4 of abc"'])


def test_a_document_that_becomes_no_json_is_dropped(sent: Callable[[str], str]) -> None:
    with pytest.raises(KeyError, match="Messages"):
        sent('{"s": "<words>"}')
