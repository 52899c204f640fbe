"""The rules of faults, without LocalStack."""

from typing import Any

import pytest

from pipeline_emulator.faults.rules import FaultRuleError, Faults, Rule

pytestmark = pytest.mark.local_only


def test_same_seed_gives_the_same_faults() -> None:
    def drawn(seed: int) -> list[bool]:
        faults = Faults()
        faults.replace([Rule("kinesis:GetRecords", "error", share=0.5)], seed)
        return [faults.strike("kinesis:GetRecords", "error") is not None for _ in range(64)]

    assert drawn(7) == drawn(7) != drawn(8)
    assert 16 < sum(drawn(7)) < 48


def test_rule_strikes_only_its_point_effect_and_resource_until_its_count() -> None:
    faults = Faults()
    rule = Rule("kinesis:PutRecords", "throttle-records", count=2, resource="output")
    faults.replace([rule])
    assert faults.strike("kinesis:PutRecord", "throttle-records", resource="the-output") is None
    assert faults.strike("kinesis:PutRecords", "error", resource="the-output") is None
    assert faults.strike("kinesis:PutRecords", "throttle-records", resource="source") is None
    struck = [faults.strike("kinesis:PutRecords", "throttle-records", resource="the-output") for _ in range(4)]
    assert struck == [rule, rule, None, None]
    assert faults.report()[0]["struck"] == 2


def test_rule_matches_the_content_of_the_event() -> None:
    faults = Faults()
    faults.replace([Rule("lambda:Invoke", "crash", content="poison")])
    assert faults.strike("lambda:Invoke", "crash", content='{"Records": ["healthy"]}') is None
    assert faults.strike("lambda:Invoke", "crash", content='{"Records": ["healthy", "poison"]}')


@pytest.mark.parametrize(
    "document",
    [
        "text",
        {"point": "s3:GetObject"},
        {"point": "s3:GetObject", "effect": "error", "chance": 1},
        {"point": "s3:GetObject", "effect": "crash"},
        {"point": "GetObject", "effect": "error"},
        {"point": "s3:GetObject", "effect": "error", "share": 0},
        {"point": "s3:GetObject", "effect": "error", "share": "all"},
        {"point": "s3:GetObject", "effect": "error", "count": 0},
        {"point": "lambda:Invoke", "effect": "slow", "seconds": -1},
        {"point": "s3:PutObject", "effect": "error", "content": "x"},
    ],
)
def test_invalid_rule_is_refused(document: Any) -> None:
    with pytest.raises(FaultRuleError):
        Rule.from_json(document)
