"""Entry points. LocalStack loads this module at every start, so imports are inside the functions."""

import os
from typing import Any

from localstack import config
from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=process`."""

    name = "process"

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return the executor's class."""
        from pipeline_emulator.lambda_runtime import install
        from pipeline_emulator.lambda_runtime.process_executor import ProcessRuntimeExecutor

        install.install()
        return ProcessRuntimeExecutor


class ContainerRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=container`."""

    name = "container"

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return the executor's class."""
        from pipeline_emulator.lambda_runtime import install
        from pipeline_emulator.lambda_runtime.container_executor import ContainerRuntimeExecutor

        install.install()
        return ContainerRuntimeExecutor


class PackageRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=auto`."""

    name = "auto"

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return the executor's class."""
        from pipeline_emulator.lambda_runtime import install
        from pipeline_emulator.lambda_runtime.package_executor import PackageRuntimeExecutor

        install.install()
        return PackageRuntimeExecutor


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def install_aliases() -> None:
    """Patch what core does with functions, whichever executor runs them.

    Core creates its provider later.
    """
    from pipeline_emulator.lambda_runtime import (
        aliases,
        async_events,
        code_archives,
        code_signing,
        configuration_rules,
        destinations,
        dry_runs,
        event_queue,
        function_documents,
        isolation_report,
        layer_policies,
        payloads,
        provisioning,
        runtime_management,
        streamed_invocations,
        update_conflicts,
        variable_keys,
    )

    update_conflicts.install()
    aliases.install()
    async_events.install()
    code_archives.install()
    code_signing.install()
    dry_runs.install()
    configuration_rules.install()
    destinations.install()
    event_queue.install()
    provisioning.install()
    function_documents.install()
    layer_policies.install()
    runtime_management.install()
    payloads.install()
    streamed_invocations.install()
    variable_keys.install()
    if config.LAMBDA_RUNTIME_EXECUTOR in (ProcessRuntimeExecutorPlugin.name, PackageRuntimeExecutorPlugin.name):
        isolation_report.install()


@hooks.on_infra_start(should_load=os.environ.get("HOT_RELOAD") == "1")  # type: ignore[untyped-decorator]
def install_code_api() -> None:
    """Let HTTP requests change the code of functions, and debug them."""
    from pipeline_emulator.lambda_runtime import code_api
    from pipeline_emulator.lambda_runtime.debugging import api

    code_api.install()
    api.install()


@hooks.on_infra_start()  # type: ignore[untyped-decorator]
def prepare_containers() -> None:
    """Look up images in our ECR from the first request on, and remove containers that a killed LocalStack left."""
    containers = ContainerRuntimeExecutorPlugin.name == config.LAMBDA_RUNTIME_EXECUTOR
    if not containers and PackageRuntimeExecutorPlugin.name != config.LAMBDA_RUNTIME_EXECUTOR:
        return
    from pipeline_emulator.lambda_runtime import engine, image

    image.install()
    engine.prepare(needed=containers)
