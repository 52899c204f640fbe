"""Follows references in a plan's configuration: from an argument, through modules, to the resources behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# A name of an address or a reference, with the key of count or for_each: `stream`, `stream[0]`, `stream["a.b"]`.
_WORD = re.compile(r'([^.\[]+)(\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\])?\.?')


@dataclass(frozen=True)
class Module:
    """A module's configuration, as `terraform show -json` has it.

    Attributes:
        content: `configuration.root_module`, or the `module` of a module call.
        address: `module.a.module.b`, with the keys that a reference names; empty for the root.
        caller: the module that calls it; None for the root.
        call: the module call with its arguments.
    """

    content: Mapping[str, Any]
    address: str = ""
    caller: Module | None = None
    call: Mapping[str, Any] | None = None

    def child(self, name: str, key: str = "") -> Module | None:
        """Return a module that this one calls; `key` is that of one instance, such as `["a"]`."""
        call = self.content.get("module_calls", {}).get(name)
        address = ".".join(filter(None, [self.address, "module", name + key]))
        return call and Module(call["module"], address, self, call)

    def of(self, resource: Mapping[str, Any]) -> str:
        """Return the address of a resource that is configured here, without keys."""
        return ".".join(filter(None, [self.address, resource["type"], resource["name"]]))

    def all(self) -> Iterator[Module]:
        """Yield this module and those below it."""
        yield self
        for name in self.content.get("module_calls", {}):
            if child := self.child(name):
                yield from child.all()

    def resources(self, kind: str) -> Iterator[tuple[Module, Mapping[str, Any]]]:
        """Yield the managed resources of a type, here and below, each with its module."""
        for module in self.all():
            for resource in module.content.get("resources", []):
                if resource["mode"] == "managed" and resource["type"] == kind:
                    yield module, resource


def _words(text: str) -> list[tuple[str, str]]:
    """Return the names of an address or a reference, each with its key, such as `["a"]`, or an empty text."""
    return _WORD.findall(text)


def without_keys(address: str) -> str:
    """Return an address without the keys of count and for_each."""
    return ".".join(name for name, _ in _words(address))


def covers(reference: str, address: str) -> bool:
    """Return whether an address that arguments refer to may be that of a resource in the plan.

    Args:
        reference: an address of `behind`; where it has no key, it covers every instance.
        address: of a planned resource, with all keys.
    """
    meant, planned = _words(reference), _words(address)
    return [name for name, _ in meant] == [name for name, _ in planned] and all(
        key in ("", instance) for (_, key), (_, instance) in zip(meant, planned, strict=True)
    )


def behind(module: Module, expression: Any) -> set[str]:
    """Return the addresses of the resources that an argument refers to, with the instance keys that it names.

    Args:
        module: the module with the argument.
        expression: the argument: an object with `references`, or a list of blocks with such.
    """
    return {address for address, _ in attributes_behind(module, expression)}


def attributes_behind(module: Module, expression: Any) -> set[tuple[str, str]]:
    """Return the resources that an argument refers to, each with the attribute; it is empty for a whole resource.

    Takes the arguments of `behind`.
    """
    found: set[tuple[str, str]] = set()
    for reference in _references(expression):
        found |= _follow(module, _words(reference))
    return found


def _references(expression: Any) -> Iterator[str]:
    if isinstance(expression, list):
        for each in expression:
            yield from _references(each)
    elif isinstance(expression, dict):
        if isinstance(expression.get("references"), list):
            yield from _whole(expression["references"])
        else:
            yield from _references(list(expression.values()))


def _whole(references: list[str]) -> Iterator[str]:
    """Yield the references without those that a longer one begins with: a plan has each step of a reference, too.

    https://developer.hashicorp.com/terraform/internals/json-format#expression-representation
    """
    for reference in references:
        if not any(other.startswith((f"{reference}.", f"{reference}[")) for other in references):
            yield reference


def _follow(module: Module, words: list[tuple[str, str]]) -> set[tuple[str, str]]:
    match [name for name, _ in words]:
        case ["var", name, *_] if module.caller is not None and module.call is not None:
            return attributes_behind(module.caller, module.call.get("expressions", {}).get(name))
        case ["module", name, output, *_]:
            child = module.child(name, words[1][1])
            made = child.content.get("outputs", {}).get(output, {}) if child else {}
            return attributes_behind(child, made.get("expression")) if child else set()
        case [kind, name, *attribute] if kind.startswith("aws_"):
            return {(module.of({"type": kind, "name": name + words[1][1]}), "".join(attribute[:1]))}
        case _:  # locals are not in a plan's configuration
            return set()
