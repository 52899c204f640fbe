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

    try:
        supported.check_architecture(function)
    except RuntimeError:
        return False  # nor could a container run it
    try:
        supported.runtime_of(function)
    except RuntimeError:
        return engine.is_usable()
    return False
