"""Renders the expression of a message as text: what is filled in at run time becomes `<a placeholder>`."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_ALTERNATIVES = 4
PLACEHOLDER = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Names:
    """What the names in an expression stand for.

    Attributes:
        constants: texts of the modules' constants, by name.
        local: the expressions that the function around it assigns to a name.
        arguments: the texts with which the function is called, by parameter.
    """

    constants: Mapping[str, str] = field(default_factory=dict)
    local: Mapping[str, list[ast.expr]] = field(default_factory=dict)
    arguments: Mapping[str, list[str]] = field(default_factory=dict)


def texts(node: ast.expr | None, names: Names) -> list[str]:
    """Return the texts that an expression can have, at most `MOST_ALTERNATIVES`, each once."""
    return list(dict.fromkeys(_texts(node, names)))[:MOST_ALTERNATIVES]


def _texts(node: ast.expr | None, names: Names) -> list[str]:
    match node:
        case None:
            return [""]
        case ast.Constant(value=value):
            return [] if value is None else [str(value)]
        case ast.JoinedStr(values=parts):
            return _joined(parts, names)
        case ast.FormattedValue(value=inner):
            return _filled_in(inner, names)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return _joined([left, right], names)
        case ast.IfExp(body=body, orelse=orelse):
            return [*_texts(body, names), *_texts(orelse, names)]
        case ast.BoolOp(op=ast.Or(), values=values):
            return [text for value in values for text in _texts(value, names)]
        case ast.Name(id=name):
            return _named(name, names)
        case ast.Attribute(attr=name) if name.isupper() and name in names.constants:
            return [names.constants[name]]
        case _:
            return [placeholder(node)]


def _joined(parts: list[ast.expr], names: Names) -> list[str]:
    """Return every combination of the parts' texts."""
    whole = [""]
    for part in parts:
        whole = [text + more for text in whole for more in texts(part, names)][:MOST_ALTERNATIVES]
    return whole


def _named(name: str, names: Names) -> list[str]:
    if name in names.arguments:
        return names.arguments[name]
    if name in names.local:
        inner = Names(
            names.constants, {key: found for key, found in names.local.items() if key != name}, names.arguments
        )
        own = placeholder(ast.Name(name))
        found = [text for value in names.local[name] for text in texts(value, inner)]
        return [own if PLACEHOLDER.fullmatch(text) else text for text in found]
    return [names.constants.get(name, placeholder(ast.Name(name)))]


def _filled_in(node: ast.expr, names: Names) -> list[str]:
    """Return the texts of what stands in braces: literal where it is known, otherwise its name."""
    known = ast.Name | ast.IfExp | ast.JoinedStr | ast.Constant
    if isinstance(node, known) or (isinstance(node, ast.Attribute) and node.attr.isupper()):
        return texts(node, names)
    return [placeholder(node)]


def placeholder(node: ast.expr) -> str:
    """Return what stands for a value that is known at run time only, such as `<state bucket>`."""
    return f"<{_words(node)}>"


def _words(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=value):
            return str(value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").replace("_", " ").lower()
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name.replace("_", " ")
        case ast.Subscript(value=value) | ast.Starred(value=value) | ast.BinOp(left=value):
            return _words(value)
        case ast.Call(args=[ast.GeneratorExp(elt=element)] | [ast.ListComp(elt=element)]):
            return _words(element)
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=[ast.Constant(), *_]) if name != "get":
            return _words(value) if hasattr(str, name) else name
        case ast.Call(args=[first, *_]):
            return _words(first)
        case ast.Call(func=ast.Attribute(value=value)):
            return _words(value)
        case ast.Call(func=ast.Name(id=name)):
            return name.strip("_").replace("_", " ")
        case ast.BoolOp(values=[first, *_]) | ast.IfExp(body=first):
            return _words(first)
        case _:
            return "…"
