"""What differs between two sides, and whether it matters."""

from __future__ import annotations

from typing import Any

import pytest

from harness.comparison.differences import between, meaning
from harness.comparison.settings import _flat, _hidden
from harness.comparison.side import Side
from harness.pipeline.definition import Resources

NAMES = Resources("sales-events-stg", "sales-predictions-stg", "store_sales_stg", None, None)


def _side(project: str) -> Side:
    return Side("there", NAMES, project, lambda name: name)


def test_what_differs_is_listed_and_what_matters_comes_first() -> None:
    here = {"mapping.BatchSize": 100, "model bucket.Versioning": "Enabled", "function.Timeout": 180}
    there = {"mapping.BatchSize": 500, "function.Timeout": 180, "function.MemorySize": 512}
    found = between(here, there)
    assert [(each.name, each.here, each.there) for each in found] == [
        ("function.MemorySize", None, 512),
        ("mapping.BatchSize", 100, 500),
        ("model bucket.Versioning", "Enabled", None),
    ]
    assert [bool(each.matters) for each in found] == [True, True, False]


def test_equal_sides_have_no_differences() -> None:
    assert between({"a": [1]}, {"a": [1]}) == []


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("mapping.State", "answered"),
        ("mapping.BatchSize", "delivery"),
        ("role.Allow s3:GetObject", "privilege"),
        ("source stream.EncryptionType", ""),
        ("mappings.BatchSize", ""),
    ],
)
def test_the_longest_entry_says_what_a_setting_means(name: str, part: str) -> None:
    assert part in meaning(name)
    assert bool(meaning(name)) == bool(part)


@pytest.mark.parametrize(
    ("value", "neutral"),
    [
        ("arn:aws:kinesis:eu-west-1:123456789012:stream/sales-events-stg", "arn:aws:kinesis:stream/sales-events-*"),
        ("arn:aws:s3:::failed-stg/*", "arn:aws:s3:failed-*/*"),
        ("store_sales_stg", "store_sales_*"),
        ("stgs-and-staging", "stgs-and-staging"),
        ({"A": ["x-stg", 1, None]}, {"A": ["x-*", 1, None]}),
    ],
)
def test_accounts_regions_and_the_stage_s_part_of_names_do_not_count(value: Any, neutral: Any) -> None:
    assert _side("stg").neutral(value) == neutral


def test_without_a_part_that_differs_names_stay() -> None:
    assert _side("").neutral("store_sales_stg") == "store_sales_stg"


def test_what_is_not_set_is_as_good_as_empty() -> None:
    assert _flat("a", {"b": None, "c": [], "d": {}, "e": 0, "f": False}) == {"a.e": 0, "a.f": False}


def test_secrets_can_be_compared_and_not_read() -> None:
    assert _hidden("MODEL_BUCKET", "models") == "models"
    first, second = _hidden("API_TOKEN", "one"), _hidden("API_TOKEN", "two")
    assert first != second
    assert "one" not in first.removeprefix("hidden")
