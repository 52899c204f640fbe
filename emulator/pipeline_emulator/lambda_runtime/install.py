"""What our executors change in LocalStack core."""

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
from pipeline_emulator.lambda_runtime import code_folders
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor, shut_down, when_unused


@functools.cache
def install() -> None:
    """Changes core, once per process."""
    _keep_temporary_files_in_the_stack()
    SHUTDOWN_HANDLERS.register(shut_down)

    @patches.DELIVER_LOGS.wrap
    def store_logs(original: Callable[..., None], self: Any, invocation_result: Any, execution_env: Any) -> None:
        """The environment delivers its log itself: with the times of its lines, and while the function runs."""
        if not isinstance(execution_env.runtime_executor, EnvironmentExecutor):
            original(self, invocation_result=invocation_result, execution_env=execution_env)

    @patches.PASS_CLIENT_CONTEXT.wrap
    def invoke(original: Callable[..., Any], self: Any, invocation: Any) -> Any:
        """Core drops the client context on the way to the executor."""
        if isinstance(self.runtime_executor, EnvironmentExecutor):
            encoded = invocation.client_context
            self.runtime_executor.client_context = encoded and b64decode(encoded).decode(errors="replace")
        return original(self, invocation)

    @patches.STOP_FAILED_VERSIONS.wrap
    def stop_version(original: Callable[..., None], self: Any, qualified_arn: str) -> None:
        """A version in state Failed has nothing to stop; core then refused to delete its function."""
        with contextlib.suppress(ValueError):
            original(self, qualified_arn)

    @patches.DELETE_CODE_WHEN_UNUSED.wrap
    def destroy_cached(original: Callable[..., None], self: Any) -> None:
        """Read-only folders cannot be emptied, and those of an update may still be in use."""
        folder = self.get_unzipped_code_location()

        def destroy() -> None:
            if folder.exists():
                code_folders.set_writable(folder, writable=True)
            original(self)

        when_unused(folder, destroy)


def _keep_temporary_files_in_the_stack() -> None:
    """Core unpacks functions below the machine's /tmp, where a killed LocalStack would leave them behind."""
    folder = Path(config.dirs.tmp, "lambda-runtime")
    code_folders.remove(folder)  # of a LocalStack that was killed in this folder
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(folder)
