"""What a plan is going to make."""

from __future__ import annotations

from harness.terraform.planned import Planned


def test_resources_of_all_modules_are_found_and_unknown_values_are_missing() -> None:
    stream = {"address": "a.b", "type": "aws_kinesis_stream", "mode": "managed", "values": {"name": "orders"}}
    unknown = {"address": "module.m.terraform_data.c", "type": "terraform_data", "mode": "managed"}
    read = {"address": "data.x", "type": "aws_region", "mode": "data", "values": {}}
    module = {"resources": [stream, read], "child_modules": [{"child_modules": [{"resources": [unknown]}]}]}
    outputs = {"name": {"value": "orders"}, "arn": {"sensitive": False}}
    planned = Planned.of({"planned_values": {"root_module": module, "outputs": outputs}})
    assert [(found.address, dict(found.values)) for found in planned.resources] == [
        ("a.b", {"name": "orders"}),
        ("module.m.terraform_data.c", {}),
    ]
    assert planned.outputs == {"name": "orders"}
    assert [found.address for found in planned.of_type("aws_kinesis_stream")] == ["a.b"]
