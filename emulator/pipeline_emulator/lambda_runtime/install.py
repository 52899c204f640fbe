"""Patches of LocalStack core that both executors need."""

import contextlib
import functools
import tempfile
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localstack import config
from localstack.runtime.shutdown import SHUTDOWN_HANDLERS

from pipeline_emulator import patches
from pipeline_emulator.lambda_runtime import code_folders, placement, traces
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor, shut_down, when_unused


@functools.cache
def install() -> None:
    """Patch core, once per process."""
    _keep_temporary_files_in_the_stack()
    SHUTDOWN_HANDLERS.register(_shut_down)
    traces.install()

    @patches.DELIVER_LOGS.wrap
    def store_logs(original: Callable[..., None], self: Any, invocation_result: Any, execution_env: Any) -> None:
        """Skip core's delivery: our environments deliver logs while the function runs, with the times of lines."""
        if not isinstance(execution_env.runtime_executor, EnvironmentExecutor):
            original(self, invocation_result=invocation_result, execution_env=execution_env)

    @patches.PASS_CLIENT_CONTEXT.wrap
    def invoke(original: Callable[..., Any], self: Any, invocation: Any) -> Any:
        """Pass the client context to the executor, which core drops, and decide whether the trace is sampled."""
        traces.decide(invocation, self.function_version.config.tracing_config_mode == "Active")
        if isinstance(self.runtime_executor, EnvironmentExecutor):
            encoded = invocation.client_context
            self.runtime_executor.client_context = encoded and b64decode(encoded).decode(errors="replace")
        return original(self, invocation)

    @patches.STOP_FAILED_VERSIONS.wrap
    def stop_version(original: Callable[..., None], self: Any, qualified_arn: str) -> None:
        """Ignore that a version in state Failed has nothing to stop. Core then refused to delete its function."""
        with contextlib.suppress(ValueError):
            original(self, qualified_arn)

    @patches.UPDATE_FAILED_VERSIONS.wrap
    def update_version(original: Callable[..., Any], self: Any, new_version: Any) -> Any:
        """Create the version if none runs: its predecessor has failed. Core refused with an InternalError."""
        runs = new_version.qualified_arn in self.lambda_running_versions
        managed = new_version.config.capacity_provider_config
        return original(self, new_version) if runs or managed else self.create_function_version(new_version)

    @patches.DELETE_CODE_WHEN_UNUSED.wrap
    def destroy_cached(original: Callable[..., None], self: Any) -> None:
        """Make the folder writable first, and wait until no environment uses it: after an update one may."""
        folder = self.get_unzipped_code_location()

        def destroy() -> None:
            if folder.exists():
                code_folders.set_writable(folder, writable=True)
            original(self)
            if config.LAMBDA_RUNTIME_EXECUTOR != placement.PROCESS:
                from pipeline_emulator.lambda_runtime import zip_images  # late: the engine's client

                zip_images.remove(folder)

        when_unused(folder, destroy)


def _shut_down() -> None:
    shut_down()
    if config.LAMBDA_RUNTIME_EXECUTOR != placement.PROCESS:
        from pipeline_emulator.lambda_runtime import zip_images  # late: the engine's client

        zip_images.remove_all()


def _keep_temporary_files_in_the_stack() -> None:
    """Let core unpack functions in this LocalStack's folder. A killed LocalStack would leave them behind in /tmp."""
    folder = Path(config.dirs.tmp, "lambda-runtime")
    code_folders.remove(folder)  # left by a LocalStack that was killed
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(folder)
