"""Entry points; LocalStack loads this module at every start, so imports happen in the methods."""

from typing import Any

from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=process`."""

    name = "process"

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """The executor's class."""
        from pipeline_emulator.lambda_runtime import patches
        from pipeline_emulator.lambda_runtime.executor import ProcessRuntimeExecutor

        patches.apply()
        return ProcessRuntimeExecutor
