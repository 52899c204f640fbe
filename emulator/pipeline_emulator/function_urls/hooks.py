"""Hooks of function URLs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug import Request

from pipeline_emulator.hooks import Question


@dataclass(frozen=True)
class Access:
    """Who may call a function URL.

    Attributes:
        refused: Why the request is refused; None if it is served.
        identity: The signer, as `requestContext.authorizer.iam` of the event; None for AuthType NONE.
    """

    refused: str | None = None
    identity: Mapping[str, str | None] | None = None


authorize: Question[[Request, Any], Access] = Question()
"""Whether the sender of a request may invoke the function with this configuration of a URL."""
