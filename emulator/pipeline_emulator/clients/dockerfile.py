"""Replaces the images that a Dockerfile names."""

import re
from collections.abc import Callable

# FROM [--platform=…] NAME, ARG VARIABLE=NAME, COPY --from=NAME, RUN --mount=type=bind,from=NAME
_FROM = re.compile(r"(?P<before>^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*)(?P<name>[^\s#]+)", re.IGNORECASE | re.MULTILINE)
_ARG = re.compile(r"(?P<before>^[ \t]*ARG[ \t]+\w+=[\"']?)(?P<name>[^\s\"']+)", re.IGNORECASE | re.MULTILINE)
_OPTION = re.compile(
    r"(?P<before>^[ \t]*(?:COPY|ADD|RUN)[ \t](?:[^\n]*[ \t,])?(?:--)?from=)(?P<name>[^\s,]+)",
    re.IGNORECASE | re.MULTILINE,
)


def with_images(text: str, replace: Callable[[str], str]) -> tuple[str, dict[str, str]]:
    """Return the Dockerfile with its images replaced, and the new names by the old ones.

    Args:
        text: the Dockerfile.
        replace: returns the image to use for a name, or the name itself.
    """
    replaced: dict[str, str] = {}

    def change(match: re.Match[str]) -> str:
        name = match["name"]
        if (other := replace(name)) != name:
            replaced[name] = other
        return match["before"] + other

    for pattern in (_FROM, _ARG, _OPTION):
        text = pattern.sub(change, text)
    return text, replaced
