"""`LAMBDA_RUNTIME_EXECUTOR=process`: runs functions from Zips as processes on this machine."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

from pipeline_emulator.lambda_runtime import code_folders, layer_folders, shown_files
from pipeline_emulator.lambda_runtime.editions import Edition
from pipeline_emulator.lambda_runtime.environment_variables import function_environment
from pipeline_emulator.lambda_runtime.executor import EnvironmentExecutor, managed_runtime
from pipeline_emulator.lambda_runtime.isolation import isolation
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.process import ProcessRuntime
from pipeline_emulator.lambda_runtime.runtimes.folders import IN_NAMESPACES
from pipeline_emulator.lambda_runtime.runtimes.python import runtime_dir
from pipeline_emulator.lambda_runtime.runtimes.supported import FunctionRuntime, runtime_of
from pipeline_emulator.sandbox.protocol import Isolation, Specification

LOG = logging.getLogger(__name__)
# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html: not with an OS-only runtime
_WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"


class ProcessRuntimeExecutor(EnvironmentExecutor):
    """Runs each execution environment of a function in a sandbox."""

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unpack code and layers. An exception raised here becomes the function's StateReason."""
        runtime = _runtime(function_version)
        isolation()
        code = function_version.config.code
        assert code is not None  # `_runtime` accepts only Zips
        code.prepare_for_execution()
        folder = Path(code.get_unzipped_code_location())
        layers = layer_folders.merge(function_version.config.layers) if function_version.config.layers else None
        if layers:
            shown_files.check_layers(layers, runtime.shown())
        reloading = code.is_hot_reloading()
        runtime.prepare(folder if not reloading else None, layers)
        if isolation() is Isolation.PROCESS_GROUP:
            for unpacked in (None if reloading else folder, layers):
                if unpacked:
                    code_folders.set_writable(unpacked, writable=False)

    @classmethod
    def validate_environment(cls) -> bool:
        """Report what is missing at the start instead of at the first event."""
        try:
            runtime_dir()
        except RuntimeError as error:
            LOG.error("Lambda: %s", error)  # noqa: TRY400 - the message is the remedy
            return False
        return True

    def make_runtime(self, variables: Mapping[str, str], output: Output, edition: Edition | None) -> ProcessRuntime:
        """Return a sandbox, with a folder to use instead of /tmp if /tmp itself cannot be private."""
        in_group = isolation() is Isolation.PROCESS_GROUP
        private_tmp = Path(tempfile.mkdtemp(prefix="lambda-tmp-")) if in_group else None
        specification = self._specification(variables, private_tmp, edition)
        return ProcessRuntime(specification, output, self.warn_of_memory, private_tmp)

    def runtime_version(self) -> tuple[str, str]:
        """Return name and ARN of the managed runtime that this machine's interpreter replaces."""
        return managed_runtime(self.function_version.config)

    def _specification(
        self, variables: Mapping[str, str], private_tmp: Path | None, edition: Edition | None
    ) -> Specification:
        function = self.function_version.config
        assert function.code is not None
        runtime, user = _runtime(self.function_version), function.environment or {}
        deployed = Path(function.code.get_unzipped_code_location()).absolute()
        code = edition.folder if edition and edition.folder else deployed
        layers = layer_folders.folder_of(function.layers)
        seen = runtime.folders(code, layers) if private_tmp else IN_NAMESPACES
        programs = runtime.programs(seen)
        wrapper = "" if programs else user.get(_WRAPPER, "")
        wrapper = wrapper.replace(f"{IN_NAMESPACES.layers}/", f"{seen.layers}/", 1)
        environment = function_environment(
            core=variables,
            runtime=runtime.variables(seen),
            user=user,
            folders=seen,
            private_tmp=private_tmp,
        )
        specification = Specification(
            isolation=isolation(),
            command=[*([wrapper] if wrapper else []), *runtime.command(function, seen)],
            environment=environment,
            folder=str(seen.code),
            shown=[] if private_tmp else self._shown(runtime, code, layers),
            tmp_bytes=self.tmp_bytes(),
            memory_bytes=function.memory_size * 2**20,
            programs=programs,
        )
        if edition and edition.debugger:
            edition.debugger.add_to(specification)
        return specification

    def _shown(self, runtime: FunctionRuntime, code: Path, layers: Path) -> list[list[str]]:
        shown = [*shown_files.of_system(), *runtime.shown(), *shown_files.pairs([(code, IN_NAMESPACES.code)])]
        if self.function_version.config.layers:
            shown += shown_files.of_layers(layers, IN_NAMESPACES.layers)
        return shown


def _runtime(function_version: FunctionVersion) -> FunctionRuntime:
    """Return the runtime of a function, or reject one that cannot run here.

    Raises:
        RuntimeError: The message names what the function needs and what is supported.
    """
    function = function_version.config
    if function.package_type != "Zip":
        raise RuntimeError(
            "the process executor runs package type Zip only; for images set LAMBDA_RUNTIME_EXECUTOR=auto"
        )
    return runtime_of(function)
