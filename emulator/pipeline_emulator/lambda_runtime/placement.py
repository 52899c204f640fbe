"""Where a function runs: as a process of LocalStack's machine, or in a container."""

import os

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, VersionFunctionConfiguration

from pipeline_emulator.lambda_runtime import isolation
from pipeline_emulator.lambda_runtime.runtimes import supported
from pipeline_emulator.sandbox.protocol import Isolation

PROCESS, CONTAINER, AUTO = "process", "container", "auto"  # values of LAMBDA_RUNTIME_EXECUTOR


def in_container(version: FunctionVersion) -> bool:
    """Return whether a function's version runs in a container.

    `auto` runs a Zip as a process, unless it would be without a sandbox beside the engine's socket, or this machine
    lacks its runtime and an engine could have it.
    """
    if config.LAMBDA_RUNTIME_EXECUTOR != AUTO:
        return bool(config.LAMBDA_RUNTIME_EXECUTOR == CONTAINER)
    function = version.config
    return function.package_type == "Image" or _could_reach_the_engine() or _lacks_runtime(function)


def _could_reach_the_engine() -> bool:
    """Return whether a process could take over the machine through the engine's socket, and nobody has accepted it."""
    from pipeline_emulator.lambda_runtime import engine  # late: the engine's client

    if not config.is_in_docker or os.environ.get(isolation.VARIABLE):
        return False
    return isolation.isolation() is Isolation.PROCESS_GROUP and engine.answers()


def _lacks_runtime(function: VersionFunctionConfiguration) -> bool:
    from pipeline_emulator.lambda_runtime import engine  # late: the engine's client

    return _is_for_containers(function) and engine.obstacle() is None


def remedy(version: FunctionVersion) -> str:
    """Return what a container that could run a function here lacks; empty if nothing would help."""
    from pipeline_emulator.lambda_runtime import engine  # late: the engine's client

    if config.LAMBDA_RUNTIME_EXECUTOR != AUTO or not _is_for_containers(version.config) or not engine.answers():
        return ""
    return engine.obstacle() or ""


def _is_for_containers(function: VersionFunctionConfiguration) -> bool:
    """Return whether a function from a Zip is for this machine, but with a runtime that the machine lacks."""
    if function.package_type == "Image":
        return False
    try:
        supported.check_architecture(function)
    except RuntimeError:
        return False
    try:
        supported.runtime_of(function)
    except RuntimeError:
        return True
    return False
