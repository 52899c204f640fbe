"""What a plan says about a pipeline: its function, streams and buckets, and how they are connected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError
from harness.init.references import Module, attributes_behind, behind, covers, without_keys
from harness.terraform.planned import Planned, Resource

FUNCTION, STREAM, BUCKET = "aws_lambda_function", "aws_kinesis_stream", "aws_s3_bucket"
MAPPING, CONSUMER, ALIAS = "aws_lambda_event_source_mapping", "aws_kinesis_stream_consumer", "aws_lambda_alias"
SOURCE = "event_source_arn"
NAMES = {FUNCTION: "function_name", STREAM: "name", BUCKET: "bucket"}
# The attributes of a resource that are its name.
NAMING = {FUNCTION: {"function_name", "id"}, STREAM: {"name"}, BUCKET: {"bucket", "id"}}


@dataclass(frozen=True)
class Choices:
    """The names that a resource of the pipeline may have, the likeliest first; `certain` if the plan leaves no doubt.

    Attributes:
        names: of the candidates; for a name that only the apply makes, the resource's address.
        certain: whether the first one is it.
    """

    names: tuple[str, ...]
    certain: bool


class Reading:
    """Reads a plan.

    Args:
        document: the JSON of `terraform show -json plan`.

    Raises:
        HarnessError: the plan makes no function, no stream, or no event source mapping that may read one.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.planned = Planned.of(document)
        self._root = Module(document["configuration"]["root_module"])
        self._mappings = list(self._root.resources(MAPPING))
        self._functions = list(self._root.resources(FUNCTION))
        for kind, what in ((FUNCTION, "Lambda function"), (STREAM, "Kinesis stream")):
            if not self.planned.of_type(kind):
                raise HarnessError(f"the plan makes no {what}", "name the folder of a pipeline's root module")
        if not self._mappings:
            raise HarnessError(
                "the plan makes no event source mapping, so no event would reach a function",
                "add an aws_lambda_event_source_mapping",
            )
        self._mappings = [each for each in self._mappings if self._may_read_a_stream(*each)]
        if not self._mappings:
            raise HarnessError(
                "no event source mapping in the plan reads a Kinesis stream",
                "the harness puts events on one: name the folder of another root module",
            )
        self._source_is_certain = self.source_stream().certain
        self._surely_read = {name for each in self._mappings if (name := self._only_source(*each))}

    def choose(self, source: str) -> None:
        """From now on, read only the mappings of one source stream.

        Args:
            source: its name.
        """
        addresses = [each.address for each in self.planned.of_type(STREAM) if _name(each) == source]
        chosen = [each for each in self._mappings if _any_covers(self._sources(*each), addresses)]
        self._mappings = chosen or self._mappings

    def function(self, output: str = "") -> Choices:
        """Return the function: the one that the mapping of the chosen stream invokes.

        Where the plan leaves a choice, as with for_each, the likeliest has the output stream in its environment.

        Args:
            output: the output stream's name.
        """
        invoked = self._through(ALIAS, "function_name", self._of_mappings("function_name"))
        found = self._choices(FUNCTION, invoked)
        if found.certain:
            return found
        writers = {_name(each) for each in self.planned.of_type(FUNCTION) if self._writes(each, output)}
        return Choices(tuple(sorted(found.names, key=lambda name: name not in writers)), certain=False)

    def _writes(self, function: Resource, output: str) -> bool:
        """Return whether a function's environment has a stream's name or ARN, or refers to them."""
        if any(value == output or str(value).endswith(f":stream/{output}") for value in _variables(function)):
            return True
        addresses = [each.address for each in self.planned.of_type(STREAM) if _name(each) == output]
        configured = (each for each in self._functions if covers(each[0].of(each[1]), function.address))
        return any(
            _any_covers(behind(module, each["expressions"].get("environment")), addresses)
            for module, each in configured
        )

    def source_stream(self) -> Choices:
        """Return the source stream: the one that the mapping reads; several mappings may leave a choice.

        With for_each they do: a plan does not say which mapping reads which stream. The first of a chain is the one
        that no function writes to.
        """
        found = self._choices(STREAM, set().union(*(self._sources(*each) for each in self._mappings)))
        if found.certain:
            return found
        written = self._environment()
        return Choices(tuple(sorted(found.names, key=lambda name: name in written)), certain=False)

    def output_stream(self, source: str) -> Choices:
        """Return the output stream: one that a function's environment names, or the only other one.

        Of several, the last of a chain is the one that no mapping reads. It is certain only if the source is.
        """
        environment, read = self._environment(), self._surely_read
        others = [name for name in self._names(STREAM) if name != source]
        named = [name for name in others if name in environment]
        likeliest = sorted(named, key=lambda name: name in read)
        certain = self._source_is_certain and (len(named) == 1 or len(others) == 1)
        return Choices(tuple(dict.fromkeys([*likeliest, *others])), certain)

    def failed_events(self) -> str | None:
        """Return the bucket of the mapping's on-failure destination, or None."""
        found = self._choices(BUCKET, self._of_mappings("destination_config"))
        return found.names[0] if found.certain else None

    def model_bucket(self) -> str | None:
        """Return the bucket that the function's environment names, or None."""
        found = [name for name in self._names(BUCKET) if name in self._environment() and name != self.failed_events()]
        return found[0] if len(found) == 1 else None

    def unnamed(self, name: str) -> Resource | None:
        """Return the resource that `name` is the address of, because only the apply makes its name."""
        return next((each for each in self.planned.resources if each.address == name), None)

    def output_for(self, name: str) -> str | None:
        """Return the Terraform output whose value is a resource's name, or is going to be; None if there is none."""
        if (unnamed := self.unnamed(name)) is None:
            return next((output for output, value in self.planned.outputs.items() if value == name), None)
        made = self._root.content.get("outputs", {})
        return next((output for output in made if self._is_name_of(unnamed, made[output].get("expression"))), None)

    def _is_name_of(self, resource: Resource, expression: Any) -> bool:
        """Return whether an output's expression refers to a resource's name, and to nothing else."""
        found = {(address, attribute) for address, attribute in attributes_behind(self._root, expression) if attribute}
        addresses = {address for address, _ in found}
        bare = without_keys(resource.address)
        alone = sum(without_keys(each.address) == bare for each in self.planned.resources) == 1
        same = {without_keys(each) for each in addresses} == {bare} if alone else addresses == {resource.address}
        return same and {attribute for _, attribute in found} <= NAMING[resource.type]

    def handler(self, function: str) -> str | None:
        """Return the handler of a function from a Zip, None for an image."""
        found = [each for each in self.planned.of_type(FUNCTION) if _name(each) == function]
        return next((each.values.get("handler") or None for each in found), None)

    def _environment(self) -> set[str]:
        """Return the names that functions' environments have: values, and addresses whose names are not known yet."""
        values = {value for each in self.planned.of_type(FUNCTION) for value in _variables(each)}
        configured = (behind(module, each["expressions"].get("environment")) for module, each in self._functions)
        return values.union(*configured)

    def _of_mappings(self, argument: str) -> set[str]:
        found = (behind(module, mapping["expressions"].get(argument)) for module, mapping in self._mappings)
        return set().union(*found)

    def _sources(self, module: Module, mapping: Mapping[str, Any]) -> set[str]:
        """Return the addresses behind a mapping's source; behind a registered consumer there is its stream."""
        return self._through(CONSUMER, "stream_arn", behind(module, mapping["expressions"].get(SOURCE)))

    def _through(self, kind: str, argument: str, addresses: Iterable[str]) -> set[str]:
        """Return addresses with what an argument refers to in place of the resources of a type, such as aliases."""
        resources = self._root.resources(kind)
        meant = {inside.of(each): behind(inside, each["expressions"].get(argument)) for inside, each in resources}
        return set().union(*(meant.get(without_keys(address), {address}) for address in addresses))

    def _only_source(self, module: Module, mapping: Mapping[str, Any]) -> str | None:
        """Return the name of the stream that a mapping reads; None if the plan leaves a choice."""
        found = self._choices(STREAM, self._sources(module, mapping))
        return found.names[0] if found.certain else None

    def _may_read_a_stream(self, module: Module, mapping: Mapping[str, Any]) -> bool:
        """Return whether a mapping's source is a stream, or cannot be told: a local value's origin is in no plan."""
        found = self._sources(module, mapping)
        return not found or any(f"{STREAM}." in address for address in found)

    def _names(self, kind: str) -> list[str]:
        return [_name(each) for each in self.planned.of_type(kind)]

    def _choices(self, kind: str, addresses: Iterable[str]) -> Choices:
        wanted = set(addresses)
        meant = [_name(each) for each in self.planned.of_type(kind) if _any_covers(wanted, [each.address])]
        return Choices(tuple(dict.fromkeys([*meant, *self._names(kind)])), len(meant) == 1)


def _name(resource: Resource) -> str:
    """Return a resource's name; its address if only the apply makes the name."""
    return resource.values.get(NAMES[resource.type]) or resource.address


def _variables(function: Resource) -> list[Any]:
    """Return the values of a function's environment variables, as far as the plan knows them."""
    blocks = function.values.get("environment") or []
    return [value for block in blocks for value in (block.get("variables") or {}).values()]


def _any_covers(references: Iterable[str], addresses: Iterable[str]) -> bool:
    planned = list(addresses)
    return any(covers(reference, address) for reference in references for address in planned)
