"""Takes from providers what leads to a real account or to another emulator, so that each reaches its own stack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.terraform import relative_paths
from harness.terraform.working_copy import ADDED

# LocalStack cannot assume roles of a real account. Endpoints are often those of LocalStack's own instructions, with its
# default port: https://docs.localstack.cloud/aws/integrations/infrastructure-as-code/terraform/
BLOCKS = ("assume_role", "assume_role_with_web_identity", "endpoints")
ACCOUNTS, PROFILE, KEY = "allowed_account_ids", "profile", "access_key"
KEYS = (KEY, "secret_key", "token")  # LocalStack serves those that it gave, and its root user's
FILES = ("shared_config_files", "shared_credentials_files")  # of the user, with profiles of real accounts
ARGUMENTS = (ACCOUNTS, PROFILE, *KEYS, *FILES)
ROOT = "test"
EMULATED = "000000000000"  # LocalStack's account
# In JSON: any text of the user is a value there.
OVERRIDE = f"{ADDED}providers_override.tf.json"
_PROVIDER = re.compile(r'\bprovider"?\s*[:"]|\bprovider\s+aws\b')  # in Terraform's own syntax, or its JSON
_NAMED = re.compile(
    rf"\b({'|'.join((*BLOCKS, KEY, *FILES))})\b"
    rf'|\b{ACCOUNTS}"?\s*[=:]\s*\[\s*"\d'  # in Terraform's own syntax, and in its JSON
    rf'|\b{PROFILE}"?\s*[=:]\s*("\$|[^"\s])'
)


def without(root: Path, copy: Path) -> list[str]:
    """Write files to a working copy that take such settings from its providers.

    Args:
        root: the copied root module.
        copy: the whole copy. Nothing is written outside of it.

    Returns:
        What was taken, such as `assume_role of aws` and `endpoints of aws.replica`.
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
    return sorted({told for overrides in found.values() for each in overrides for told in _told(each)})


def _told(override: dict[str, Any]) -> Iterator[str]:
    """Yield what an override takes."""
    address = f"aws.{override['alias']}" if "alias" in override else "aws"
    for name in (*override.get("dynamic", ()), *(name for name in ARGUMENTS if name in override)):
        yield f"{name} of {address}"


def _overrides(file: Path) -> Iterator[dict[str, Any]]:
    for body in _providers(file):
        dynamic = {name for block in _each(body.get("dynamic", [])) for name in block}
        blocks = [name for name in BLOCKS if body.get(name) or name in dynamic]
        none: dict[str, Any] = {"dynamic": {name: {"for_each": [], "content": {}} for name in blocks}} if blocks else {}
        none |= dict.fromkeys(_arguments(body))
        if none:
            yield {**({"alias": body["alias"]} if "alias" in body else {}), **none}


def _arguments(body: dict[str, Any]) -> Iterator[str]:
    """Yield the arguments that lead to a real account, as far as the text says so."""
    accounts = body.get(ACCOUNTS)
    # An account in a variable may be LocalStack's, in the file for this machine.
    if isinstance(accounts, list) and EMULATED not in accounts and all(str(each).isdecimal() for each in accounts):
        yield ACCOUNTS
    if "${" in str(body.get(PROFILE, "")):  # one in quotation marks exists here
        yield PROFILE
    if body.get(KEY, ROOT) != ROOT:
        yield from (name for name in KEYS if name in body)
    yield from (name for name in FILES if name in body)


def _providers(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the blocks `provider "aws"` of a file; none if Terraform is going to refuse it."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if not (_PROVIDER.search(text) and _NAMED.search(text)):  # most files: parsing takes long
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
