"""`LAMBDA_RUNTIME_EXECUTOR=auto`: runs each function where `placement` says."""

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from pipeline_emulator.lambda_runtime import placement
from pipeline_emulator.lambda_runtime.container_executor import ContainerRuntimeExecutor
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor
from pipeline_emulator.lambda_runtime.process_executor import ProcessRuntimeExecutor


def of(version: FunctionVersion) -> type[EnvironmentExecutor]:
    """Return the executor of a function's version."""
    return ContainerRuntimeExecutor if placement.in_container(version) else ProcessRuntimeExecutor


class PackageRuntimeExecutor(RuntimeExecutor):
    """Stands for both executors where core knows one; it has no instances."""

    def __new__(cls, id: str, function_version: FunctionVersion) -> RuntimeExecutor:  # type: ignore[misc]  # noqa: A002
        """Return an instance of the executor for the function."""
        return of(function_version)(id, function_version)

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Prepare the code. An exception raised here becomes the function's StateReason."""
        try:
            of(function_version).prepare_version(function_version)
        except RuntimeError as error:
            if remedy := placement.remedy(function_version):
                raise RuntimeError(f"{error}; or let a container run it: {remedy}") from error
            raise

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Do what the executor does after a version's end."""
        of(function_version).cleanup_version(function_version)

    @classmethod
    def validate_environment(cls) -> bool:
        """Report what is missing for processes; a missing container engine is reported with the first image."""
        return ProcessRuntimeExecutor.validate_environment()
