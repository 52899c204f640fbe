"""`LAMBDA_RUNTIME_EXECUTOR=container`: runs functions in containers, from images in ECR or made from their Zips."""

import functools
from collections.abc import Mapping
from typing import Any

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import engine, image, zip_images
from pipeline_emulator.lambda_runtime.container import ContainerRuntime, ContainerSpecification
from pipeline_emulator.lambda_runtime.editions import Edition
from pipeline_emulator.lambda_runtime.environment_variables import without_foreign
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor, managed_runtime
from pipeline_emulator.lambda_runtime.output import Output


class ContainerRuntimeExecutor(EnvironmentExecutor):
    """Runs each execution environment of a function in a container."""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Pull or make the image. An exception raised here becomes the function's StateReason."""
        engine.own_address()
        image.pull(function_version)

    def get_endpoint_from_executor(self) -> str:
        """Return LocalStack's IP address in the functions' network. S3 clients put no bucket name in front of it."""
        return engine.own_address()

    def make_runtime(self, variables: Mapping[str, str], output: Output, edition: Edition | None) -> ContainerRuntime:
        """Return a container of the function's image."""
        function = self.function_version.config
        entrypoint, command, folder = image.command_of(self._image, self.function_version)
        deployed = function.image.resolved_image_uri if function.image else self._image["Id"]
        environment = self._of_lambda(variables) | dict(function.environment or {})
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

    def runtime_version(self) -> tuple[str, str] | None:
        """Return name and ARN of the managed runtime of a Zip; None for an image, which brings its own."""
        function = self.function_version.config
        return managed_runtime(function) if function.package_type == "Zip" else None

    def _of_lambda(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that Lambda sets."""
        if self.function_version.config.package_type == "Image":
            return without_foreign(variables)
        return without_foreign(variables, of_runtime=False) | zip_images.variables_of(self.function_version)

    @functools.cached_property
    def _image(self) -> dict[str, Any]:
        return image.pull(self.function_version)
