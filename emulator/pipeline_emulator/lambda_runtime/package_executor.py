"""`LAMBDA_RUNTIME_EXECUTOR=auto`: runs functions from Zips as processes, and functions from images in containers."""

import os

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from pipeline_emulator.lambda_runtime import engine
from pipeline_emulator.lambda_runtime.container_executor import ContainerRuntimeExecutor
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor
from pipeline_emulator.lambda_runtime.isolation import isolation
from pipeline_emulator.lambda_runtime.process_executor import ProcessRuntimeExecutor
from pipeline_emulator.sandbox.protocol import Isolation

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
        chosen = of(function_version)
        if chosen is ProcessRuntimeExecutor:
            _keep_from_the_engine()
        chosen.prepare_version(function_version)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Do what the executor does after a version's end."""
        of(function_version).cleanup_version(function_version)

    @classmethod
    def validate_environment(cls) -> bool:
        """Report what is missing for processes; a missing container engine is reported with the first image."""
        return ProcessRuntimeExecutor.validate_environment()


def _keep_from_the_engine() -> None:
    """Refuse a function that would share the engine's socket with LocalStack's container.

    Raises:
        RuntimeError: it would, and nobody has asked for it.
    """
    without_sandbox = config.is_in_docker and isolation() is Isolation.PROCESS_GROUP
    if without_sandbox and not os.environ.get("LAMBDA_PROCESS_ISOLATION") and engine.answers():
        raise RuntimeError(
            "a function from a Zip would run without a sandbox in LocalStack's container, and could take over the"
            " machine through the container engine's socket: run the container without the socket, or with user"
            " namespaces (--security-opt seccomp=unconfined), or accept it with LAMBDA_PROCESS_ISOLATION=process-group"
        )
