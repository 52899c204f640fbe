"""Images of functions from Zips: the base image of the runtime with the code at /var/task and the layers at /opt.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html names a base image for each runtime. Which one is used
instead, LAMBDA_RUNTIME_IMAGE_MAPPING says, as with LocalStack.
"""

import dataclasses
import functools
import threading
from pathlib import Path
from typing import Any

from docker.errors import DockerException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import engine, image_files, layer_folders
from pipeline_emulator.lambda_runtime.runtimes import supported
from pipeline_emulator.lambda_runtime.runtimes.folders import IN_NAMESPACES
from pipeline_emulator.lambda_runtime.runtimes.os_only import PROGRAM
from pipeline_emulator.lambda_runtime.runtimes.versions import OS_ONLY

VARIABLE = "LAMBDA_RUNTIME_IMAGE_MAPPING"


@dataclasses.dataclass(frozen=True)
class _Content:
    """What an image is made from."""

    base: str  # its id
    code: Path
    layers: Path | None


_images: dict[_Content, str] = {}
_making = threading.Lock()


def of(version: FunctionVersion) -> dict[str, Any]:
    """Return the engine's description of a function's image, which is made if there is none.

    Raises:
        RuntimeError: the base image cannot be pulled, the function is for another architecture, or its layers are not
            supported.
    """
    function = version.config
    supported.check_architecture(function)
    code = function.code
    assert code is not None  # a Zip
    if code.is_hot_reloading():
        raise RuntimeError(
            "the code is a folder of this machine, which functions in containers do not see: deploy a Zip, or set"
            " LAMBDA_RUNTIME_EXECUTOR=process"
        )
    base = _base(str(function.runtime))
    with _making:
        code.prepare_for_execution()
        layers = layer_folders.merge(function.layers) if function.layers else None
        content = _Content(base, Path(code.get_unzipped_code_location()), layers)
        found = engine.find_image(_images[content]) if content in _images else None
        if found is None:
            folders = {str(IN_NAMESPACES.code): content.code}
            if layers:
                folders[str(IN_NAMESPACES.layers)] = layers
            _images[content] = image_files.with_folders(base, folders)
            found = engine.client().inspect_image(_images[content])
    return found


def command_of(version: FunctionVersion) -> tuple[list[str] | None, list[str] | None]:
    """Return entry point and command of a function's container; None keeps the image's own.

    A managed runtime's base image takes the handler as the command. With an OS-only runtime, the Zip or a layer has the
    program. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
    """
    function = version.config
    if function.runtime not in OS_ONLY:
        return None, [str(function.handler)]
    code, layers = function.code, layer_folders.folder_of(function.layers)
    assert code is not None
    in_layer = not Path(code.get_unzipped_code_location(), PROGRAM).exists() and Path(layers, PROGRAM).exists()
    return [str((IN_NAMESPACES.layers if in_layer else IN_NAMESPACES.code) / PROGRAM)], None


def variables_of(version: FunctionVersion) -> dict[str, str]:
    """Return the variables that Lambda sets beside those of the base image, without the function's own.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    function = version.config
    variables = {
        "LAMBDA_TASK_ROOT": str(IN_NAMESPACES.code),
        "LAMBDA_RUNTIME_DIR": str(IN_NAMESPACES.runtime),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }
    if function.runtime not in OS_ONLY:
        variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{function.runtime}"
    return variables


def remove(code: Path) -> None:
    """Remove the images with a function's code."""
    with _making:
        unused = [_images.pop(content) for content in list(_images) if content.code == code]
    for image in unused:
        image_files.remove(image)


def remove_all() -> None:
    """Remove all images. No container may use them any more."""
    with _making:
        unused = list(_images.values())
        _images.clear()
    for image in unused:
        image_files.remove(image)


def _base(runtime: str) -> str:
    """Return the id of a runtime's base image, pulled if the engine does not have it."""
    name = _name(runtime)
    if (found := engine.find_image(name)) is None:
        try:
            engine.client().pull(name)
            found = engine.client().inspect_image(name)
        except DockerException as error:
            raise RuntimeError(
                f"the base image {name} of runtime {runtime} cannot be pulled: {error}. Name one that the engine has:"
                f' {VARIABLE}={{"{runtime}": "<image>"}}'
            ) from error
    return str(found["Id"])


@functools.cache
def _name(runtime: str) -> str:
    # Late: core's module for containers imports much of core, and a function from an image does without it.
    from localstack.services.lambda_.invocation.docker_runtime_executor import resolver

    try:
        return str(resolver.get_image_for_runtime(runtime))  # type: ignore[arg-type]
    except ValueError as error:
        raise RuntimeError(f"no base image for runtime {runtime}: {error} ({VARIABLE} may name one)") from None
