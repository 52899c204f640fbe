"""`LAMBDA_RUNTIME_EXECUTOR=process`: runs functions from Zips as processes on this machine."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import code_folders, interpreter, shown_files
from pipeline_emulator.lambda_runtime.environment_variables import function_environment
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor
from pipeline_emulator.lambda_runtime.isolation import isolation
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.process import ProcessRuntime
from pipeline_emulator.sandbox.protocol import Isolation, Specification

LOG = logging.getLogger(__name__)


class ProcessRuntimeExecutor(EnvironmentExecutor):
    """Runs each execution environment of a function in a sandbox."""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack the code. An exception raised here becomes the function's StateReason."""
        _check_supported(function_version)
        isolation()
        interpreter.compile_runtime()
        code = function_version.config.code
        assert code is not None  # `_check_supported` accepts only Zips
        code.prepare_for_execution()
        if code.is_hot_reloading():
            return
        folder = Path(code.get_unzipped_code_location())
        interpreter.compile_code(folder)
        if isolation() is Isolation.PROCESS_GROUP:
            code_folders.set_writable(folder, writable=False)

    @classmethod
    def validate_environment(cls) -> bool:
        """Report what is missing at the start instead of at the first event."""
        try:
            interpreter.runtime_dir()
        except RuntimeError as error:
            LOG.error("Lambda: %s", error)  # noqa: TRY400 - the message is the remedy
            return False
        return True

    def make_runtime(self, variables: Mapping[str, str], output: Output) -> ProcessRuntime:
        """Return a sandbox, with a folder to use instead of /tmp if /tmp itself cannot be private."""
        in_group = isolation() is Isolation.PROCESS_GROUP
        private_tmp = Path(tempfile.mkdtemp(prefix="lambda-tmp-")) if in_group else None
        return ProcessRuntime(self._specification(variables, private_tmp), output, self.warn_of_memory, private_tmp)

    def runtime_version(self) -> tuple[str, str]:
        """Return name and ARN of the managed runtime that this machine's interpreter replaces."""
        found = self.function_version.config.runtime_version_config or {}
        return interpreter.SUPPORTED_RUNTIME.replace("python", "python:"), str(found.get("RuntimeVersionArn", ""))

    def _specification(self, variables: Mapping[str, str], private_tmp: Path | None) -> Specification:
        function = self.function_version.config
        assert function.code is not None
        assert function.handler is not None
        code = Path(function.code.get_unzipped_code_location()).absolute()
        seen = shown_files.IN_NAMESPACES
        if private_tmp:
            seen = shown_files.Folders(code, interpreter.runtime_dir(), interpreter.interpreter())
        return Specification(
            isolation=isolation(),
            command=[str(seen.python), "-s", "-m", "awslambdaric", function.handler],
            environment=function_environment(
                core=variables, user=function.environment or {}, folders=seen, private_tmp=private_tmp
            ),
            folder=str(seen.code),
            shown=[] if private_tmp else shown_files.of_code(code),
            tmp_bytes=self.tmp_bytes(),
            memory_bytes=function.memory_size * 2**20,
        )


def _check_supported(function_version: FunctionVersion) -> None:
    """Reject functions that cannot run here.

    Raises:
        RuntimeError: The message names what the function needs and what is supported.
    """
    function = function_version.config
    if function.package_type != "Zip":
        raise RuntimeError(
            "the process executor runs package type Zip only; for images set LAMBDA_RUNTIME_EXECUTOR=auto"
        )
    if function.runtime != interpreter.SUPPORTED_RUNTIME:
        raise RuntimeError(
            f"the process executor runs functions of runtime {interpreter.SUPPORTED_RUNTIME} only,"
            f" not {function.runtime}"
        )
    if function.layers:
        raise RuntimeError("the process executor does not support layers: put their content into the function's Zip")
    interpreter.runtime_dir()
