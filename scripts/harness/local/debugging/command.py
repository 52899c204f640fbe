"""`pipeline debug`."""

from __future__ import annotations

import asyncio
import signal

from harness import console
from harness.errors import HarnessError
from harness.local.debugging import launch
from harness.local.debugging.relay import Relay
from harness.local.debugging.session import Session, alone
from harness.machine import processes
from harness.stack.clients import Clients
from harness.stack.state import Stack


def run(stack: Stack, port: int) -> None:
    """Let debuggers attach to a stack's function until Ctrl-C.

    Args:
        stack: runs.
        port: where they attach, on the loopback address.

    Raises:
        HarnessError: the function cannot be debugged, the port is taken, or the stack has ended.
    """
    check_port(port)
    with alone(stack):
        session = Session(stack)
        session.close()  # of a `pipeline debug` that was killed
        try:
            session.open()
            asyncio.run(_serve(stack, session, port))
        except KeyboardInterrupt:
            pass
        finally:
            session.close()
            console.say("The function runs without a debugger again")


def check_port(port: int) -> None:
    """Check that nothing listens on a port. Raises HarnessError with the name of the process that does."""
    if not processes.port_is_free(port):
        cause = f"port {port} is taken by {processes.port_holder(port)}"
        raise HarnessError(cause, f"end it, or choose another port: make debug DEBUG_PORT={port + 1}")


async def _serve(stack: Stack, session: Session, port: int) -> None:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    configuration = Clients(stack).functions.get_function_configuration(FunctionName=stack.resources.function)
    relay = Relay(session, port, _came(configuration["Timeout"]))
    with console.step("Start the function under debugpy"):
        place = await relay.ready()
    pipeline = stack.pipeline
    print(launch.texts(pipeline.name, port, pipeline.source or pipeline.folder, place.folder), flush=True)
    console.say(f"Waiting for a debugger at {launch.HOST}:{port}; Ctrl-C ends debugging")
    try:
        await relay.run()
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _came(timeout: int) -> str:
    return (
        "A debugger has attached: one environment answers from now on, one batch at a time, and the timeout of"
        f" {timeout} s waits until it has left"
    )
