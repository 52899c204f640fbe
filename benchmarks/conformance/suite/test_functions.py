"""Functions: invocations, code, versions and configuration."""

import io
import json
import zipfile
from base64 import b64decode
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from benchmarks.conformance.suite.calls import refused, zipped

pytestmark = pytest.mark.aws_valid
ECHO = """
    def handler(event, context):
        return event
"""
ANSWERS_NEW = zipped("def handler(event, context):\n    return 'new'\n")


def test_a_name_is_used_once(calls: Any) -> None:
    """CreateFunction with the name of an existing function: ResourceConflictException, 409.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    name = calls.function(ECHO)
    refused(
        calls.client("lambda").create_function, "ResourceConflictException", status=409, FunctionName=name,
        Role=calls.journal.role_arn, Runtime="python3.13", Handler="f.handler", Code={"ZipFile": ANSWERS_NEW},
    )  # fmt: skip


def test_a_missing_function(calls: Any) -> None:
    """Invoke of a function that does not exist: ResourceNotFoundException, 404.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    refused(calls.client("lambda").invoke, "ResourceNotFoundException", status=404, FunctionName=calls.name())


def test_an_exception(calls: Any) -> None:
    """An exception: FunctionError, with errorType, errorMessage and stackTrace in the payload.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    answer, payload = calls.invoke(calls.function("def handler(event, context):\n    raise KeyError('store')\n"))
    assert answer.get("FunctionError") == "Unhandled", f"FunctionError is {answer.get('FunctionError')}"
    assert payload["errorType"] == "KeyError", f"errorType {payload.get('errorType')}"
    assert payload["errorMessage"] == "'store'", f"errorMessage {payload.get('errorMessage')}"
    assert payload["stackTrace"], "no stackTrace"


def test_a_timeout(calls: Any) -> None:
    """A function that exceeds its timeout: FunctionError, "Task timed out after 1.00 seconds".

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
    """
    slow = "import time\ndef handler(event, context):\n    time.sleep(9)\n"
    answer, payload = calls.invoke(calls.function(slow, Timeout=1))
    assert answer.get("FunctionError"), "no FunctionError"
    assert "Task timed out after 1.00 seconds" in payload["errorMessage"], payload["errorMessage"]


def test_a_dry_run(calls: Any) -> None:
    """InvocationType DryRun: HTTP status 204, and the function does not run.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    answer, payload = calls.invoke(calls.function(ECHO), InvocationType="DryRun")
    assert answer["StatusCode"] == 204, f"status {answer['StatusCode']}"
    assert payload is None, f"{payload}"


def test_an_event(calls: Any) -> None:
    """InvocationType Event: HTTP status 202, and an empty payload.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    answer, payload = calls.invoke(calls.function(ECHO), InvocationType="Event")
    assert answer["StatusCode"] == 202, f"status {answer['StatusCode']}"
    assert payload is None, f"{payload}"


def test_the_largest_request(calls: Any) -> None:
    """A synchronous request of more than 6 MB: HTTP status 413.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    name = calls.function("def handler(event, context):\n    return len(event)\n")
    _, size = calls.invoke(name, "x" * 5_000_000)
    assert size == 5_000_000, f"{size}"
    message = refused(
        calls.client("lambda").invoke, "RequestEntityTooLargeException", "RequestTooLargeException", "413", status=413,
        FunctionName=name, Payload=json.dumps("x" * 7_000_000),
    )  # fmt: skip
    assert message, "no message"


def test_the_largest_answer(calls: Any) -> None:
    """A synchronous answer of more than 6 MB: FunctionError with Function.ResponseSizeTooLarge.

    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """
    name = calls.function("def handler(event, context):\n    return 'x' * event\n", MemorySize=512)
    answer, payload = calls.invoke(name, 7_000_000)
    assert answer.get("FunctionError"), "no FunctionError"
    assert payload["errorType"] == "Function.ResponseSizeTooLarge", f"errorType {payload.get('errorType')}"


def test_the_tail_of_the_log(calls: Any) -> None:
    """LogType Tail: the last 4 KB of the log, with START, END and REPORT.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    answer, _ = calls.invoke(calls.function("def handler(event, context):\n    print('said')\n"), LogType="Tail")
    log = b64decode(answer["LogResult"]).decode()
    for part in ("START RequestId: ", "said", "END RequestId: ", "REPORT RequestId: ", "Max Memory Used: "):
        assert part in log, f"{part} is not in the log"


def test_the_environment_names_the_function(calls: Any) -> None:
    """Reserved variables name function, version, memory, region and log group.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    name = calls.function("import os\ndef handler(event, context):\n    return dict(os.environ)\n")
    _, found = calls.invoke(name)
    expected = {
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_REGION": calls.target.region,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "LAMBDA_TASK_ROOT": "/var/task",
        "_HANDLER": "f.handler",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    }
    wrong = {key: found.get(key) for key, value in expected.items() if found.get(key) != value}
    assert not wrong, f"other values: {', '.join(wrong)}"


def test_only_tmp_is_written(calls: Any) -> None:
    """/tmp can be written, the function's code cannot.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
    """
    name = calls.function("""
        def handler(event, context):
            open("/tmp/file", "w").write("x")
            try:
                open("/var/task/file", "w").write("x")
            except OSError:
                return "refused"
            return "written"
    """)
    _, payload = calls.invoke(name)
    assert payload == "refused", f"{payload}"


def test_the_context(calls: Any) -> None:
    """The context has the remaining time, the request's id, the function's ARN, log group and stream.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """
    name = calls.function("""
        def handler(event, context):
            return [
                context.get_remaining_time_in_millis(), context.aws_request_id, context.invoked_function_arn,
                context.log_group_name, bool(context.log_stream_name), context.memory_limit_in_mb,
            ]
    """)
    answer, (left, request, arn, group, has_stream, memory) = calls.invoke(name)
    assert 0 < left <= 15_000, f"{left} ms left of 15 s"
    assert request == answer["ResponseMetadata"]["RequestId"], "another request id"
    assert arn.endswith(f":function:{name}"), arn
    assert (group, has_stream, int(memory)) == (f"/aws/lambda/{name}", True, 256), f"{group} {has_stream} {memory}"


def test_a_layer(calls: Any) -> None:
    """A layer's files are below /opt, and its python folder can be imported.

    https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html
    """
    content, functions = io.BytesIO(), calls.client("lambda")
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/shared.py", "ANSWER = 42\n")
        archive.writestr("data.txt", "text")
    layer = functions.publish_layer_version(LayerName=calls.name(), Content={"ZipFile": content.getvalue()})
    name = calls.function(
        "import shared\ndef handler(event, context):\n    return [shared.ANSWER, open('/opt/data.txt').read()]\n",
        Layers=[layer["LayerVersionArn"]],
    )
    _, payload = calls.invoke(name)
    assert payload == [42, "text"], f"{payload}"


def test_a_streamed_response(calls: Any) -> None:
    """InvokeWithResponseStream: PayloadChunk events, then InvokeComplete.

    https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
    """
    answer = calls.client("lambda").invoke_with_response_stream(
        FunctionName=calls.function(ECHO), Payload=b'"streamed"'
    )
    events = list(answer["EventStream"])
    payload = b"".join(event["PayloadChunk"]["Payload"] for event in events if "PayloadChunk" in event)
    assert payload == b'"streamed"', f"{payload!r}"
    assert "InvokeComplete" in events[-1], f"{events[-1]}"


def test_a_dry_run_of_an_update(calls: Any) -> None:
    """UpdateFunctionCode with DryRun changes nothing.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
    """
    name = calls.function("def handler(event, context):\n    return 'old'\n")
    calls.client("lambda").update_function_code(FunctionName=name, ZipFile=ANSWERS_NEW, DryRun=True)
    calls.await_function(name)
    _, payload = calls.invoke(name)
    assert payload == "old", f"{payload}"


def test_a_stale_revision(calls: Any) -> None:
    """UpdateFunctionCode with a RevisionId that is not the latest: PreconditionFailedException, 412.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
    """
    name, functions = calls.function(ECHO), calls.client("lambda")
    stale = functions.get_function_configuration(FunctionName=name)["RevisionId"]
    functions.update_function_code(FunctionName=name, ZipFile=ANSWERS_NEW)
    calls.await_function(name)
    refused(
        functions.update_function_code, "PreconditionFailedException", status=412,
        FunctionName=name, ZipFile=ANSWERS_NEW, RevisionId=stale,
    )  # fmt: skip


def test_an_unchanged_version(calls: Any) -> None:
    """PublishVersion of unchanged code and configuration returns the version that there is.

    https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    """
    name, functions = calls.function(ECHO), calls.client("lambda")
    first, second = (functions.publish_version(FunctionName=name)["Version"] for _ in range(2))
    assert first == second == "1", f"{first} and {second}"


def test_an_alias(calls: Any) -> None:
    """Invoke of an alias runs its version, and ExecutedVersion says which.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
    """
    name, functions = calls.function("def handler(event, context):\n    return 'old'\n"), calls.client("lambda")
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    functions.update_function_code(FunctionName=name, ZipFile=ANSWERS_NEW)
    calls.await_function(name)
    answer, payload = calls.invoke(name, Qualifier="live")
    assert (payload, answer["ExecutedVersion"]) == ("old", version), f"{payload}, {answer['ExecutedVersion']}"
    assert calls.invoke(name)[1] == "new", "$LATEST is not the new code"


def test_a_version_of_an_alias_is_kept(calls: Any) -> None:
    """DeleteFunction of a version that an alias references: ResourceConflictException.

    https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html
    """
    name, functions = calls.function(ECHO), calls.client("lambda")
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    refused(functions.delete_function, "ResourceConflictException", FunctionName=name, Qualifier=version)


def test_a_reserved_concurrency_of_0(calls: Any) -> None:
    """A reserved concurrency of 0: TooManyRequestsException, 429.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    name, functions = calls.function(ECHO), calls.client("lambda")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    refused(functions.invoke, "TooManyRequestsException", status=429, FunctionName=name)


@pytest.mark.parametrize(("setting", "values"), [("Timeout", (0, 901)), ("MemorySize", (127, 10_241))])
def test_ranges_of_the_configuration(calls: Any, setting: str, values: tuple[int, int]) -> None:
    """A timeout outside 1 to 900 s, or a memory outside 128 to 10,240 MB, is refused.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
    """
    for value in values:
        try:
            refused(
                calls.client("lambda").update_function_configuration, "ValidationException",
                "InvalidParameterValueException", FunctionName=calls.journal.name, **{setting: value},
            )  # fmt: skip
        except ParamValidationError:
            continue  # the client refuses it


def test_reserved_variables(calls: Any) -> None:
    """A reserved environment variable, or more than 4 KB of them, is refused.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    name = calls.function(ECHO)
    for variables in ({"AWS_REGION": "x"}, {"BIG": "x" * 4096}):
        refused(
            calls.client("lambda").update_function_configuration, "InvalidParameterValueException",
            FunctionName=name, Environment={"Variables": variables},
        )  # fmt: skip


def test_a_statement_is_added_once(calls: Any) -> None:
    """AddPermission with a statement id that the policy has: ResourceConflictException.

    https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    statement = {
        "FunctionName": calls.function(ECHO), "StatementId": "one", "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    }  # fmt: skip
    calls.client("lambda").add_permission(**statement)
    refused(calls.client("lambda").add_permission, "ResourceConflictException", **statement)


def test_a_missing_policy(calls: Any) -> None:
    """GetPolicy of a function without one: ResourceNotFoundException.

    https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html
    """
    refused(calls.client("lambda").get_policy, "ResourceNotFoundException", FunctionName=calls.function(ECHO))


def test_a_failed_function_is_repaired(calls: Any) -> None:
    """A handler that cannot be imported fails each invocation, and an update of the code repairs it.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    name = calls.function("import missing_module\n")
    answer, payload = calls.invoke(name)
    assert answer.get("FunctionError"), "no FunctionError"
    assert payload["errorType"] == "Runtime.ImportModuleError", f"errorType {payload.get('errorType')}"
    calls.client("lambda").update_function_code(FunctionName=name, ZipFile=ANSWERS_NEW)
    calls.await_function(name)
    assert calls.invoke(name)[1] == "new", "the old code answers"
