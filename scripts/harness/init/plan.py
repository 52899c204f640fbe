"""What a plan says about a pipeline: its function, streams and buckets, and how they are connected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError
from harness.init.references import Module, behind
from harness.terraform.planned import Planned, Resource

FUNCTION, STREAM, BUCKET = "aws_lambda_function", "aws_kinesis_stream", "aws_s3_bucket"
MAPPING = "aws_lambda_event_source_mapping"
NAMES = {FUNCTION: "function_name", STREAM: "name", BUCKET: "bucket"}


@dataclass(frozen=True)
class Choices:
    """The names that a resource of the pipeline may have, the likeliest first; `certain` if the plan leaves no doubt.

    Attributes:
        names: of the candidates.
        certain: whether the first one is it.
    """

    names: tuple[str, ...]
    certain: bool


class Reading:
    """Reads a plan.

    Args:
        document: the JSON of `terraform show -json plan`.

    Raises:
        HarnessError: the plan makes no function with an event source mapping from a Kinesis stream.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.planned = Planned.of(document)
        self._root = Module(document["configuration"]["root_module"])
        self._mapping = next(iter(self._root.resources(MAPPING)), None)
        for kind, what in ((FUNCTION, "Lambda function"), (STREAM, "Kinesis stream")):
            if not self.planned.of_type(kind):
                raise HarnessError(f"the plan makes no {what}", "name the folder of a pipeline's root module")
        if self._mapping is None:
            raise HarnessError(
                "the plan makes no event source mapping, so no event would reach a function",
                "add an aws_lambda_event_source_mapping",
            )

    def function(self) -> Choices:
        """Return the function: the one that the mapping invokes."""
        return self._choices(FUNCTION, self._of_mapping("function_name"))

    def source_stream(self) -> Choices:
        """Return the source stream: the one that the mapping reads."""
        return self._choices(STREAM, self._of_mapping("event_source_arn"))

    def output_stream(self, source: str) -> Choices:
        """Return the output stream: one that the function's environment names, or the only other one."""
        others = [name for name in self._names(STREAM) if name != source]
        named = [name for name in others if name in self._environment()]
        return Choices(tuple(dict.fromkeys([*named, *others])), len(named) == 1 or len(others) == 1)

    def failed_events(self) -> str | None:
        """Return the bucket of the mapping's on-failure destination, or None."""
        found = self._choices(BUCKET, self._of_mapping("destination_config"))
        return found.names[0] if found.certain else None

    def model_bucket(self) -> str | None:
        """Return the bucket that the function's environment names, or None."""
        found = [name for name in self._names(BUCKET) if name in self._environment() and name != self.failed_events()]
        return found[0] if len(found) == 1 else None

    def output_for(self, name: str) -> str | None:
        """Return the Terraform output whose value is a resource's name."""
        return next((output for output, value in self.planned.outputs.items() if value == name), None)

    def handler(self, function: str) -> str | None:
        """Return the handler of a function from a Zip, None for an image."""
        found = [each for each in self.planned.of_type(FUNCTION) if _name(each) == function]
        return next((each.values.get("handler") or None for each in found), None)

    def _environment(self) -> set[str]:
        blocks = [block for each in self.planned.of_type(FUNCTION) for block in each.values.get("environment") or []]
        return {value for block in blocks for value in (block.get("variables") or {}).values()}

    def _of_mapping(self, argument: str) -> set[str]:
        assert self._mapping is not None
        module, mapping = self._mapping
        return behind(module, mapping["expressions"].get(argument))

    def _names(self, kind: str) -> list[str]:
        return [name for each in self.planned.of_type(kind) if (name := _name(each))]

    def _choices(self, kind: str, addresses: Iterable[str]) -> Choices:
        wanted = set(addresses)
        meant = [
            name
            for each in self.planned.of_type(kind)
            if re.sub(r"\[[^\]]*\]", "", each.address) in wanted and (name := _name(each))
        ]
        return Choices(tuple(dict.fromkeys([*meant, *self._names(kind)])), len(meant) == 1)


def _name(resource: Resource) -> str | None:
    return resource.values.get(NAMES[resource.type])
