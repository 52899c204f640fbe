"""What a function can and cannot do to the machine, with namespaces and without."""

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

WRITER = """
    import os, pathlib, tempfile

    def attempt(path):
        try:
            pathlib.Path(path).write_text("x")
        except OSError as error:
            return error.strerror
        return "written"

    def handler(event, context):
        folder = pathlib.Path(tempfile.gettempdir())
        before = sorted(path.name for path in folder.iterdir() if path.suffix == ".mark")
        (folder / f"{context.aws_request_id}.mark").write_text("x")
        code = pathlib.Path(os.environ["LAMBDA_TASK_ROOT"])
        return {
            "before": before,
            "existing": attempt(code / "function.py"),
            "new": attempt(code / "new.py"),
            "tmp": str(folder),
            "outside": os.path.exists(event["outside"]),
            "processes": [name for name in os.listdir("/proc") if name.isdigit()],
            "pid": os.getpid(),
        }
"""


@pytest.fixture(scope="module", params=["", pytest.param("process-group", marks=pytest.mark.long_proof)])
def isolated(request: pytest.FixtureRequest, start_localstack: Callable[..., Any]) -> Any:
    """A LocalStack with the strongest isolation that the machine allows, and one without namespaces."""
    return start_localstack(LAMBDA_PROCESS_ISOLATION=request.param)


def has_namespaces(localstack: Any) -> bool:
    return "Lambda isolation: process group" not in localstack.log()


def test_tmp_is_private_and_the_code_read_only(
    create_function: Callable[..., Any], isolated: Any, eventually: Callable[..., Any]
) -> None:
    function = create_function(WRITER, where=isolated)
    event = {"outside": "/tmp/pytest-of-nobody"}

    first, second = function.invoke(event), function.invoke(event)

    assert first.error is None, first
    assert (first.payload["before"], len(second.payload["before"])) == ([], 1)
    if has_namespaces(isolated):
        assert first.payload["tmp"] == "/tmp"
        assert first.payload["existing"] == first.payload["new"] == "Read-only file system"
        assert len(first.payload["processes"]) < 5
    else:
        assert first.payload["existing"] == first.payload["new"] == "Permission denied"

    # AND a new environment starts with an empty /tmp
    client = isolated.client("lambda")
    client.update_function_configuration(FunctionName=function.name, Environment={"Variables": {"NEW": "1"}})
    eventually(lambda: function.configuration()["LastUpdateStatus"] == "Successful", "the update ends")
    assert function.invoke(event).payload["before"] == []


def test_tmp_has_the_configured_size(create_function: Callable[..., Any], isolated: Any) -> None:
    function = create_function(
        """
        import shutil

        def handler(event, context):
            return shutil.disk_usage("/tmp").total // 2**20
        """,
        where=isolated,
        EphemeralStorage={"Size": 600},
    )
    if not has_namespaces(isolated):
        pytest.skip("the size of /tmp is enforced by a namespace")

    assert function.invoke().payload == 600


def test_tmp_outlives_a_crash(create_function: Callable[..., Any], isolated: Any) -> None:
    function = create_function(
        """
        import os, pathlib, tempfile

        def handler(event, context):
            path = pathlib.Path(tempfile.gettempdir(), "kept")
            if event == "crash":
                path.write_text("x")
                os._exit(1)
            return path.exists()
        """,
        where=isolated,
    )

    assert function.invoke("crash").error == "Unhandled"
    assert function.invoke("look").payload is True


CHILDREN = """
    import os, subprocess, sys, time

    def handler(event, context):
        # one plain child, and one that forks twice into its own session
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        escape = "import os, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); time.sleep(300)"
        subprocess.run([sys.executable, "-c", escape])
        if event == "hang":
            time.sleep(300)
        if event == "crash":
            os._exit(3)
"""


@pytest.mark.variants
@pytest.mark.parametrize("how", ["hang", "crash", "delete"])
def test_children_are_killed_with_the_function(
    create_function: Callable[..., Any], isolated: Any, eventually: Callable[..., Any], how: str
) -> None:
    def sleepers() -> Any:
        return isolated.running("time.sleep(300)")

    function = create_function(CHILDREN, where=isolated, Timeout=1)
    function.invoke(how)
    if how == "delete":
        eventually(lambda: len(sleepers()) == 2, "both children sleep")
        isolated.client("lambda").delete_function(FunctionName=function.name)
        eventually(lambda: not sleepers(), "the children end")
    assert sleepers() == []


def test_function_is_killed_for_exceeding_its_memory(create_function: Callable[..., Any], isolated: Any) -> None:
    function = create_function(
        """
        import subprocess, sys, time

        def handler(event, context):
            if event == "self":
                hog = bytearray(400 * 2**20)
            if event == "children":
                source = "import time; hog = bytearray(60 * 2**20); time.sleep(300)"
                [subprocess.Popen([sys.executable, "-c", source]) for _ in range(4)]
            time.sleep(5 if event else 0)
        """,
        where=isolated,
        MemorySize=192,
    )

    for event in ("self", "children"):
        answer = function.invoke(event)
        assert answer.payload["errorType"] == "Runtime.ExitError", answer
        assert answer.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
        assert "Max Memory Used: 192 MB" in answer.log
    assert "used more than its 192 MB and was killed" in isolated.log()
    assert function.invoke(None).error is None
