"""Functions of every runtime: which interpreter runs them, what they see, and what is refused with the reason."""

import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.lambda_runtime.runtimes import search
from pipeline_emulator.lambda_runtime.runtimes.versions import IDENTIFIERS, NODES, PYTHONS

pytestmark = pytest.mark.local_only

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
each_python = pytest.mark.parametrize(
    "version", [one if one == OWN else pytest.param(one, marks=pytest.mark.long_proof) for one in PYTHONS]
)
LOOK = """
    import os, ssl, sqlite3, subprocess, sys
    import boto3

    def handler(event, context):
        child = subprocess.run([sys.executable, "-c", "import awslambdaric, sys; print(sys.version_info[:2])"],
                               capture_output=True, text=True)
        return {
            "version": ".".join(map(str, sys.version_info[:2])),
            "executable": sys.executable,
            "child": child.stdout.strip() or child.stderr,
            "path": sys.path[:4],
            "environment": dict(os.environ),
            "visible": [path for path in event if os.path.lexists(path)],
            "written": [path for path in (sys.prefix, sys.base_prefix, boto3.__path__[0]) if os.access(path, os.W_OK)],
        }
"""
HIDDEN = ("/etc/shadow", "/var/run/docker.sock", "/run/docker.sock", "/sys")


def needs_python(version: str) -> None:
    """Skip a test if this machine lacks a version of Python."""
    try:
        search.python(version)
    except RuntimeError as error:
        pytest.skip(str(error))


def test_ci_has_other_interpreters() -> None:
    if not os.environ.get("CI"):
        pytest.skip("only in CI: other machines need not have them")
    others = []
    for version in set(PYTHONS) - {OWN}:
        try:
            others.append(search.python(version))
        except RuntimeError:
            continue
    assert others, f"only Python {OWN} was found: the other runtimes are not tested"
    assert search.node(NODES[0])


@each_python
def test_a_function_runs_with_its_python(
    create_function: Callable[..., Any], eventually: Callable[..., Any], version: str
) -> None:
    needs_python(version)
    function = create_function(LOOK, Runtime=f"python{version}", MemorySize=512)

    # An interpreter in the home folder is shown there, and nothing else of it.
    prefix = search.python(version).prefix
    home = [str(path) for path in Path.home().iterdir() if not prefix or path not in (prefix, *prefix.parents)]
    assert home, f"nothing in {Path.home()} that could be seen"

    answer = function.invoke([*HIDDEN, *home])

    assert function.configuration()["State"] == "Active", function.configuration()
    assert answer.error is None, answer
    found = answer.payload
    assert found["version"] == version
    assert found["child"] == str(tuple(map(int, version.split("."))))
    begin = f"INIT_START Runtime Version: python:{version}"
    eventually(lambda: begin in "".join(function.log_events()), "the log begins with the runtime")
    assert found["environment"]["AWS_EXECUTION_ENV"] == f"AWS_Lambda_python{version}"
    if found["environment"]["LAMBDA_TASK_ROOT"] == "/var/task":  # in namespaces
        packages = f"/opt/python/lib/python{version}/site-packages"
        assert found["path"] == ["/var/task", packages, "/opt/python", "/var/runtime"]
        assert found["executable"] == "/var/lang/bin/python"
        assert found["visible"] == []
        assert found["written"] == []


@each_python
def test_an_exception_has_its_stack_trace(create_function: Callable[..., Any], version: str) -> None:
    needs_python(version)
    source = """
    import logging

    def inner():
        raise KeyError("missing")

    def handler(event, context):
        print("one line")
        logging.getLogger().warning("a warning")
        inner()
    """
    function = create_function(source, Runtime=f"python{version}")

    answer = function.invoke()

    assert answer.error == "Unhandled"
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == ("KeyError", "'missing'")
    assert "".join(answer.payload["stackTrace"]).count("/function.py") == 2
    assert "awslambdaric" not in json.dumps(answer.payload)
    assert "one line\n" in answer.log
    assert "[WARNING]\t" in answer.log
    assert "\ta warning" in answer.log
    assert "[ERROR] KeyError: 'missing'" in answer.log


def test_a_module_that_does_not_load_is_an_error_of_the_initialization(create_function: Callable[..., Any]) -> None:
    version = next((one for one in PYTHONS if one != OWN and _is_found(one)), OWN)
    function = create_function("import nothing_of_this_name", Runtime=f"python{version}")

    answer = function.invoke()

    assert answer.payload["errorType"] == "Runtime.ImportModuleError"
    assert "nothing_of_this_name" in answer.payload["errorMessage"]


def _is_found(version: str) -> bool:
    try:
        return bool(search.python(version))
    except RuntimeError:
        return False


def test_a_function_may_set_its_own_pythonpath(create_function: Callable[..., Any]) -> None:
    function = create_function(
        "import sys, boto3, extra\n\ndef handler(event, context):\n    return [extra.WHERE, sys.path]",
        files={"vendored/extra.py": "WHERE = 'vendored'"},
        Environment={"Variables": {"PYTHONPATH": "vendored"}},
    )

    answer = function.invoke()

    assert answer.error is None, answer
    assert answer.payload[0] == "vendored"


def test_an_update_changes_the_runtime(create_function: Callable[..., Any], eventually: Callable[..., Any]) -> None:
    others = [version for version in PYTHONS if version != OWN and _is_found(version)]
    if not others:
        pytest.skip(f"this machine has Python {OWN} only")
    function = create_function("import sys\n\ndef handler(event, context):\n    return list(sys.version_info[:2])")
    assert function.invoke().payload == list(sys.version_info[:2])

    client = function.localstack.client("lambda")
    client.update_function_configuration(FunctionName=function.name, Runtime=f"python{others[0]}")

    expected = list(map(int, others[0].split(".")))
    eventually(lambda: function.invoke().payload == expected, "the new runtime answers")


@pytest.mark.parametrize("runtime", ["java21", "dotnet8", "ruby3.4", "python3.9", "nodejs18.x"])
def test_other_runtimes_are_refused_with_the_supported_ones(create_function: Callable[..., Any], runtime: str) -> None:
    function = create_function("", Runtime=runtime)

    state = function.configuration()

    assert state["State"] == "Failed"
    assert f"runtime {runtime} is not supported" in state["StateReason"]
    assert all(supported in state["StateReason"] for supported in IDENTIFIERS)


def test_another_architecture_is_refused_with_the_machines(create_function: Callable[..., Any]) -> None:
    is_arm = platform.machine().lower() in ("arm64", "aarch64")
    own, other = ("arm64", "x86_64") if is_arm else ("x86_64", "arm64")

    state = create_function("", Architectures=[other]).configuration()

    assert state["State"] == "Failed"
    assert f"the function is for {other}" in state["StateReason"]
    assert f"which is {own}" in state["StateReason"]


@pytest.mark.parametrize(
    ("runtime", "reason"),
    [
        ("python3.11", "runtime python3.11 needs Python 3.11, and none was found"),
        ("nodejs22.x", "runtime nodejs22.x needs Node.js 22 or later, and none was found"),
    ],
)
def test_a_missing_interpreter_is_refused_with_the_remedy(
    create_function: Callable[..., Any], without_interpreters: Any, runtime: str, reason: str
) -> None:
    state = create_function("", Runtime=runtime, where=without_interpreters).configuration()

    assert state["State"] == "Failed"
    assert reason in state["StateReason"]
    assert "LAMBDA_INTERPRETERS" in state["StateReason"]


@pytest.fixture(scope="module")
def without_interpreters(start_localstack: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A LocalStack that finds no interpreter but its own."""
    empty = str(tmp_path_factory.mktemp("empty"))
    names = ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "NVM_DIR", "LAMBDA_INTERPRETERS", "PATH")
    return start_localstack(**dict.fromkeys(names, empty))


def test_a_mapping_delivers_to_a_function_of_another_python(
    create_function: Callable[..., Any],
    create_stream: Callable[..., str],
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> None:
    version = next((one for one in PYTHONS if one != OWN and _is_found(one)), None)
    if version is None:
        pytest.skip(f"this machine has Python {OWN} only")
    source = """
    import base64, sys

    def handler(event, context):
        for record in event["Records"]:
            print("got", base64.b64decode(record["kinesis"]["data"]).decode(), sys.version_info[1])
    """
    function, stream = create_function(source, Runtime=f"python{version}"), create_stream()
    client, kinesis = function.localstack.client("lambda"), function.localstack.client("kinesis")
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    mapping = client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function.name, StartingPosition="TRIM_HORIZON", BatchSize=10
    )

    records = [{"Data": f"event {number}".encode(), "PartitionKey": str(number)} for number in range(5)]
    kinesis.put_records(StreamName=stream, Records=records)

    minor = version.partition(".")[2]
    wanted = {f"got event {number} {minor}\n" for number in range(5)}
    eventually(lambda: wanted <= set(function.log_events()), "every event is in the log", 40)
    delete_mapping(client, mapping["UUID"])
