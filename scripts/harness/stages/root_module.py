"""What the files of a root module say before Terraform runs: variables with defaults, region, and backend."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.paths import shown
from harness.stages import tfvars

S3 = "s3"
_VARIABLE = re.compile(r"\$\{var\.(\w+)\}|var\.(\w+)")


def defaults(folder: Path) -> dict[str, Any]:
    """Return every declared variable with its default; None also if it has no default.

    Args:
        folder: of the root module.

    Raises:
        HarnessError: a file is invalid.
    """
    return {name: body.get("default") for name, body in _labelled(folder, "variable")}


def region(folder: Path, variables: Mapping[str, Any]) -> str:
    """Return the region of the AWS provider without an alias; empty if only Terraform can tell.

    Args:
        folder: of the root module.
        variables: values of the stage.

    Raises:
        HarnessError: a file is invalid.
    """
    for name, body in _labelled(folder, "provider"):
        if name == "aws" and "alias" not in body:
            return _value(body.get("region"), {**defaults(folder), **variables})
    return ""


def backend(folder: Path) -> dict[str, Any]:
    """Return the arguments of the root module's `backend "s3"`; empty without one.

    Raises:
        HarnessError: a file is invalid.
    """
    found = next((body for kind, body in _backends(folder) if kind == S3), {})
    return {name: value for name, value in found.items() if not name.startswith("__")}


def other_backend(folder: Path) -> str | None:
    """Return the type of the root module's backend, unless it is S3 or none; `cloud` for HCP Terraform.

    Raises:
        HarnessError: a file is invalid.
    """
    return next((kind for kind, _ in _backends(folder) if kind != S3), None)


def has_backend(folder: Path) -> bool:
    """Return whether the root module has a `backend "s3"`. Raises as `backend`."""
    return any(kind == S3 for kind, _ in _backends(folder))


def _backends(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for content in _contents(folder):
        for terraform in content.get("terraform", []):
            for found in terraform.get("backend", []):
                yield from found.items()
            if terraform.get("cloud"):
                yield "cloud", {}


def _labelled(folder: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for content in _contents(folder):
        for block in content.get(kind, []):
            yield from block.items()


def _contents(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("*.tf")):
        yield tfvars.read(file)
    for file in sorted(folder.glob("*.tf.json")):
        yield _of_json(file)


def _of_json(file: Path) -> dict[str, Any]:
    """Return the blocks of a file in Terraform's JSON syntax, as `tfvars.read` returns those of the other syntax."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        found = {kind: list(_blocks(content.get(kind, []))) for kind in ("variable", "provider")}
        found["terraform"] = [
            {"backend": list(_blocks(each.get("backend", []))), "cloud": each.get("cloud")}
            for each in _each(content.get("terraform", []))
        ]
    except (OSError, ValueError, AttributeError) as error:
        raise HarnessError(f"{shown(file)} cannot be read: {error}", "fix it: terraform validate shows where") from None
    return found


def _blocks(found: Any) -> Iterator[dict[str, Any]]:
    """Yield labelled blocks; JSON may have one or a list of them at each level."""
    for labelled in _each(found):
        for label, bodies in labelled.items():
            yield from ({label: body} for body in _each(bodies))


def _each(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _value(expression: Any, variables: Mapping[str, Any]) -> str:
    """Return the text that an expression stands for, if it is a text or a variable; otherwise an empty one."""
    if not isinstance(expression, str):
        return ""
    if named := _VARIABLE.fullmatch(expression):
        found = variables.get(named[1] or named[2])
        return found if isinstance(found, str) else ""
    return "" if "${" in expression or not re.fullmatch(r"[a-z0-9-]+", expression) else expression
