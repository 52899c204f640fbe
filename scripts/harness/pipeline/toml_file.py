"""Reads a `pipeline.toml` and reports its mistakes with line, cause and remedy."""

from __future__ import annotations

import difflib
import errno
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.errors import HarnessError
from harness.paths import shown
from harness.pipeline.schema import File

NAME = "pipeline.toml"
REFERENCE = "docs/pipeline-toml.md describes every key"
_TABLE = re.compile(r"\s*\[{1,2}\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*([A-Za-z0-9_."'-]+(?:\s*\.\s*[A-Za-z0-9_"'-]+)*)\s*=""")


def read(path: Path) -> str:
    """Return a file's text, without the byte order mark that some editors write.

    Raises:
        OSError: it cannot be read, or is no UTF-8 text; `strerror` says why.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise OSError(errno.EILSEQ, f"it is no UTF-8 text (byte {error.start})", str(path)) from None


class Mistake(HarnessError):
    """A mistake in a `pipeline.toml`."""


class Source:
    """The text of a file, to find the line of a key.

    Args:
        path: the file.

    Raises:
        HarnessError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = read(path)
        except FileNotFoundError:
            raise HarnessError(
                f"{shown(path.parent)} has no {NAME}", f"write one: pipeline init {shown(path.parent)}"
            ) from None
        except OSError as error:
            raise HarnessError(
                f"{shown(path)} cannot be read: {error.strerror}", "make it a text file (UTF-8) that this user may read"
            ) from None

    def line_of(self, keys: Sequence[str]) -> int | None:
        """Return the line of a key; of the nearest key or table around it if it has no line of its own."""
        lines: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        for number, text in enumerate(self.text.splitlines(), 1):
            if found := _TABLE.match(text):
                table = _split(found[1])
                lines.setdefault(table, number)
            elif found := _KEY.match(text):
                name = _split(found[1])
                for end in range(1, len(name) + 1):
                    lines.setdefault((*table, *name[:end]), number)
        for end in range(len(keys), 0, -1):
            if (line := lines.get(tuple(keys[:end]))) is not None:
                return line
        return None

    def mistake(self, keys: Sequence[str], cause: str, remedy: str) -> Mistake:
        """Return the error for a key."""
        line = self.line_of(keys)
        where = f"{shown(self.path)}, line {line}" if line else shown(self.path)
        return Mistake(f"{where}: {cause}", remedy)


def _split(name: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in name.split("."))


def parse(source: Source) -> File:
    """Parse and check a file.

    Raises:
        HarnessError: it is no TOML, or its keys or values are wrong; names all mistakes.
    """
    try:
        values = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", str(error))
        line = f", line {found[1]}" if found and found[1] else ""
        cause = str(error).removesuffix(found[0] if found else "").strip()
        raise Mistake(f"{shown(source.path)}{line}: {cause}", f"correct the TOML; {REFERENCE}") from None
    try:
        return File.model_validate(values)
    except ValidationError as error:
        raise _of(source, error) from None


def _of(source: Source, error: ValidationError) -> Mistake:
    """Combine pydantic's errors into one; a value of several allowed types gives one error per type."""
    found: dict[str, Mistake] = {}
    for each in error.errors(include_url=False):
        keys = _keys(each)
        name = ".".join(keys)
        found.setdefault(name, source.mistake(keys, *_explained(name, keys, each)))
    return Mistake(
        "\n".join(mistake.cause for mistake in found.values()),
        "; ".join(dict.fromkeys(mistake.next_step for mistake in found.values())) + f"; {REFERENCE}",
    )


def _keys(error: ErrorDetails) -> list[str]:
    """Return the path of keys in the file, without the names of types that pydantic adds for a choice of types."""
    keys: list[str] = []
    section: type[BaseModel] | None = File
    for part in error["loc"]:
        if section is None:
            break
        name = str(part)
        field = section.model_fields.get(name)
        if field is None and error["type"] != "extra_forbidden":
            break
        keys.append(name)
        section = _section(name) if field is not None and section is File else None
    return keys


def _section(name: str) -> type[BaseModel] | None:
    annotation = File.model_fields[name].annotation
    choices = [annotation, *getattr(annotation, "__args__", ())]
    return next((each for each in choices if isinstance(each, type) and issubclass(each, BaseModel)), None)


def _explained(name: str, keys: Sequence[str], error: ErrorDetails) -> tuple[str, str]:
    match error["type"]:
        case "missing":
            return f"{name} is missing", f"add {name}"
        case "extra_forbidden":
            section = _section(keys[0]) if len(keys) > 1 else File
            known = list(section.model_fields) if section else []
            near = difflib.get_close_matches(keys[-1], known, 1)
            remedy = f"did you mean {near[0]}?" if near else f"the keys there are {', '.join(known)}"
            return f"there is no key {name}", remedy
        case "value_error":
            return f"{name} = {error['input']!r} {error['ctx']['error']}", f"correct {name}"
        case _:
            return f"{name} = {error['input']!r} {_wanted(name, keys, error)}", f"correct {name}"


def _wanted(name: str, keys: Sequence[str], error: ErrorDetails) -> str:
    """Say what a value must be, in TOML's words instead of Python's."""
    if keys[0] == "outputs" and len(keys) > 1:
        return 'must be the name of a Terraform output in quotation marks, or a resource\'s name: { name = "…" }'
    if name == "events.sample":
        return "must be an event, as a table, or the name of a file with events in quotation marks"
    if error["type"] == "model_type":
        return f"must be a table, [{name}]"
    if error["type"] == "string_type":
        return "must be text, in quotation marks"
    if error["type"].startswith("float_"):
        return "must be a number"
    return error["msg"].replace("Input should", "must", 1)
