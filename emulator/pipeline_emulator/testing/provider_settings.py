"""Takes from the providers of a copied configuration what leads to a real account: roles, profiles, keys, accounts.

An emulator has none of them, and Terraform would stop. The root user's keys are in its environment.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BLOCKS = ("assume_role", "assume_role_with_web_identity")
_ARGUMENTS = (
    *("profile", "access_key", "secret_key", "token", "shared_config_files", "shared_credentials_files"),
    *("allowed_account_ids", "forbidden_account_ids"),
)
_OVERRIDE = "zz_pipeline_emulator_providers_override.tf.json"
_PROVIDER = re.compile(r'^[ \t]*provider\s*"?aws"?\s*\{', re.MULTILINE)
_ALIAS = re.compile(r'(?<!\w)alias\s*=\s*"([\w-]+)"')
# Comments, and text in quotation marks, which may look like one.
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|(?:#|//)[^\n]*|/\*.*?\*/', re.DOTALL)
_BRACE = re.compile(r'"(?:\\.|[^"\\\n])*"|([{}])')
# An override's block replaces those of its type; a dynamic one without elements, by none.
_NONE: dict[str, Any] = {
    **dict.fromkeys(_ARGUMENTS),
    "dynamic": {name: {"for_each": [], "content": {}} for name in _BLOCKS},
}


def remove(copied: Path) -> None:
    """Write overrides to a copied configuration, in each folder with a provider of AWS."""
    found: dict[Path, set[str]] = {}
    for file in (*copied.rglob("*.tf"), *copied.rglob("*.tf.json")):
        if file.parent.resolve().is_relative_to(copied.resolve()):  # not through a link
            found.setdefault(file.parent, set()).update(_aliases(file))
    for folder, aliases in found.items():
        overrides = [{"aws": {**_NONE, **({"alias": alias} if alias else {})}} for alias in sorted(aliases)]
        if overrides:
            (folder / _OVERRIDE).write_text(json.dumps({"provider": overrides}, indent=2))


def _aliases(file: Path) -> Iterator[str]:
    """Yield the aliases of a file's providers; that of the default one is empty."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".json":
        yield from _aliases_in_json(text)
        return
    text = _COMMENT.sub(lambda found: found[1] or "", text)
    for start in _PROVIDER.finditer(text):
        alias = _ALIAS.search(_block(text, start.end()))
        yield alias[1] if alias else ""


def _aliases_in_json(text: str) -> Iterator[str]:
    try:
        document = json.loads(text)
    except ValueError:  # Terraform is going to say so
        return
    for labelled in _each(document.get("provider", []) if isinstance(document, dict) else []):
        for body in _each(labelled.get("aws", []) if isinstance(labelled, dict) else []):
            yield str(body.get("alias", "")) if isinstance(body, dict) else ""


def _each(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _block(text: str, start: int) -> str:
    """Return what is between an opening brace, which ends at `start`, and its closing one."""
    depth = 1
    for found in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(found[1] or "", 0)
        if depth == 0:
            return text[start : found.start()]
    return text[start:]
