"""Reads IAM_ENFORCEMENT, PIPELINE_ROOT_KEY, PIPELINE_ROOT_SECRET and LAMBDA_REFUSE_TRACING."""

import logging
import os
from enum import Enum
from functools import cache

LOG = logging.getLogger(__name__)


class Mode(Enum):
    """`on` refuses denied requests, `soft` serves and reports them, `off` authorizes nothing."""

    ON = "on"
    SOFT = "soft"
    OFF = "off"


@cache
def root_key() -> str | None:
    """Return the access key that is the root user's besides `test`; None if there is no other."""
    return os.environ.get("PIPELINE_ROOT_KEY", "").strip() or None


@cache
def root_secret() -> str | None:
    """Return the secret that requests with a root key must be signed with; None if any will do."""
    return "test" if os.environ.get("PIPELINE_ROOT_SECRET", "").strip().lower() == "test" else None


def refuses_tracing() -> bool:
    """Return whether Lambda refuses active tracing to a function whose role may not write traces."""
    return os.environ.get("LAMBDA_REFUSE_TRACING", "").strip().lower() in ("1", "true")


def mode() -> Mode:
    """Return the configured mode. Any other value is reported and counts as `on`."""
    text = os.environ.get("IAM_ENFORCEMENT", "").strip().lower() or Mode.ON.value
    try:
        return Mode(text)
    except ValueError:
        LOG.warning("IAM_ENFORCEMENT=%s is not on, soft or off: using on", text)
        return Mode.ON
