"""IAM_ENFORCEMENT: whether what is not allowed is refused."""

import logging
import os
from enum import Enum

LOG = logging.getLogger(__name__)


class Mode(Enum):
    """`soft` serves what AWS would refuse, and tells of it as `on` does."""

    ON = "on"
    SOFT = "soft"
    OFF = "off"


def mode() -> Mode:
    """Return what the environment sets; a value that is none of the three counts as `on`, and is told."""
    text = os.environ.get("IAM_ENFORCEMENT", "").strip().lower() or Mode.ON.value
    try:
        return Mode(text)
    except ValueError:
        LOG.warning("IAM_ENFORCEMENT=%s is none of on, soft, off: it counts as on", text)
        return Mode.ON
