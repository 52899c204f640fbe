"""Reads a stage's Terraform variables, and changes one of them without touching any other byte of the file."""

from __future__ import annotations

import copy
import functools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hcl2
from hcl2.utils import SerializationOptions
from lark import Tree
from lark.exceptions import LarkError

from harness.errors import HarnessError
from harness.machine.files import write_whole
from harness.paths import shown

JSON = ".json"  # of *.tfvars.json, which is laid out anew when a value changes
OPTIONS = SerializationOptions(with_comments=False, strip_string_quotes=True)


def read(path: Path) -> dict[str, Any]:
    """Return the values of a file of `name = value` lines (tfvars, backend configuration).

    Raises:
        HarnessError: it is missing, unreadable or not a file of variables.
    """
    return _parsed(_text(path), path)


def write(path: Path, name: str, value: str | None) -> bool:
    """Set one variable to a string, add it if it is missing, or remove it. The file is replaced atomically.

    Args:
        path: the file.
        name: the variable.
        value: None to remove it.

    Returns:
        Whether the file was changed.

    Raises:
        HarnessError: the file cannot be read or written, or is not a file of variables.
    """
    before = _text(path)
    after = changed(before, name, value, path)
    if after == before:
        return False
    old, new = _parsed(before, path), _parsed(after, path)
    assert {key: new[key] for key in new if key != name} == {key: old[key] for key in old if key != name}
    _replace(path, after)
    return True


def check_writable(path: Path) -> None:
    """Fail now if `write` would fail later.

    Raises:
        HarnessError: the file or its folder is not writable.
    """
    real = path.resolve()
    if not os.access(real, os.W_OK) or not os.access(real.parent, os.W_OK):
        raise HarnessError(
            f"{shown(path)} cannot be written",
            f"check the permissions of the file and its folder: ls -ld {shown(real.parent)} {shown(real)}",
        )


def changed(text: str, name: str, value: str | None, path: Path) -> str:
    """Return the text of a file of variables with one of them set or, for None, removed.

    Args:
        text: of the file.
        name: the variable.
        value: its new value.
        path: for messages.
    """
    if path.suffix == JSON:
        return _changed_json(text, name, value, path)
    attribute = _attribute(text, name, path)
    newline = "\r\n" if "\r\n" in text else "\n"
    if attribute is None:
        if value is None:
            return text
        glue = newline if text and not text.endswith("\n") else ""
        return f"{text}{glue}{name} = {_quoted(value)}{newline}"
    if value is not None:
        _, _, expression = attribute.children
        assert isinstance(expression, Tree)
        return text[: expression.meta.start_pos] + _quoted(value) + text[expression.meta.end_pos :]
    start, end = attribute.meta.start_pos, attribute.meta.end_pos
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end) + 1 or len(text)
    if (text[line_start:start] + text[end:line_end]).strip():  # keep a comment beside it
        return text[:start] + text[end:].lstrip(" \t")
    return text[:line_start] + text[line_end:]


def _changed_json(text: str, name: str, value: str | None, path: Path) -> str:
    values = _parsed(text, path)
    if values.get(name) == value:
        return text
    kept = {key: each for key, each in values.items() if key != name or value is not None}
    more = {} if value is None else {name: value}
    return json.dumps({**kept, **more}, indent=2, ensure_ascii=False) + "\n"


def _attribute(text: str, name: str, path: Path) -> Tree[Any] | None:
    """Return the one top-level attribute with that name; its positions are indexes into the text."""
    (body,) = _tree(text, path).children
    assert isinstance(body, Tree)
    found = [
        child
        for child in body.children
        if isinstance(child, Tree) and child.data == "attribute" and _name(child) == name
    ]
    if len(found) > 1:
        raise HarnessError(f"{shown(path)} sets {name} {len(found)} times", "keep one of the lines, then try again")
    return found[0] if found else None


def _name(attribute: Tree[Any]) -> str:
    return str(next(iter(attribute.scan_values(lambda _token: True))))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    for start in ("${", "%{"):  # python-hcl2 cannot read $${ and %%{ without a closing brace
        escaped = escaped.replace(start, f"{start[0]}\\u007b")
    return f'"{escaped}"'


def _parsed(text: str, path: Path) -> dict[str, Any]:
    if path.suffix == JSON:
        return _parsed_json(text, path)
    with _explained(path):
        return copy.deepcopy(_content(text))


def _parsed_json(text: str, path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise HarnessError(f"{shown(path)} is not valid: {error}", "make it one JSON object, by variable") from None


@functools.lru_cache(maxsize=256)  # a command reads the same files again and again, and parsing one takes 25 ms
def _content(text: str) -> dict[str, Any]:
    content: dict[str, Any] = hcl2.serialize(hcl2.transform(hcl2.parses_to_tree(text)), serialization_options=OPTIONS)
    return content


def _tree(text: str, path: Path) -> Tree[Any]:
    with _explained(path):
        return hcl2.parses_to_tree(text)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the parser's errors into those for the user, with the line."""
    try:
        yield
    except LarkError as error:
        line = getattr(error, "line", "?")
        raise HarnessError(
            f"{shown(path)} is not valid: line {line}: {str(error).splitlines()[0]}",
            f"fix it; to find the error: terraform fmt {shown(path)}",
        ) from None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")  # read_text would convert line ends
    except FileNotFoundError:
        raise HarnessError(f"there is no file {shown(path)}", f"restore it: git checkout {shown(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HarnessError(f"{shown(path)} cannot be read: {error}", "check the file and its permissions") from None


def _replace(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise HarnessError(f"{shown(path)} cannot be written: {error}", "check the permissions of its folder") from None
