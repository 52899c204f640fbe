"""Finds the attributes that the root module sets, in a JSON plan. Pure; contains no list of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

PROVIDER = "/aws"  # terraform_data and the like never reach an API
EXPRESSION = {"constant_value", "references"}
# Set by default_tags in the provider's block rather than by a resource, and sent with every resource.
DEFAULT_TAGS = "tags_all"

Path = tuple[str, ...]


class Attribute(NamedTuple):
    """An attribute of a resource type; nested blocks are joined by dots, as in `rule.expiration.days`."""

    resource: str
    path: str


class Instance(NamedTuple):
    """A resource of the plan with the values it sets.

    Attributes:
        address: in Terraform, with index.
        resource: its type.
        values: planned values by attribute path; None if known only after the apply.
    """

    address: str
    resource: str
    values: dict[str, list[str] | None]


def instances(plan: Mapping[str, Any]) -> list[Instance]:
    """The resources of a plan, each with the values that the configuration sets and that are not null.

    Args:
        plan: `terraform show -json` of a plan that creates everything.
    """
    expressions = dict(_expressions(plan["configuration"]["root_module"]))
    found = []
    for resource in plan["resource_changes"]:
        if resource["mode"] != "managed" or not resource["provider_name"].endswith(PROVIDER):
            continue
        after, unknown = resource["change"]["after"], resource["change"]["after_unknown"]
        written = expressions[re.sub(r'\[(\d+|"[^"]*")\]', "", resource["address"])]
        # A dynamic block leaves no expression in the plan, only its result.
        paths = {*_leaves(written), *_in_blocks(after), *([(DEFAULT_TAGS,)] if after.get(DEFAULT_TAGS) else [])}
        values: dict[str, list[str] | None] = {}
        for path in sorted(paths):
            known = read(after, path)
            if known:
                values[".".join(path)] = known
            elif "true" in read(unknown, path):
                values[".".join(path)] = None
        found.append(Instance(resource["address"], resource["type"], values))
    return found


def attributes(plan: Mapping[str, Any]) -> list[Attribute]:
    """Each attribute that a resource of the plan sets, in the table's order."""
    return sorted({Attribute(one.resource, path) for one in instances(plan) for path in one.values})


def read(values: Any, path: Path) -> list[str]:
    """The values at a path, across all blocks on the way, as sorted, comparable texts.

    Args:
        values: a resource's values in a plan or a state.
        path: the attribute's.

    Returns:
        Empty for null and empty strings.
    """
    return sorted(_comparable(value) for value in _at(values, path) if value not in (None, "", [], {}))


def _at(values: Any, path: Path) -> Iterator[Any]:
    if isinstance(values, list) and (path or any(isinstance(value, dict) for value in values)):
        for value in values:
            yield from _at(value, path)
    elif not path:
        yield values
    elif isinstance(values, dict):
        yield from _at(values.get(path[0]), path[1:])
    elif values is True:  # in `after_unknown`: the whole block is unknown
        yield True


def _comparable(value: Any) -> str:
    return json.dumps(_normalized(value), sort_keys=True)


def _normalized(value: Any) -> Any:
    """Normalizes a policy document: a list of one equals its element, and list order does not matter."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _normalized(json.loads(value))
        except ValueError:
            return value
    if isinstance(value, dict):
        return {key: _normalized(item) for key, item in value.items()}
    if isinstance(value, list):
        items = sorted((_normalized(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
        return items[0] if len(items) == 1 else items
    return value


def _expressions(module: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for resource in module.get("resources", ()):
        yield prefix + resource["address"], resource.get("expressions", {})
    for name, call in module.get("module_calls", {}).items():
        yield from _expressions(call["module"], f"{prefix}module.{name}.")


def _leaves(expressions: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(expressions, list):
        for block in expressions:
            yield from _leaves(block, path)
    elif path and isinstance(expressions, dict) and (not expressions or EXPRESSION & set(expressions)):
        yield path
    elif isinstance(expressions, dict):
        for name, inner in expressions.items():
            # An empty object in a list is a block that sets nothing.
            yield from _leaves([block for block in inner if block] if isinstance(inner, list) else inner, (*path, name))


def _in_blocks(values: Any, path: Path = ()) -> Iterator[Path]:
    for name, value in values.items():
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            for block in value:
                yield from _in_blocks(block, (*path, name))
        elif path and value:  # outside blocks, defaults and settings look the same
            yield (*path, name)
