"""The attributes that a plan sets, from plans in the form of `terraform show -json`."""

from __future__ import annotations

from typing import Any

from benchmarks.fidelity import readback
from benchmarks.fidelity.attributes import Attribute, Instance, attributes, instances, read


def plan(expressions: dict[str, Any], after: dict[str, Any], unknown: dict[str, Any] | None = None) -> dict[str, Any]:
    """A plan of one resource in a module, made with for_each."""
    resource = {"address": "aws_thing.this", "mode": "managed", "type": "aws_thing", "expressions": expressions}
    child = {"module": {"resources": [resource]}}
    change = {"after": after, "after_unknown": unknown or {}}
    return {
        "configuration": {"root_module": {"module_calls": {"part": child}}},
        "resource_changes": [
            {
                "address": 'module.part[0].aws_thing.this["a[1].b"]',
                "mode": "managed",
                "type": "aws_thing",
                "provider_name": "registry.terraform.io/hashicorp/aws",
                "change": change,
            }
        ],
    }


def paths(made: dict[str, Any]) -> list[str]:
    return [attribute.path for attribute in attributes(made)]


def test_configured_values_count_and_defaults_do_not() -> None:
    made = plan({"name": {"references": ["var.name"]}, "empty": {}}, {"name": "a", "empty": "e", "size": 8})
    assert paths(made) == ["empty", "name"]


def test_null_values_do_not_count() -> None:
    made = plan({"name": {"references": ["var.a"]}, "image": {"references": ["var.b"]}}, {"name": "a", "image": None})
    assert paths(made) == ["name"]


def test_values_known_only_after_the_apply_count() -> None:
    made = plan({"role": {"references": ["aws_role.this.arn"]}}, {}, {"role": True, "arn": True})
    assert [one.values for one in instances(made)] == [{"role": None}]


def test_blocks_become_paths_and_empty_blocks_do_not_count() -> None:
    rule = {"id": {"constant_value": "x"}, "filter": [{}], "expiration": [{"days": {"constant_value": 7}}]}
    after = {"rule": [{"id": "x", "filter": [{"prefix": ""}], "expiration": [{"days": 7, "marker": False}]}]}
    assert paths(plan({"rule": [rule]}, after)) == ["rule.expiration.days", "rule.id"]


def test_results_of_dynamic_blocks_count() -> None:
    after = {"metrics": [{"names": ["one"], "unit": None}], "other": []}
    assert paths(plan({}, after)) == ["metrics.names"]


def test_a_map_is_one_attribute() -> None:
    after = {"environment": [{"variables": {"A": "1", "B": "2"}}]}
    made = plan({"environment": [{"variables": {"references": ["var.environment"]}}]}, after)
    assert paths(made) == ["environment.variables"]


def test_default_tags_count() -> None:
    assert paths(plan({}, {"tags": None, "tags_all": {"Stage": "stg"}})) == ["tags_all"]


def test_resources_of_other_providers_do_not_count() -> None:
    made = plan({"name": {"constant_value": "a"}}, {"name": "a"})
    made["resource_changes"][0]["provider_name"] = "terraform.io/builtin/terraform"
    assert attributes(made) == []


def test_documents_are_compared_by_meaning() -> None:
    one = {"policy": '{"Action": ["b", "a"], "Resource": "x"}'}
    other = {"policy": '{"Resource": ["x"],\n "Action": ["a", "b"]}'}
    assert read(one, ("policy",)) == read(other, ("policy",))
    assert read(one, ("policy",)) != read({"policy": '{"Action": "a", "Resource": "x"}'}, ("policy",))


NAME, SIZE = Attribute("aws_thing", "name"), Attribute("aws_thing", "size")


def test_a_differing_or_missing_fresh_read_is_reported() -> None:
    planned = [Instance("a", "aws_thing", {"name": ['"x"'], "size": ["5"]})]
    found = readback.differences(planned, {}, {"a": {"name": None, "size": 6}})
    assert found == {NAME: "read as nothing", SIZE: "read as 6"}


def test_every_resource_must_return_the_value() -> None:
    planned = [Instance(name, "aws_thing", {"size": ["5"]}) for name in ("a", "b", "c")]
    again = {"a": {"size": 5}, "b": {"size": 9}, "c": {"size": 5}}
    assert readback.differences(planned, {}, again) == {SIZE: "read as 9"}
    assert readback.differences(planned, {}, {key: {"size": 5} for key in again}) == {SIZE: ""}


def test_values_unknown_to_the_plan_are_compared_with_the_state() -> None:
    planned = [Instance("a", "aws_thing", {"name": None})]
    assert readback.differences(planned, {"a": {"name": "x"}}, {"a": {"name": "x"}}) == {NAME: ""}
    assert readback.differences(planned, {"a": {"name": "x"}}, {"a": {"name": "y"}}) == {NAME: 'read as "y"'}
