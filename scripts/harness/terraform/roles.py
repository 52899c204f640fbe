"""Lets a provider that assumes a role use LocalStack's credentials, which cannot assume one of a real account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.terraform import relative_paths
from harness.terraform.working_copy import ADDED

BLOCKS = ("assume_role", "assume_role_with_web_identity")
# In JSON, since tflocal takes each provider in a *.tf file for one more.
OVERRIDE = f"{ADDED}roles_override.tf.json"
_NAMED = re.compile(rf"\b({'|'.join(BLOCKS)})\b")


def without(root: Path, copy: Path) -> list[str]:
    """Write files to a working copy that take the roles from its providers.

    Args:
        root: the copied root module.
        copy: the whole copy. Nothing is written outside of it.

    Returns:
        The addresses of these providers, such as `aws` and `aws.replica`.
    """
    for left in copy.rglob(OVERRIDE):
        left.unlink()
    found: dict[Path, list[dict[str, Any]]] = {}
    for file in relative_paths.configuration(root):
        if file.parent.resolve().is_relative_to(copy.resolve()):  # not through a link
            found.setdefault(file.parent, []).extend(_overrides(file))
    for folder, overrides in found.items():
        once = {json.dumps(each): {"aws": each} for each in overrides}  # a user's override is of the same provider
        if once:
            (folder / OVERRIDE).write_text(json.dumps({"provider": list(once.values())}, indent=2))
    aliases = [each.get("alias") for overrides in found.values() for each in overrides]
    return sorted({f"aws.{alias}" if alias else "aws" for alias in aliases})


def _overrides(file: Path) -> Iterator[dict[str, Any]]:
    for body in _providers(file):
        dynamic = {name for block in _each(body.get("dynamic", [])) for name in block}
        if assumed := [name for name in BLOCKS if body.get(name) or name in dynamic]:
            none: dict[str, Any] = {name: {"for_each": [], "content": {}} for name in assumed}
            yield {**({"alias": body["alias"]} if "alias" in body else {}), "dynamic": none}


def _providers(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the blocks `provider "aws"` of a file; none if Terraform is going to refuse it."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if not _NAMED.search(text):  # most files: parsing takes long
        return
    try:
        content = json.loads(text) if file.suffix == ".json" else _parsed(text)
    except ValueError:
        return
    for labelled in _each(content.get("provider", [])):
        yield from _each(labelled.get("aws", []))


def _parsed(text: str) -> dict[str, Any]:
    import hcl2  # most runs need none, and it takes long
    from lark.exceptions import LarkError

    plain = hcl2.SerializationOptions(strip_string_quotes=True, explicit_blocks=False, with_comments=False)
    try:
        return dict(hcl2.loads(text, serialization_options=plain))
    except LarkError as error:
        raise ValueError(str(error)) from None


def _each(found: Any) -> list[Any]:
    """Return blocks as a list; JSON may have one or several."""
    return found if isinstance(found, list) else [found]
