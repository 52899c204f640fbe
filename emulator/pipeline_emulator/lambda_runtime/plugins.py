"""Entry points; LocalStack loads this module at every start, so imports happen in the methods."""

from typing import Any

from localstack import config
from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=process`."""

    name = "process"

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """The executor's class."""
        from pipeline_emulator.lambda_runtime import install
        from pipeline_emulator.lambda_runtime.process_executor import ProcessRuntimeExecutor

        install.install()
        return ProcessRuntimeExecutor


class ContainerRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=container`."""

    name = "container"

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """The executor's class."""
        from pipeline_emulator.lambda_runtime import install
        from pipeline_emulator.lambda_runtime.container_executor import ContainerRuntimeExecutor

        install.install()
        return ContainerRuntimeExecutor


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def mend_aliases() -> None:
    """Changes core before its provider is made."""
    from pipeline_emulator.lambda_runtime import aliases

    aliases.install()


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def prepare_containers() -> None:
    """Looks images up in our ECR from the first request on, and removes what a killed LocalStack has left."""
    if ContainerRuntimeExecutorPlugin.name != config.LAMBDA_RUNTIME_EXECUTOR:
        return
    from pipeline_emulator.lambda_runtime import engine, image

    image.install()
    engine.prepare()
