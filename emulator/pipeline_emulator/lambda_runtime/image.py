"""Images of functions: looked up in the emulator's ECR, checked against the function, run by digest.

https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
"""

import dataclasses
import functools
import threading
from typing import Any

from docker.errors import DockerException
from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, ImageCode

from pipeline_emulator import patches
from pipeline_emulator.ecr import lookup
from pipeline_emulator.lambda_runtime import engine, zip_images

# Docker's names for Lambda's instruction sets.
_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


_TASK_ROOT = "/var/task"  # where AWS's images have the code

# AWS's message ends before it.
_SINGLE_IMAGE = (
    "It is an index of several images, as buildx makes them: build with --provenance=false for one platform, or name"
    " the image in it by digest."
)


@dataclasses.dataclass(frozen=True)
class EcrImageCode(ImageCode):
    """An image in the emulator's ECR; `code_sha256` is the hex of its digest, as on AWS."""

    by_digest: str = ""

    @property
    def resolved_image_uri(self) -> str:
        """Return `<registry>/<repository>@sha256:<hex>`. Core's value is malformed if the image was given by digest."""
        return self.by_digest


def image_code(image_uri: str, account_id: str, region: str) -> EcrImageCode:
    """Look up an image for CreateFunction or UpdateFunctionCode.

    Raises:
        InvalidParameterValueException: ECR has no such image; the message is AWS's.
    """
    try:
        found = lookup.find_image(image_uri, account_id, region)
    except lookup.NotInThisRegistryError:
        raise InvalidParameterValueException(
            f"Source image {image_uri} is not valid. Provide a valid source image.", Type="User"
        ) from None
    except lookup.SeveralImagesError:
        raise InvalidParameterValueException(
            f"The image manifest, config or layer media type for the source image {image_uri} is not supported."
            f" {_SINGLE_IMAGE}",
            Type="User",
        ) from None
    except lookup.ImageNotFoundError:
        raise InvalidParameterValueException(
            f"Source image {image_uri} does not exist. Provide a valid source image.", Type="User"
        ) from None
    return EcrImageCode(
        image_uri=image_uri,
        repository_type="ECR",
        code_sha256=found.digest.removeprefix("sha256:"),
        by_digest=found.uri_by_digest,
    )


def pull(function_version: FunctionVersion) -> dict[str, Any]:
    """Pull the image if the engine does not have it, and return the engine's description of it.

    That of a function from a Zip is made here instead.

    Raises:
        RuntimeError: The image cannot be pulled or made, or its instruction set is not the function's.
    """
    if function_version.config.package_type == "Zip":
        return zip_images.of(function_version)
    code = function_version.config.image
    assert isinstance(code, EcrImageCode)
    try:
        image = engine.find_image(code.by_digest) or _pull(code.by_digest, function_version)
    except DockerException as error:
        raise RuntimeError(f"image {code.by_digest} cannot be pulled: {error}") from error
    wanted = function_version.config.architectures[0]
    if image["Architecture"] != _ARCHITECTURES[wanted]:
        raise RuntimeError(
            f"image {code.image_uri} is for {image['Os']}/{image['Architecture']}, the function for {wanted}"
            f" (linux/{_ARCHITECTURES[wanted]}): build the image with --platform linux/{_ARCHITECTURES[wanted]},"
            " or set the function's Architectures"
        )
    return image


def _pull(by_digest: str, function_version: FunctionVersion) -> dict[str, Any]:
    user, password = lookup.pull_credentials(function_version.id.account, function_version.id.region)
    repository, _, digest = by_digest.partition("@")
    engine.client().pull(repository, tag=digest, auth_config={"username": user, "password": password})
    found: dict[str, Any] = engine.client().inspect_image(by_digest)
    return found


def command_of(image: dict[str, Any], function_version: FunctionVersion) -> tuple[Any, Any, str | None]:
    """Return entry point, command and working directory for the container; None keeps the image's own.

    Lambda overrides each one separately, but Docker drops the image's command if the entry point is overridden.
    """
    if function_version.config.package_type == "Zip":
        return *zip_images.command_of(function_version), _TASK_ROOT
    overrides = function_version.config.image_config
    entrypoint = overrides.entrypoint if overrides else None
    command = overrides.command if overrides else None
    folder = overrides.working_directory if overrides else None
    if entrypoint and not command:
        command = image["Config"].get("Cmd")
    return entrypoint or None, command or None, folder or None


def variables_of(image: dict[str, Any]) -> dict[str, str]:
    """Return the environment variables that an image sets."""
    return dict(line.split("=", 1) for line in image["Config"].get("Env") or [])


def folder_of(image: dict[str, Any], function_version: FunctionVersion) -> str:
    """Return the folder that a function from an image starts in, which has its code."""
    return command_of(image, function_version)[2] or image["Config"].get("WorkingDir") or _TASK_ROOT


@functools.cache
def install() -> None:
    """Replace core's look-up with `image_code`: core accepts any name and checks no registry."""
    patches.REMEMBER_CALLER.append(_remember_caller)
    for patch in (patches.CREATE_IMAGE, patches.UPDATE_IMAGE):
        patch.replace(lambda image_uri: image_code(image_uri, *_caller.account_and_region))


# Core looks up an image by its URI alone, in the thread of the request that names it.
_caller = threading.local()


def _remember_caller(_chain: Any, context: RequestContext, _response: Any) -> None:
    _caller.account_and_region = (context.account_id, context.region)
