"""Functions that bring a runtime of their own: `bootstrap` in the Zip or in a layer, for AWS's OS-only runtimes."""

import io
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.lambda_runtime.runtimes.versions import OS_ONLY

pytestmark = pytest.mark.local_only

# AWS's tutorial: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-walkthrough.html
TUTORIAL = """#!/bin/sh
set -euo pipefail
source $LAMBDA_TASK_ROOT/"$(echo $_HANDLER | cut -d. -f1).sh"
while true
do
  HEADERS="$(mktemp)"
  EVENT_DATA=$(curl -sS -LD "$HEADERS" "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next")
  REQUEST_ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  RESPONSE=$($(echo "$_HANDLER" | cut -d. -f2) "$EVENT_DATA")
  curl "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/$REQUEST_ID/response"  -d "$RESPONSE"
done
"""
BOOTSTRAP = TUTORIAL.replace("#!/bin/sh", "#!/bin/bash")
HANDLER = """
function handler () {
  EVENT_DATA=$1
  echo "$EVENT_DATA" 1>&2;
  echo "{\\"event\\": $EVENT_DATA, \\"where\\": \\"$LAMBDA_TASK_ROOT\\", \\"name\\": \\"${AWS_EXECUTION_ENV-none}\\"}"
}
"""


def archive(files: dict[str, str | bytes], executable: bool = True) -> bytes:
    """Return a Zip in which every file may be executed, or none."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            zipped.writestr(info, content)
    return buffer.getvalue()


@pytest.fixture
def create_custom(create_function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a factory of functions from the files of their Zip."""

    def create(files: dict[str, str | bytes], executable: bool = True, **arguments: Any) -> Any:
        defaults = {"Runtime": "provided.al2023", "Handler": "function.handler", "MemorySize": 128}
        return create_function(Code={"ZipFile": archive(files, executable)}, **{**defaults, **arguments})

    return create


@pytest.fixture
def publish(localstack: Any) -> Iterator[Callable[..., str]]:
    """Return a function that publishes a layer from files and returns its version's ARN."""
    client, published = localstack.client("lambda"), []

    def publish(name: str, files: dict[str, str | bytes]) -> str:
        answer = client.publish_layer_version(LayerName=name, Content={"ZipFile": archive(files)})
        published.append((name, answer["Version"]))
        return str(answer["LayerVersionArn"])

    yield publish
    for name, version in published:
        client.delete_layer_version(LayerName=name, VersionNumber=version)


needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="the tutorial's runtime needs curl")


@needs_curl
@pytest.mark.parametrize("runtime", OS_ONLY)
def test_the_tutorials_runtime_answers(
    create_custom: Callable[..., Any], eventually: Callable[..., Any], runtime: str
) -> None:
    function = create_custom({"bootstrap": TUTORIAL, "function.sh": HANDLER}, Runtime=runtime)

    if "Lambda isolation: process group" in function.localstack.log():
        pytest.skip("without a sandbox, /bin/sh is this machine's: the tutorial needs bash")
    first, second = function.invoke({"number": 1}), function.invoke({"number": 2})

    assert first.error is None, first
    assert [answer.payload["event"] for answer in (first, second)] == [{"number": 1}, {"number": 2}]
    assert first.payload["name"] == "none"
    assert '{"number": 2}' in second.log
    begin = f"INIT_START Runtime Version: {runtime.replace('.', ':')}"
    eventually(lambda: begin in "".join(function.log_events()), "the log begins with the runtime")


@needs_curl
def test_a_text_is_an_answer_and_its_event_is_not_repeated(
    localstack: Any, create_custom: Callable[..., Any], create_function: Callable[..., Any], eventually: Any
) -> None:
    """Asynchronous invocations decoded it, failed, and invoked the function again for hours."""
    handler = 'function handler () { echo "answered" 1>&2; echo "Echoing request"; }\n'
    function = create_custom({"bootstrap": BOOTSTRAP, "function.sh": handler})
    other = create_function("def handler(event, context):\n    print(event['responsePayload'])\n")
    client = localstack.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=function.name, DestinationConfig={"OnSuccess": {"Destination": other.arn}}
    )
    client.invoke(FunctionName=function.name, InvocationType="Event", Payload=b"{}")["Payload"].read()
    eventually(lambda: "Echoing request\n" in other.log_events(), "the record")
    assert function.log_events().count("answered\n") == 1


# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
STREAMING = """#!/bin/bash
set -u
api="http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation"
while true; do
  headers=$(mktemp)
  gate=$(curl -sS -D "$headers" "$api/next" | tr -d '"')
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  { echo -n first; curl -sS "$gate"; echo -n second; } |
    curl -sS -X POST -H "Lambda-Runtime-Function-Response-Mode: streaming" -H "Transfer-Encoding: chunked" \
      -H "Content-Type: text/plain" -T - "$api/$id/response"
done
"""


@needs_curl
def test_a_shell_script_streams(create_custom: Callable[..., Any], gate: Any) -> None:
    function = create_custom({"bootstrap": STREAMING})

    reader = function.stream(gate.url)
    first = next(reader)
    gate.open()

    assert (first, list(reader)) == (b"first", [b"second"])
    assert b"".join(function.stream(gate.url)) == b"firstsecond", "the environment serves the next event"


@needs_curl
def test_the_runtime_may_be_in_a_layer_and_the_functions_own_comes_first(
    create_custom: Callable[..., Any], publish: Callable[..., str]
) -> None:
    layer = publish("runtime", {"bootstrap": BOOTSTRAP})
    function = create_custom({"function.sh": HANDLER}, Layers=[layer])
    own = create_custom({"function.sh": HANDLER, "bootstrap": "#!/bin/sh\nexit 7\n"}, Layers=[layer])

    assert function.invoke("from a layer").payload["event"] == "from a layer"
    assert own.invoke().payload["errorMessage"].endswith("exit status 7")


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_a_static_program_runs(create_custom: Callable[..., Any], tmp_path: Path) -> None:
    source = tmp_path / "main.c"
    source.write_text('#include <stdio.h>\nint main(void) { puts("compiled"); fflush(stdout); return 5; }\n')
    subprocess.run(["cc", "-static", "-o", str(tmp_path / "bootstrap"), str(source)], check=True)

    answer = create_custom({"bootstrap": (tmp_path / "bootstrap").read_bytes()}).invoke()

    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith("Runtime exited with error: exit status 5")
    assert "compiled\n" in answer.log


ENTRY_POINTS: dict[str, tuple[dict[str, str | bytes], bool, str]] = {
    "missing": ({"other": "x"}, True, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
    "not executable": ({"bootstrap": BOOTSTRAP}, False, "fork/exec /var/task/bootstrap: permission denied"),
    "no program": ({"bootstrap": b"\0\1\2\3"}, True, "fork/exec /var/task/bootstrap: exec format error"),
    "missing interpreter": (
        {"bootstrap": "#!/usr/bin/absent\n"},
        True,
        "fork/exec /var/task/bootstrap: no such file or directory",
    ),
    "folder": ({"bootstrap/file": "x"}, True, "fork/exec /var/task/bootstrap: permission denied"),
}


@pytest.mark.variants
@pytest.mark.parametrize("case", ENTRY_POINTS)
def test_an_entry_point_that_cannot_be_started(create_custom: Callable[..., Any], case: str) -> None:
    files, executable, reason = ENTRY_POINTS[case]
    function = create_custom(files, executable)

    answers = [function.invoke() for _ in range(2)]

    task = function.localstack.folder if "Lambda isolation: process group" in function.localstack.log() else None
    for answer in answers:
        assert answer.error == "Unhandled"
        assert answer.payload["errorType"] == "Runtime.InvalidEntrypoint", answer
        assert task or answer.payload["errorMessage"].endswith(f"Error: {reason}")
    assert "Error Type: Runtime.InvalidEntrypoint" in answers[0].log


LOOK = """#!/bin/bash
for path in /etc/shadow /root /home /var/run/docker.sock /run/docker.sock /sys /var/lang /var/runtime; do
  if [ -e "$path" ] || [ -L "$path" ]; then echo "visible $path"; fi
done
for path in /var/task/new /opt/new /usr/bin/new /etc/new; do
  if (echo x > "$path") 2>/dev/null; then echo "written $path"; fi
done
echo "user $(id -u):$(id -g)"
echo x > /tmp/new && echo "tmp $(cat /tmp/new)"
for program in bash sh curl grep cut head mktemp sed tr cat env; do
  command -v "$program" >/dev/null || echo "no $program"
done
echo "path $PATH"
exit 9
"""


def test_the_machine_stays_hidden(create_custom: Callable[..., Any]) -> None:
    function = create_custom({"bootstrap": LOOK})

    answer = function.invoke()

    if "Lambda isolation: process group" in function.localstack.log():
        pytest.skip("this machine allows no sandbox")
    assert answer.payload["errorMessage"].endswith("exit status 9"), answer
    found = [line for line in answer.log.splitlines() if line.startswith(("visible", "written", "user", "tmp", "path"))]
    assert found[:3] == ["user 993:990", "tmp x", "path /usr/local/bin:/usr/bin:/bin:/opt/bin"]
    missing = {line for line in answer.log.splitlines() if line.startswith("no ")}
    assert missing <= {f"no {name}" for name in ("curl",) if not shutil.which(name)}
    assert os.path.exists("/etc/shadow")


@pytest.mark.long_proof
@needs_curl
def test_without_namespaces(create_custom: Callable[..., Any], start_localstack: Callable[..., Any]) -> None:
    where = start_localstack(LAMBDA_PROCESS_ISOLATION="process-group")
    function = create_custom({"bootstrap": BOOTSTRAP, "function.sh": HANDLER}, where=where)

    answer = function.invoke({"number": 1})

    assert answer.payload["event"] == {"number": 1}
    assert answer.payload["where"] != "/var/task"
    missing = create_custom({"other": "x"}, where=where).invoke()
    assert missing.payload["errorType"] == "Runtime.InvalidEntrypoint"
