"""`LAMBDA_RUNTIME_EXECUTOR=auto`: runs functions from Zips as processes, and functions from images in containers."""

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from pipeline_emulator.lambda_runtime.container_executor import ContainerRuntimeExecutor
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor
from pipeline_emulator.lambda_runtime.process_executor import ProcessRuntimeExecutor

_EXECUTORS: dict[str, type[EnvironmentExecutor]] = {"Zip": ProcessRuntimeExecutor, "Image": ContainerRuntimeExecutor}


def of(function_version: FunctionVersion) -> type[EnvironmentExecutor]:
    """Return the executor for a function's package type."""
    return _EXECUTORS[function_version.config.package_type]


class PackageRuntimeExecutor(RuntimeExecutor):
    """Stands for both executors where core knows one; it has no instances."""

    def __new__(cls, id: str, function_version: FunctionVersion) -> RuntimeExecutor:  # type: ignore[misc]  # noqa: A002
        """Return an instance of the executor for the function."""
        return of(function_version)(id, function_version)

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Prepare the code. An exception raised here becomes the function's StateReason."""
        of(function_version).prepare_version(function_version)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Do what the executor does after a version's end."""
        of(function_version).cleanup_version(function_version)

    @classmethod
    def validate_environment(cls) -> bool:
        """Report what is missing for processes; a missing container engine is reported with the first image."""
        return ProcessRuntimeExecutor.validate_environment()
