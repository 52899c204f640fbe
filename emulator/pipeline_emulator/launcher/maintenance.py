"""Asks a running emulator for what AWS does by itself, after hours or days."""

import json
import urllib.error
import urllib.request
from typing import Any

from pipeline_emulator.launcher import instance
from pipeline_emulator.launcher.errors import EmulatorError

LIFECYCLE = "/_pipeline/ecr/lifecycle"
_SECONDS = 60.0


def expire_images(url: str, days: int) -> list[dict[str, Any]]:
    """Run all lifecycle policies of ECR, as if some days had passed.

    Args:
        url: of the emulator.
        days: 0 for now.

    Returns:
        What has expired: repository, digest, tags and rule of each image.

    Raises:
        EmulatorError: the emulator did not answer, or refused.
    """
    request = urllib.request.Request(url + LIFECYCLE, json.dumps({"days": days}).encode(), method="POST")  # noqa: S310
    try:
        with instance.direct.open(request, timeout=_SECONDS) as answer:
            found: list[dict[str, Any]] = json.load(answer)["expired"]
            return found
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise EmulatorError(f"{url} has not run the policies: {error}", "read the emulator's log") from None
