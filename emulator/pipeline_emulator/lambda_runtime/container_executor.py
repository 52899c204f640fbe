"""`LAMBDA_RUNTIME_EXECUTOR=container`: runs functions from images in ECR in containers."""

import functools
from collections.abc import Mapping
from typing import Any

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import engine, image
from pipeline_emulator.lambda_runtime.container import ContainerRuntime, ContainerSpecification
from pipeline_emulator.lambda_runtime.editions import Edition
from pipeline_emulator.lambda_runtime.environment_variables import without_foreign
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor
from pipeline_emulator.lambda_runtime.output import Output


class ContainerRuntimeExecutor(EnvironmentExecutor):
    """Runs each execution environment of a function in a container."""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Pull the image. An exception raised here becomes the function's StateReason."""
        if function_version.config.package_type != "Image":
            raise RuntimeError(
                "the container executor runs package type Image only; for Zips set LAMBDA_RUNTIME_EXECUTOR=auto"
            )
        engine.own_address()
        image.pull(function_version)

    def get_endpoint_from_executor(self) -> str:
        """Return LocalStack's IP address in the functions' network. S3 clients put no bucket name in front of it."""
        return engine.own_address()

    def make_runtime(self, variables: Mapping[str, str], output: Output, edition: Edition | None) -> ContainerRuntime:
        """Return a container of the function's image."""
        function = self.function_version.config
        entrypoint, command, folder = image.command_of(self._image, self.function_version)
        deployed = function.image.resolved_image_uri if function.image else ""
        environment = without_foreign(variables) | dict(function.environment or {})
        debugger = edition.debugger if edition else None
        specification = ContainerSpecification(
            name=f"lambda-{self.function_version.id.function_name}",
            image=edition.image if edition and edition.image else deployed,
            environment=debugger.variables(image.variables_of(self._image) | environment) if debugger else environment,
            memory_bytes=function.memory_size * 2**20 + (debugger.memory_bytes if debugger else 0),
            tmp_bytes=self.tmp_bytes(),
            entrypoint=entrypoint,
            command=command,
            working_directory=folder,
        )
        return ContainerRuntime(specification, output, self.warn_of_memory)

    def runtime_version(self) -> None:
        """Return None: an image brings its own runtime."""

    @functools.cached_property
    def _image(self) -> dict[str, Any]:
        return image.pull(self.function_version)
