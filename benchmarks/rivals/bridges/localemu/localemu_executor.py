"""Adapts the embedded runtime's process executor to LocalEmu."""

from typing import Any

from pipeline_emulator.lambda_runtime.plugins import ProcessRuntimeExecutorPlugin


class Plugin(ProcessRuntimeExecutorPlugin):
    """`LAMBDA_RUNTIME_EXECUTOR=process`."""

    def load(self, *_args: Any, **_kwargs: Any) -> Any:
        """The executor's class."""
        base: Any = super().load()

        class Executor(base):  # type: ignore[misc]
            """Accepts the timeout that LocalEmu adds; ours knows the function's own."""

            def invoke(self, payload: dict[str, str], **_limits: Any) -> Any:
                """Sends one event to the function and waits for the answer."""
                return super().invoke(payload)

        return Executor
