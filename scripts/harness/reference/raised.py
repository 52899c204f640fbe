"""Finds the messages of a package's error class, where it is raised: by its code alone, without importing it."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from harness.reference.calls import Call, calls, constants
from harness.reference.templates import PLACEHOLDER, Names, texts

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

    def message(self, call: Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return causes and next steps of the error that a call makes."""
        given = {name: texts(value, call.names) for name, value in self.given(call.node).items()}
        names = Names(self.names.constants, self.names.local, given)
        return tuple(texts(self.cause, names)), tuple(texts(self.next_step, names))

    def given(self, call: ast.Call) -> dict[str, ast.expr]:
        """Return the arguments of a call, by parameter."""
        by_place = dict(zip(self.parameters, call.args, strict=False))
        return by_place | {word.arg: word.value for word in call.keywords if word.arg}


class _Package:
    """The code of a package, and what in it makes errors."""

    def __init__(self, folder: Path, base: str) -> None:
        self.trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("*.py"))}
        self.constants = constants(self.trees)
        self.calls = calls(self.trees, self.constants)
        self.makers: dict[str, list[_Maker]] = {}
        self._add_classes(base)
        self.passing_on: set[ast.Call] = set()
        while self._add_functions():
            pass

    def maker(self, call: Call) -> _Maker | None:
        """Return what a call calls, if that makes errors: of several, the one of its module with as many arguments."""
        count = len(call.node.args) + len(call.node.keywords)

        def rank(maker: _Maker) -> tuple[bool, bool]:
            return maker.module == call.module, len(maker.parameters) == count

        return max(self.makers.get(call.called, []), key=rank, default=None)

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

    def _may_pass_on(self, call: Call) -> bool:
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
            put_in = _PutIn(maker.given(call.node))
            cause, step = (put_in.visit(deepcopy(field)) if field else None for field in (maker.cause, maker.next_step))
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
    found = [message for message in found if _says_something(message)]
    return sorted(found, key=lambda message: (message.module, message.line))


def _says_something(message: Message) -> bool:
    """Return whether a message is more than that of another error, and the place where it happened."""
    if all(map(PLACEHOLDER.fullmatch, message.causes)):
        return False
    return any(re.search(r"\w", PLACEHOLDER.sub("", text)) for text in (*message.causes, *message.next_steps))


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


class _PutIn(ast.NodeTransformer):
    """Puts the arguments of a call in the place of parameters: a maker's expression in terms of its caller."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._given.get(node.id, node)


def _passes_on(parameters: Sequence[str], *fields: ast.expr | None) -> bool:
    """Return whether a message comes from the caller: a field is a parameter, or has one of the usual name in it."""
    for field in filter(None, fields):
        named = {node.id for node in ast.walk(field) if isinstance(node, ast.Name)} & set(parameters)
        if (isinstance(field, ast.Name) and named) or named & set(PASSED_ON):
            return True
    return False
