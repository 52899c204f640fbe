"""Which bucket policies count as public: AWS's examples, and texts that only look limited."""

import json
from typing import Any

import pytest

from pipeline_emulator.iam.public_policies import is_public

pytestmark = pytest.mark.local_only

KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
USER = "arn:aws:iam::000000000000:user/u"


def document(**statement: Any) -> str:
    given = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [given]})


PUBLIC: list[dict[str, Any]] = [
    {"Principal": "*"},
    {"Principal": {"AWS": "*"}},
    {"Principal": {"AWS": [USER, "*"]}},
    {"NotPrincipal": {"AWS": USER}},
    {"Principal": "*", "Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}}},
    {"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": ["000000000000", "1*"]}}},
    {"Principal": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}},
    {"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "000000000000"}}},
    {"Principal": "*", "Condition": {"ForAllValues:StringEquals": {"aws:SourceAccount": "000000000000"}}},
    {"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": "000000000000"}}},
    {"Principal": "*", "Condition": {"StringEquals": {"aws:UserAgent": "mine"}}},
    {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}},
    {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "64.0.0.0/3"]}}},
    {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "2000::/16"}}},
    {"Principal": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
]
LIMITED: list[dict[str, Any]] = [
    {"Principal": {"AWS": USER}},
    {"Principal": {"Service": "lambda.amazonaws.com"}},
    {"Principal": "*", "Effect": "Deny"},
    {"Principal": "*", "Condition": {"StringEquals": {"AWS:SourceVpc": "vpc-91237329"}}},
    {"Principal": "*", "Condition": {"StringLike": {KEY: "arn:aws:kms:ap-south-1:000000000000:key/k"}}},
    {"Principal": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:ap-south-1:000000000000:t"}}},
    {"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
    {
        "Principal": "*",
        "Condition": {"StringEquals": {"aws:UserAgent": "x"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    },
]


@pytest.mark.parametrize("statement", PUBLIC)
def test_public(statement: dict[str, Any]) -> None:
    assert is_public(document(**statement))


@pytest.mark.parametrize("statement", LIMITED)
def test_limited(statement: dict[str, Any]) -> None:
    assert not is_public(document(**statement))


def test_one_public_statement_makes_a_policy_public() -> None:
    several = [json.loads(document(**each))["Statement"][0] for each in (LIMITED[0], PUBLIC[0])]
    assert is_public(json.dumps({"Statement": several}))
    assert is_public(json.dumps({"Statement": several[1]}))


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", '{"Statement": null}', '{"Statement": ["x", 1]}', "[" * 10_000]
)
def test_text_that_is_no_policy_is_not_public(text: str) -> None:
    assert not is_public(text)
