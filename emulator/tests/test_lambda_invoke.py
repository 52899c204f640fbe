"""What a function sees and its caller gets when nothing fails."""

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

ECHO = """
    count = 0

    def handler(event, context):
        global count
        count += 1
        return {"event": event, "count": count, "request_id": context.aws_request_id}
"""


def test_environment_is_reused_with_its_module_state(create_function: Callable[..., Any]) -> None:
    function = create_function(ECHO)

    first, second = function.invoke({"a": "ü"}), function.invoke([1, 2])

    assert (first.error, second.error) == (None, None)
    assert (first.payload["event"], second.payload["event"]) == ({"a": "ü"}, [1, 2])
    assert (first.payload["count"], second.payload["count"]) == (1, 2)
    assert first.payload["request_id"] != second.payload["request_id"]


def test_concurrent_events_get_separate_environments(create_function: Callable[..., Any], tmp_path: Any) -> None:
    # GIVEN a function that answers only when all of its invocations run at the same time
    function = create_function(
        """
        import time, urllib.request, os
        import boto3

        def handler(event, context):
            bucket, mine = event["bucket"], context.aws_request_id
            s3 = boto3.client("s3")
            s3.put_object(Bucket=bucket, Key=mine, Body=b"")
            while s3.list_objects_v2(Bucket=bucket)["KeyCount"] < event["count"]:
                assert context.get_remaining_time_in_millis() > 1000, "nobody else came"
                time.sleep(0.05)
            return os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        """,
        Timeout=30,
    )
    s3, bucket = function.localstack.client("s3"), "meeting-" + function.name
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: function.invoke({"bucket": bucket, "count": 4}), range(4)))

    assert [answer.error for answer in answers] == [None] * 4, answers
    assert len({answer.payload for answer in answers}) == 4


def test_context_of_the_invocation(create_function: Callable[..., Any]) -> None:
    function = create_function(
        """
        import os

        def handler(event, context):
            return {
                "arn": context.invoked_function_arn,
                "remaining": context.get_remaining_time_in_millis(),
                "memory": context.memory_limit_in_mb,
                "client": context.client_context and context.client_context.custom,
                "trace": os.environ["_X_AMZN_TRACE_ID"],
                "stream": context.log_stream_name,
            }
        """,
        Timeout=7,
        MemorySize=192,
    )

    context = b64encode(json.dumps({"custom": {"key": "Wert ü"}}, indent=1, ensure_ascii=False).encode()).decode()
    answer = function.invoke({}, ClientContext=context).payload

    assert answer["arn"] == function.arn
    assert 5000 < answer["remaining"] <= 7000
    assert answer["memory"] == "192"
    assert answer["client"] == {"key": "Wert ü"}
    assert answer["trace"].startswith("Root=1-")
    assert "[$LATEST]" in answer["stream"]


def test_the_response_is_json_and_names_the_trace(localstack: Any, create_function: Callable[..., Any]) -> None:
    function = create_function("import os\n\ndef handler(event, context):\n    return os.environ['_X_AMZN_TRACE_ID']\n")
    answer = localstack.client("lambda").invoke(FunctionName=function.name)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    root, _, _ = json.loads(answer["Payload"].read()).partition(";")
    assert headers["content-type"] == "application/json"
    assert headers["x-amzn-trace-id"].startswith(root)
    later = localstack.client("lambda").invoke(FunctionName=function.name, InvocationType="Event")
    later["Payload"].read()
    assert later["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"].startswith("Root=1-")


ROOT, PARENT = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"


@pytest.mark.parametrize(
    ("mode", "header", "sampled"),
    [
        ("PassThrough", None, "0"),
        ("PassThrough", f"Root={ROOT}", "0"),
        ("PassThrough", f"Root={ROOT};Parent={PARENT};Sampled=1", "1"),
        ("Active", None, "1"),
        ("Active", f"Root={ROOT};Parent={PARENT};Sampled=?", "1"),
        ("Active", f"Root={ROOT};Parent={PARENT};Sampled=0", "0"),
    ],
)
@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_the_callers_sampling_decision_counts(
    localstack: Any, create_function: Callable[..., Any], eventually: Any,
    mode: str, header: str | None, sampled: str, kind: str,
) -> None:  # fmt: skip
    """https://docs.aws.amazon.com/lambda/latest/api/API_TracingConfig.html, and services-xray.html of the guide."""
    source = "import os\n\ndef handler(event, context):\n    print('trace', os.environ['_X_AMZN_TRACE_ID'])\n"
    function = create_function(source, TracingConfig={"Mode": mode})
    client = localstack.client("lambda")
    if header:
        client.meta.events.register(
            "before-sign.lambda.Invoke",
            lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", header),
        )
    answer = client.invoke(FunctionName=function.name, InvocationType=kind)

    def traces() -> list[str]:
        return [line for line in function.log_events() if line.startswith("trace ")]

    (line,) = eventually(traces, "the function has run")
    fields = dict(field.split("=") for field in line.split()[1].split(";"))
    assert fields["Sampled"] == sampled
    if header:
        assert fields["Root"] == ROOT
    if kind == "RequestResponse":
        assert f"Sampled={sampled}" in answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    report = "".join(eventually(lambda: [one for one in function.log_events() if "REPORT" in one], "it is reported"))
    assert ("XRAY TraceId" in report) is (mode == "Active" and sampled == "1")


@pytest.fixture(scope="module")
def other_localstack(start_localstack: Callable[..., Any]) -> Any:
    """A LocalStack with a short keep-alive and a developer's secrets in its own environment."""
    secrets = {"MY_SECRET": "x", "AWS_VAULT": "production", "PYTHONSTARTUP": "/elsewhere"}
    return start_localstack(LAMBDA_KEEPALIVE_MS="500", **secrets)


def test_environment_variables_are_those_of_aws_and_the_user(
    create_function: Callable[..., Any], other_localstack: Any
) -> None:
    localstack = other_localstack
    function = create_function(
        "import os\n\ndef handler(event, context):\n    return dict(os.environ)",
        where=localstack,
        Environment={"Variables": {"RUN_ID": "abc", "TZ": "Asia/Kolkata"}},
    )

    variables = function.invoke().payload

    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "ap-south-1",
        "AWS_DEFAULT_REGION": "ap-south-1",
        "AWS_ENDPOINT_URL": localstack.endpoint_url,
        "_HANDLER": "function.handler",
        "LANG": "en_US.UTF-8",
        "RUN_ID": "abc",
        "TZ": "Asia/Kolkata",
        "PWD": variables["LAMBDA_TASK_ROOT"],
        "SHLVL": "0",
    }
    assert {name: variables.get(name) for name in expected} == expected
    allowed = set(expected) | {
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_LAMBDA_RUNTIME_API", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "_X_AMZN_TRACE_ID"),
        *("_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
        *("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME", "PIPELINE_STACK", "LC_CTYPE", "TMPDIR"),
    }
    assert set(variables) <= allowed


def test_credentials_are_those_of_the_role(create_function: Callable[..., Any]) -> None:
    function = create_function(
        """
        import boto3

        def handler(event, context):
            return boto3.client("sts").get_caller_identity()["Arn"]
        """
    )

    role_name = function.role_arn.rpartition("/")[2]
    expected = f"arn:aws:sts::000000000000:assumed-role/{role_name}/{function.name}"
    assert function.invoke().payload == expected


def test_only_the_zip_and_the_managed_runtime_can_be_imported(create_function: Callable[..., Any]) -> None:
    function = create_function(
        """
        import importlib.util, os, sys
        import boto3
        import helper

        def handler(event, context):
            return {
                "helper": helper.NAME,
                "own_first": boto3.__file__.startswith(os.environ["LAMBDA_RUNTIME_DIR"]),
                "foreign": [name for name in ("localstack", "pip", "psutil") if importlib.util.find_spec(name)],
                "version": sys.version_info[:2],
            }
        """,
        files={"helper.py": "NAME = 'from the zip'"},
    )

    assert function.invoke().payload == {
        "helper": "from the zip",
        "own_first": True,
        "foreign": [],
        "version": [3, 13],
    }


def test_update_replaces_the_environment(create_function: Callable[..., Any], eventually: Callable[..., Any]) -> None:
    function = create_function("import os\n\ndef handler(event, context):\n    return os.environ.get('COLOUR')")
    client = function.localstack.client("lambda")
    assert function.invoke().payload is None

    client.update_function_configuration(FunctionName=function.name, Environment={"Variables": {"COLOUR": "red"}})

    eventually(lambda: function.invoke().payload == "red", "the new configuration answers")


@pytest.mark.long_proof
def test_running_invocation_keeps_its_code_during_an_update(
    create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    source = """
    import time

    def handler(event, context):
        print("running", flush=True)
        time.sleep(event)
        import late
        return late.WHAT
    """
    function = create_function(source, {"late.py": "WHAT = 'old'"})
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("function.py", "def handler(event, context):\n    return 'new'")

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(function.invoke, 8)
        eventually(lambda: "running\n" in function.log_events(), "the invocation runs")
        function.localstack.client("lambda").update_function_code(FunctionName=function.name, ZipFile=code.getvalue())
        eventually(lambda: function.invoke(0).payload == "new", "the new code answers")
        assert not running.done()
        assert running.result().payload == "old"


def test_idle_environments_end(
    create_function: Callable[..., Any], other_localstack: Any, eventually: Callable[..., Any]
) -> None:
    function = create_function(ECHO, where=other_localstack)
    assert function.invoke().payload["count"] == 1
    assert other_localstack.processes()

    eventually(lambda: not other_localstack.processes(), "the environment's processes end")

    assert function.invoke().payload["count"] == 1


def test_a_function_may_call_itself_as_often_as_it_likes(
    localstack: Any, create_function: Callable[..., Any], eventually: Any
) -> None:
    """AWS stops such loops after 16 calls unless the function allows them; here nothing does:

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """
    function = create_function("""
        import boto3, json
        def handler(event, context):
            print("left:", event)
            if event:
                payload = json.dumps(event - 1)
                boto3.client("lambda").invoke(
                    FunctionName=context.function_name, InvocationType="Event", Payload=payload
                )
    """)
    started = localstack.client("lambda").invoke(FunctionName=function.name, InvocationType="Event", Payload=b"20")
    started["Payload"].read()
    eventually(lambda: "left: 0\n" in function.log_events(), "the twenty-first call", 60)
