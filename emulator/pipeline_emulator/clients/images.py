"""Replaces names of images: those in ECR's registries, and base images that the user has stand-ins for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline_emulator.clients.ecr_names import REGISTRY
from pipeline_emulator.launcher.errors import EmulatorError

BASE_IMAGES = "PIPELINE_BASE_IMAGES"
_TAG = re.compile(r"(?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]{64})?$")
# Where the name of an image can begin in an argument: at its beginning, or after -t, NAME= or docker-image://.
_IN_REGISTRY = re.compile(rf"(?P<before>^(?:-t)?|=|://){REGISTRY.pattern}(?=/)")


@dataclass(frozen=True)
class Replacements:
    """What names become.

    Attributes:
        registry: returns the `host:port` that takes the place of ECR's registries; called once a name needs it.
        bases: base images by the name that they replace, with or without a tag.
    """

    registry: Callable[[], str]
    bases: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """Return the name of the image to use for `name`; the same if there is no other.

        The stand-in of a name without a tag counts for all its tags.
        """
        host, slash, path = name.partition("/")
        if slash and REGISTRY.fullmatch(host):
            return f"{self.registry()}/{path}"
        return self.bases.get(name) or self.bases.get(_TAG.sub("", name)) or name

    def in_argument(self, argument: str) -> str:
        """Return an argument with ECR's registries replaced, such as `--cache-from=type=registry,ref=…`."""
        return _IN_REGISTRY.sub(lambda match: match["before"] + self.registry(), argument)


def bases(text: str) -> dict[str, str]:
    """Return the base images in the variable PIPELINE_BASE_IMAGES: NAME=IMAGE, separated by commas.

    Raises:
        EmulatorError: the text has another form.
    """
    found = {}
    for pair in filter(None, (each.strip() for each in text.split(","))):
        name, equals, image = pair.partition("=")
        if not (name and equals and image):
            example = f"for example {BASE_IMAGES}=public.ecr.aws/lambda/python=my-python:3.13"
            raise EmulatorError(f"{BASE_IMAGES}: {pair} is not NAME=IMAGE", example)
        found[name.strip()] = image.strip()
    return found
