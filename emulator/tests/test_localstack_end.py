"""No process of a function outlives LocalStack, however it ends."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof]

BUSY = """
    import subprocess, sys, time

    def handler(event, context):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], start_new_session=True)
        time.sleep(event)
"""


@pytest.fixture
def end_localstack(
    start_localstack: Callable[..., Any], create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> Callable[[signal.Signals, str], Any]:
    """Return a function that ends a LocalStack with an idle and a busy environment; no process may remain."""

    def end(how: signal.Signals, isolation: str) -> Any:
        localstack = start_localstack(LAMBDA_PROCESS_ISOLATION=isolation)
        idle, busy = create_function(BUSY, where=localstack), create_function(BUSY, where=localstack, Timeout=300)
        idle.invoke(0)
        localstack.client("lambda").invoke(FunctionName=busy.name, InvocationType="Event", Payload=b"300")
        eventually(lambda: len(localstack.running("time.sleep(300)")) == 2, "both functions have children")

        localstack.process.send_signal(how)

        eventually(lambda: localstack.process.poll() is not None, "LocalStack ends", 30)
        eventually(lambda: not localstack.processes(), "the functions' processes end", 5)
        return localstack

    return end


@pytest.mark.parametrize(
    ("how", "isolation"), [(signal.SIGTERM, ""), (signal.SIGINT, "user-namespaces"), (signal.SIGKILL, "process-group")]
)
def test_functions_end_with_localstack(end_localstack: Callable[..., Any], how: signal.Signals, isolation: str) -> None:
    end_localstack(how, isolation)


def test_localstack_starts_in_the_folder_of_a_killed_one(
    end_localstack: Callable[..., Any], start_localstack: Callable[..., Any], create_function: Callable[..., Any]
) -> None:
    killed = end_localstack(signal.SIGKILL, "")

    second = start_localstack(FILESYSTEM_ROOT=str(killed.folder / "localstack"))

    assert create_function(BUSY, where=second).invoke(0).error is None
    codes = list((killed.folder / "localstack").rglob("function.py"))
    assert len(codes) == 1, "the killed LocalStack's unpacked code is removed"
