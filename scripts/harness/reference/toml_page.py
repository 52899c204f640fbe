"""Writes the table of keys in docs/pipeline-toml.md from the schema."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from harness.markdown import row
from harness.pipeline import schema

HEAD = ("key", "type", "default", "meaning")
NAMES: dict[object, str] = {
    schema.Text: "text",
    schema.Function: '`"module:function"`',
    schema.Path: "[JMESPath](https://jmespath.org)",
    schema.Literal: '`{ name = "…" }`',
    str: "text",
    float: "number",
    dict: "table",
}


def table() -> list[str]:
    """Return the lines of the table."""
    return [row(HEAD), f"|{'---|' * len(HEAD)}", *map(row, _rows())]


def _rows() -> Iterator[tuple[str, ...]]:
    for name, field in schema.File.model_fields.items():
        section = _section(field.annotation)
        if section is None:
            yield _row(name, field)
            continue
        optional = not field.is_required()
        for key, inner in section.model_fields.items():
            yield _row(f"{name}.{key}", inner, required="required" + f", if there is `[{name}]`" * optional)


def _section(annotation: object) -> type[BaseModel] | None:
    choices = (annotation, *get_args(annotation))
    return next((each for each in choices if isinstance(each, type) and issubclass(each, BaseModel)), None)


def _row(name: str, field: FieldInfo, required: str = "required") -> tuple[str, ...]:
    assert field.description, f"{name} has no description"
    default = required if field.is_required() else "" if field.default is None else f"{field.default:f}".rstrip("0")
    return f"`{name}`", " or ".join(_types(field.annotation)), default, field.description


def _types(annotation: Any) -> Iterator[str]:
    """Yield the names of the types that a value can have; None is a key that is left out."""
    if get_origin(annotation) in (types.UnionType, Union):
        for each in get_args(annotation):
            yield from _types(each)
    elif get_origin(annotation) is Annotated:
        yield from _types(get_args(annotation)[0])
    elif annotation is not types.NoneType:
        kind = annotation if isinstance(annotation, TypeAliasType) else get_origin(annotation) or annotation
        yield NAMES[kind]
