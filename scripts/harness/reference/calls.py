"""The calls in a package's code, with what the names in their arguments stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.reference.templates import Names

type Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        module: its file.
        node: the call itself.
        place: where it is.
        known: constants that the module sees.
    """

    module: Path
    node: ast.Call
    place: Place
    known: Mapping[str, str]

    @property
    def around(self) -> Function | None:
        """The function around it."""
        return self.place.function

    @property
    def names(self) -> Names:
        """What the names in its arguments stand for."""
        return Names(self.known, self.place.assigned())

    @property
    def called(self) -> str:
        """The last part of the name of what is called."""
        function = self.node.func
        return getattr(function, "attr", getattr(function, "id", ""))


def calls(trees: Mapping[Path, ast.Module], known: Mapping[Path, dict[str, str]]) -> list[Call]:
    """Return every call in the modules.

    Args:
        trees: the modules.
        known: the constants that each sees, as `constants` returns them.
    """
    return [call for file, tree in trees.items() for call in _calls(file, tree, Place(), known[file])]


def constants(trees: Mapping[Path, ast.Module]) -> dict[Path, dict[str, str]]:
    """Return the texts and numbers of constants as each module sees them.

    Its own come first, then those whose name has the same value in every module.
    """
    own = {file: dict(_constants_of(tree)) for file, tree in trees.items()}
    values: dict[str, set[str]] = {}
    for each in own.values():
        for name, value in each.items():
            values.setdefault(name, set()).add(value)
    common = {name: next(iter(found)) for name, found in values.items() if len(found) == 1}
    return {file: common | each for file, each in own.items()}


def _constants_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() | int() | float() as value)):
                yield name, f"{value:g}" if isinstance(value, float) else str(value)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=elements)):
                for target, element in zip(targets, elements, strict=False):
                    if isinstance(target, ast.Name) and isinstance(element, ast.Constant):
                        yield target.id, str(element.value)


def _calls(file: Path, node: ast.AST, place: Place, known: dict[str, str]) -> Iterator[Call]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield Call(file, child, place, known)
        yield from _calls(file, child, place.within(child), known)


@dataclass(frozen=True)
class Place:
    """Where a node is.

    Attributes:
        function: around it.
        statement: around it.
        assignments: names and values in that function, with the statement of each.
    """

    function: Function | None = None
    statement: ast.stmt | None = None
    assignments: Sequence[tuple[str, ast.expr, ast.stmt]] = ()

    def within(self, node: ast.AST) -> Place:
        """Return the place of what is in a node."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return Place(node, None, list(_assignments(node)))
        return Place(self.function, node, self.assignments) if isinstance(node, ast.stmt) else self

    def assigned(self) -> dict[str, list[ast.expr]]:
        """Return what the names can be here: what the block itself assigned last, or else every assignment."""
        found: dict[str, list[ast.expr]] = {}
        certain: set[str] = set()
        for name, value, statement in self.assignments:
            here = self.statement
            if here and statement.col_offset == here.col_offset and statement.lineno < here.lineno:
                found[name] = [value]
                certain.add(name)
            elif name not in certain:
                found.setdefault(name, []).append(value)
        return found


def _assignments(function: Function) -> Iterator[tuple[str, ast.expr, ast.stmt]]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value, node
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                for target, value in zip(targets, values, strict=False):
                    if isinstance(target, ast.Name):
                        yield target.id, value, node
