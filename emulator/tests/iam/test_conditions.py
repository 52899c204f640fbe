"""The Condition element, checked against AWS's documentation; each case names its page."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.iam.conditions import compile_conditions
from pipeline_emulator.iam.documents import WITH_VARIABLES
from pipeline_emulator.iam.malformed import MalformedPolicyError
from pipeline_emulator.iam.ternary import Missing, Ternary, Undetermined, all_of

pytestmark = pytest.mark.local_only

CASES = json.loads((Path(__file__).parent / "cases/conditions.json").read_text())
UNKNOWN = {"aws:unknown": Missing.UNKNOWN}


def outcome(block: Any, context: dict[str, Any], version: str = WITH_VARIABLES) -> Ternary:
    """Evaluate a block; keys that the context lacks are absent."""
    values = {key.lower(): tuple(value) if isinstance(value, list) else value for key, value in context.items()}
    clauses = compile_conditions(block, with_variables=version == WITH_VARIABLES)
    return all_of(clause(lambda key: values.get(key, Missing.ABSENT)) for clause in clauses)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['page'].partition('#')[2]}-{case['says']}" for case in CASES])
def test_documented(case: dict[str, Any]) -> None:
    found = outcome(case["condition"], case["context"], case.get("version", WITH_VARIABLES))
    if case["outcome"] is None:
        assert isinstance(found, Undetermined)
        assert found.why
    else:
        assert found is case["outcome"]


@pytest.mark.parametrize(
    "block",
    [
        {"StringEquals": {"aws:unknown": "a"}},
        {"StringNotEquals": {"aws:unknown": "a"}},
        {"StringEqualsIfExists": {"aws:unknown": "a"}},
        {"ForAllValues:StringEquals": {"aws:unknown": "a"}},
        {"Null": {"aws:unknown": "true"}},
        {"StringEquals": {"aws:username": "${aws:unknown}"}},
        {"StringEquals": {"aws:username": "${aws:unknown, 'a'}"}},
    ],
)
def test_a_key_that_the_emulator_does_not_know_is_undetermined_not_absent(block: Any) -> None:
    found = outcome(block, {"aws:username": "a"} | UNKNOWN)
    assert isinstance(found, Undetermined)
    assert "aws:unknown" in found.why


def test_a_false_clause_outweighs_an_unknown_key() -> None:
    assert (
        outcome({"StringEquals": {"aws:unknown": "a", "aws:username": "b"}}, {"aws:username": "a"} | UNKNOWN) is False
    )


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ({"StringLikes": {"aws:username": "a"}}, "StringLikes"),
        ({"ForSomeValues:StringLike": {"aws:username": "a"}}, "ForSomeValues"),
        ({"stringlike": {"aws:username": "a"}}, "stringlike"),
        ({"StringEquals": {"aws:username": "${aws:username"}}, "is not closed"),
        ({"StringEquals": {"aws:username": "${a b}"}}, "not a policy variable"),
        ({"StringNotEquals": {"aws:username": "${aws:userid}"}}, "has no value"),
        ({"ForAnyValue:StringEqualsIfExists": {"aws:tagkeys": "a"}}, "does not document"),
        ({"ArnLike": {"aws:username": "arn:aws:iam::*:user/*"}}, "not an ARN"),
        ({"ArnLike": {"aws:sourcearn": "*"}}, "not an ARN"),
        ({"Bool": {"aws:username": "true"}}, "neither true nor false"),
        ({"Null": {"aws:username": "perhaps"}}, "neither true nor false"),
        ({"IpAddress": {"aws:sourceip": "300.0.0.0/8"}}, "not a valid IP address"),
        ({"NumericEquals": {"aws:username": "1"}}, "not a valid number"),
        *(
            ({"NumericLessThan": {"n": each}}, "not a valid number")
            for each in ("1e3", "NaN", "-inf", " 1", "", "\u0661")
        ),
        *(
            ({"DateLessThan": {"d": each}}, "not a valid date")
            for each in ("tomorrow", "2026-13-01", "2026-11-24T12:00:00")
        ),
        *(
            ({"IpAddress": {"aws:sourceip": each}}, "not a valid IP address")
            for each in (
                "192.0",
                "0300.0.2.1",
                "3221225985",
                "192.0.2.0/0.0.0.255",
                "192.0.2.0/255.255.255.0",
                "fe80::1%a",
            )
        ),
        ({"Bool": {"flag": "0"}}, "neither true nor false"),
        ({"NullIfExists": {"aws:username": "true"}}, "NullIfExists"),
        ({"ForAllValues:Null": {"aws:username": "true"}}, "ForAllValues:Null"),
        ({"forallvalues:StringEquals": {"aws:username": "a"}}, "forallvalues"),
        ({"StringEqualsifexists": {"aws:username": "a"}}, "ifexists"),
        ({"StringEqualsIgnoreCase": {"street": "STRASSE"}}, "differ in case only"),
        ({"StringNotEqualsIgnoreCase": {"street": "STRASSE"}}, "differ in case only"),
        ({"StringEquals": {"tags": "a"}}, "several values"),
    ],
)
def test_an_undetermined_block_states_the_reason(block: Any, why: str) -> None:
    context = {
        "aws:username": "david",
        "aws:sourcearn": "arn:aws:sns:eu-west-1:111122223333:t",
        "aws:sourceip": "192.0.2.1",
        "n": "1", "d": "2026-11-24T12:00:00Z", "flag": "false", "street": "stra\u00dfe", "tags": ["a", "b"],
    }  # fmt: skip
    found = outcome(block, context)
    assert isinstance(found, Undetermined)
    assert why in found.why


@pytest.mark.parametrize(
    "block", [None, [], "a", {"Bool": 1}, {"Bool": {"a": None}}, {"Bool": {"a": []}}, {"Bool": {"a": {}}}]
)
def test_a_block_that_aws_would_not_store_is_malformed(block: Any) -> None:
    with pytest.raises(MalformedPolicyError, match="Condition"):
        outcome(block, {})


def test_the_value_of_a_variable_is_not_a_pattern() -> None:
    block = {"StringLike": {"s3:prefix": "home/${aws:username}/*"}}
    assert outcome(block, {"s3:prefix": "home/David/a", "aws:username": "*"}) is False
    assert outcome(block, {"s3:prefix": "home/*/a", "aws:username": "*"}) is True


@pytest.mark.parametrize(
    ("block", "context", "expected"),
    [
        ({"StringEquals": {"k": "a "}}, {"k": "a"}, False),
        ({"StringEquals": {"k": "e\u0301"}}, {"k": "\u00e9"}, False),
        ({"StringLike": {"k": "[a-z]"}}, {"k": "b"}, False),
        ({"StringLike": {"k": "\\*"}}, {"k": "*"}, False),
        ({"StringLike": {"k": "a*"}}, {"k": "a\nb"}, True),
        ({"StringEquals": {"k": "a", "K": "b"}}, {"k": "a"}, False),
        ({"StringEquals": {"k": "${aws:username}"}}, {"k": "", "aws:username": "x"}, False),
        ({"StringLike": {"k": "${aws:username}*"}}, {"k": "anything"}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {"k": ["A"]}, False),
        ({"ForAnyValue:StringNotEquals": {"k": ["a"]}}, {}, False),
        ({"ArnLike": {"k": "ARN:aws:sns:r:1:t"}}, {"k": "arn:aws:sns:r:1:t"}, False),
        ({"ArnLike": {"k": "arn:aws:sns:*:1:t"}}, {"k": "arn:aws:sns:r:2:1:t"}, False),
        ({"IpAddress": {"k": "::ffff:10.0.0.0/104"}}, {"k": "10.1.2.3"}, True),
        ({"NotIpAddress": {"k": "::ffff:10.0.0.0/104"}}, {"k": "10.1.2.3"}, False),
        ({"IpAddress": {"k": "0.0.0.0/0"}}, {"k": "::1"}, False),
        ({"IpAddress": {"k": "10.0.0.0/8"}}, {"k": "10.0.0.1/4"}, False),
        ({"Null": {"k": ["true", "false"]}}, {"k": "x"}, True),
        ({"Bool": {"k": False}}, {"k": "true"}, False),
    ],
)
def test_a_spelling_that_is_nearly_another(block: Any, context: dict[str, Any], expected: bool) -> None:
    assert outcome(block, context) is expected


def test_an_ipv4_address_on_an_ipv6_socket_is_an_ipv4_address() -> None:
    assert outcome({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {"aws:SourceIp": "::ffff:127.0.0.1"}) is True
