"""Terraform's variables of a stage, as they stand in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hcl2
from hcl2 import SerializationOptions
from lark.exceptions import LarkError

from harness.errors import HarnessError
from harness.paths import shown

_PLAIN = SerializationOptions(with_comments=False, strip_string_quotes=True)


def read(path: Path) -> dict[str, Any]:
    """The values of a file of `name = value` lines (tfvars, backend configuration).

    Args:
        path: the file.

    Raises:
        HarnessError: it is missing, or no HCL.
    """
    try:
        found: dict[str, Any] = hcl2.loads(path.read_text(encoding="utf-8") + "\n", serialization_options=_PLAIN)
    except FileNotFoundError:
        raise HarnessError(f"there is no file {shown(path)}", f"restore it: git checkout {shown(path)}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HarnessError(f"{shown(path)} cannot be read: {error}", "mend the file") from None
    except LarkError as error:
        cause = str(error).splitlines()[0]
        raise HarnessError(f"{shown(path)} is not valid: {cause}", f"mend it: terraform fmt {shown(path)}") from None
    return found
