"""Finds the messages of a package's error class, where it is raised: by its code alone, without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from harness.reference.templates import PLACEHOLDER, Names, texts

type Function = ast.FunctionDef | ast.AsyncFunctionDef

# What the error classes call their arguments, and what functions that pass them on call theirs.
PASSED_ON = ("cause", "next_step", "remedy")


@dataclass(frozen=True)
class Message:
    """A message.

    Attributes:
        module: file in the package.
        line: of the call that makes it.
        causes: what went wrong, in each of its wordings.
        next_steps: what to do, in each of its wordings.
    """

    module: Path
    line: int
    causes: tuple[str, ...]
    next_steps: tuple[str, ...]


@dataclass(frozen=True)
class _Maker:
    """What makes an error from its arguments: a class, or a function that passes its arguments on to one.

    Attributes:
        module: file in which it is defined.
        parameters: names of the arguments, in order, without self.
        cause: the expression of the cause, in terms of the parameters.
        next_step: that of the next step.
        names: what other names in these expressions stand for.
    """

    module: Path
    parameters: Sequence[str]
    cause: ast.expr | None
    next_step: ast.expr | None
    names: Names

    def message(self, call: _Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return causes and next steps of the error that a call makes."""
        by_place = dict(zip(self.parameters, call.node.args, strict=False))
        by_name = {word.arg: word.value for word in call.node.keywords if word.arg}
        given = {name: texts(value, call.names) for name, value in (by_place | by_name).items()}
        names = Names(self.names.constants, self.names.local, given)
        return tuple(texts(self.cause, names)), tuple(texts(self.next_step, names))


@dataclass(frozen=True)
class _Call:
    """A call: its file, and the function around it."""

    module: Path
    node: ast.Call
    around: Function | None
    names: Names

    @property
    def called(self) -> str:
        """The last part of the name of what is called."""
        function = self.node.func
        return getattr(function, "attr", getattr(function, "id", ""))


class _Package:
    """The code of a package, and what in it makes errors."""

    def __init__(self, folder: Path, base: str) -> None:
        self.trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("*.py"))}
        self.constants = _constants(self.trees)
        self.calls = [
            call for file, tree in self.trees.items() for call in _calls(file, tree, _Place(), self.constants[file])
        ]
        self.makers: dict[str, list[_Maker]] = {}
        self._add_classes(base)
        self.passing_on: set[ast.Call] = set()
        while self._add_functions():
            pass

    def maker(self, call: _Call) -> _Maker | None:
        """Return what a call calls, if that makes errors: of two with the same name, the one in its own module."""
        found = self.makers.get(call.called, [])
        return next((each for each in found if each.module == call.module), found[0] if found else None)

    def _add_classes(self, base: str) -> None:
        classes = [(file, node) for file, tree in self.trees.items() for node in ast.walk(tree) if _is_class(node)]
        known = {base}
        while new := {node.name for _, node in classes if known & _bases(node)} - known:
            known |= new
        plain: list[ast.expr] = [ast.Name("cause"), ast.Name("next_step")]
        self.classes = known
        for file, node in classes:
            if node.name in known:
                parameters, fields = _own_init(node) or (["cause", "next_step"], plain)
                names = Names(self.constants[file])
                self.makers[node.name] = [_Maker(file, parameters, fields[0], fields[1], names)]

    def _may_pass_on(self, call: _Call) -> bool:
        """Return whether a call is in a function that returns an error, and was not looked at yet."""
        if call.around is None or call.around.returns is None or call.node in self.passing_on:
            return False
        return ast.unparse(call.around.returns) in self.classes

    def _add_functions(self) -> bool:
        """Add functions that pass their arguments on to a known maker; return whether there were any."""
        found = False
        for call in self.calls:
            if not self._may_pass_on(call) or not (maker := self.maker(call)):
                continue
            assert call.around is not None
            parameters = [each.arg for each in call.around.args.args if each.arg != "self"]
            given = dict(zip(maker.parameters, call.node.args, strict=False))
            cause, step = (_put_in(field, given) for field in (maker.cause, maker.next_step))
            if _passes_on(parameters, cause, step):
                made = _Maker(call.module, parameters, cause, step, call.names)
                self.makers.setdefault(call.around.name, []).append(made)
                self.passing_on.add(call.node)
                found = True
        return found


def messages(package: Path, base: str) -> list[Message]:
    """Return the messages of a package's errors, by module and line.

    Errors that have nothing but the cause of another error are left out.

    Args:
        package: its folder.
        base: name of the error class; it takes a cause and a next step.
    """
    code, found = _Package(package, base), []
    for call in code.calls:
        if call.node not in code.passing_on and (maker := code.maker(call)):
            found.append(Message(call.module.relative_to(package), call.node.lineno, *maker.message(call)))
    found = [message for message in found if not all(map(PLACEHOLDER.fullmatch, message.causes))]
    return sorted(found, key=lambda message: (message.module, message.line))


def _is_class(node: ast.AST) -> TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef)


def _bases(node: ast.ClassDef) -> set[str]:
    return {getattr(base, "attr", getattr(base, "id", "")) for base in node.bases}


def _own_init(node: ast.ClassDef) -> tuple[list[str], list[ast.expr]] | None:
    """Return the parameters of a class's `__init__`, and what it passes to that of its base."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            for call in ast.walk(method):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__" and len(call.args) > 1:
                    return [each.arg for each in method.args.args[1:]], call.args
    return None


def _put_in(field: ast.expr | None, given: dict[str, ast.expr]) -> ast.expr | None:
    """Return a maker's expression in terms of the function that calls it, where it is one of its parameters alone."""
    return given.get(field.id, field) if isinstance(field, ast.Name) else field


def _passes_on(parameters: Sequence[str], *fields: ast.expr | None) -> bool:
    """Return whether a message comes from the caller: a field is a parameter, or has one of the usual name in it."""
    for field in filter(None, fields):
        named = {node.id for node in ast.walk(field) if isinstance(node, ast.Name)} & set(parameters)
        if (isinstance(field, ast.Name) and named) or named & set(PASSED_ON):
            return True
    return False


def _constants(trees: Mapping[Path, ast.Module]) -> dict[Path, dict[str, str]]:
    """Return the texts and numbers of constants as each module sees them.

    Its own come first, then those whose name has the same value in every module.
    """
    own = {file: dict(_constants_of(tree)) for file, tree in trees.items()}
    values: dict[str, set[str]] = {}
    for constants in own.values():
        for name, value in constants.items():
            values.setdefault(name, set()).add(value)
    common = {name: next(iter(found)) for name, found in values.items() if len(found) == 1}
    return {file: common | constants for file, constants in own.items()}


def _constants_of(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() | int() | float() as value)):
                yield name, f"{value:g}" if isinstance(value, float) else str(value)
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=elements)):
                for target, element in zip(targets, elements, strict=False):
                    if isinstance(target, ast.Name) and isinstance(element, ast.Constant):
                        yield target.id, str(element.value)


def _calls(file: Path, node: ast.AST, place: _Place, constants: dict[str, str]) -> Iterator[_Call]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield _Call(file, child, place.function, Names(constants, place.assigned()))
        yield from _calls(file, child, place.within(child), constants)


@dataclass(frozen=True)
class _Place:
    """Where a node is.

    Attributes:
        function: around it.
        statement: around it.
        assignments: names and values in that function, with the statement of each.
    """

    function: Function | None = None
    statement: ast.stmt | None = None
    assignments: Sequence[tuple[str, ast.expr, ast.stmt]] = ()

    def within(self, node: ast.AST) -> _Place:
        """Return the place of what is in a node."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            return _Place(node, None, list(_assignments(node)))
        return _Place(self.function, node, self.assignments) if isinstance(node, ast.stmt) else self

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
