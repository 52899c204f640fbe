"""What a function's configuration must satisfy."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from localstack.aws.api import ServiceException

from pipeline_emulator.lambda_runtime import configuration_rules

SOURCE = "def handler(event, context):\n    return 1\n"
NAMED = {"Handler": "a.b", "Runtime": "python3.13"}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"Timeout": 901}, "Value '901' at 'timeout' .* less than or equal to 900"),
        ({"Timeout": 0}, "Value '0' at 'timeout' .* greater than or equal to 1"),
        ({"MemorySize": 127}, "at 'memorySize' .* greater than or equal to 128"),
        ({"MemorySize": 10_241}, "at 'memorySize' .* less than or equal to 10240"),
        ({"EphemeralStorage": {"Size": 511}}, "at 'ephemeralStorage.size' .* greater than or equal to 512"),
        ({"Timeout": 901, "MemorySize": 1}, "2 validation errors detected"),
        ({"Environment": {"Variables": {"AWS_REGION": "x", "_HANDLER": "y"}}}, "in this request: AWS_REGION, _HANDLER"),
    ],
)
def test_a_configuration_out_of_its_ranges_is_refused(request_: dict[str, Any], says: str) -> None:
    with pytest.raises(ServiceException, match=says):
        configuration_rules.check(request_)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"Timeout": 900, "MemorySize": 10_240, "EphemeralStorage": {"Size": 512}},
        {"Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/x", "LANG": "C", "PATH": "/bin"}}},
        {"Environment": {}},
    ],
)
def test_what_aws_accepts_is_accepted(request_: dict[str, Any]) -> None:
    configuration_rules.check(request_)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"Handler": "a.b", "Code": {"ZipFile": b"x"}}, "Runtime and Handler are mandatory parameters"),
        ({"Runtime": "python3.13", "Code": {"ZipFile": b"x"}}, "Runtime and Handler are mandatory parameters"),
        ({"Handler": "a.b", "Runtime": "python3.13", "Code": {}}, "Please provide a source for function code"),
        ({"PackageType": "Image", "Code": {}}, "Please provide a source for function code"),
        ({"PackageType": "Image", "Code": {"ZipFile": b"x"}}, "Please provide a source for function code"),
        ({**NAMED, "Code": {"ImageUri": "a"}}, "Please provide a source for function code"),
        ({**NAMED, "PackageType": "Image", "Code": {"ImageUri": "a"}}, "don't provide Handler or Runtime or Layer"),
        (
            {**NAMED, "Code": {"ZipFile": b"x"}, "FileSystemConfigs": [{"Arn": "arn:a"}]},
            "in a VPC to reference .* arn:a",
        ),
    ],
)
def test_a_new_function_needs_code_and_how_to_run_it(request_: dict[str, Any], says: str) -> None:
    """The texts are at `configuration_rules`."""
    with pytest.raises(ServiceException, match=says):
        configuration_rules.check_new(request_)
    configuration_rules.check_new({"PackageType": "Image", "Code": {"ImageUri": "a"}})


@pytest.mark.local_only
def test_core_asks_before_it_creates_changes_or_deletes(localstack: Any, create_function: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="reserved keys"):
        create_function(SOURCE, Environment={"Variables": {"AWS_REGION": "x"}})
    function, client = create_function(SOURCE), localstack.client("lambda")
    before = function.configuration()["RevisionId"]
    with pytest.raises(ClientError, match="less than or equal to 900"):
        client.update_function_configuration(FunctionName=function.name, Timeout=901)
    assert function.configuration()["RevisionId"] == before
    version = client.publish_version(FunctionName=function.name)["Version"]
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion=version)
    text = r"Unable to delete version because the following aliases reference it: \[live\]"
    with pytest.raises(ClientError, match=text) as refused:
        client.delete_function(FunctionName=function.name, Qualifier=version)
    assert refused.value.response["Error"]["Code"] == "ResourceConflictException"
    client.delete_alias(FunctionName=function.name, Name="live")
    client.delete_function(FunctionName=function.name, Qualifier=version)


@pytest.mark.local_only
def test_log_levels_are_for_the_json_format(localstack: Any, create_function: Callable[..., Any]) -> None:
    """A change of one setting keeps the others: a level needs no format if the function's is JSON.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    says = 'LogLevel is not supported when LogFormat is set to "Text".'
    with pytest.raises(ClientError, match=says):
        create_function(SOURCE, LoggingConfig={"SystemLogLevel": "WARN"})
    function, client = create_function(SOURCE), localstack.client("lambda")

    def update(**logging: str) -> None:
        client.update_function_configuration(FunctionName=function.name, LoggingConfig=logging)
        client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 1})

    for logging in ({"ApplicationLogLevel": "DEBUG"}, {"LogFormat": "Text", "SystemLogLevel": "WARN"}):
        with pytest.raises(ClientError, match=says):
            update(**logging)
    update(LogFormat="JSON")
    update(ApplicationLogLevel="DEBUG")
    found = function.configuration()["LoggingConfig"]
    assert (found["LogFormat"], found["ApplicationLogLevel"], found["SystemLogLevel"]) == ("JSON", "DEBUG", "INFO")
    with pytest.raises(ClientError, match=says):
        update(LogFormat="Text", ApplicationLogLevel="DEBUG")


@pytest.mark.local_only
def test_an_update_replaces_the_log_group_and_keeps_variables_that_it_does_not_name(
    localstack: Any, create_function: Callable[..., Any]
) -> None:
    """Both as https://github.com/go-to-k/cdkd/pull/1161 found on AWS."""
    function, client = (
        create_function(SOURCE, Environment={"Variables": {"STAGE": "test"}}),
        localstack.client("lambda"),
    )

    def update(**changes: Any) -> Any:
        client.update_function_configuration(FunctionName=function.name, **changes)
        client.get_waiter("function_updated_v2").wait(FunctionName=function.name, WaiterConfig={"Delay": 1})
        return function.configuration()

    assert update(LoggingConfig={"LogGroup": "/own/group"})["LoggingConfig"]["LogGroup"] == "/own/group"
    default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"}
    assert update(LoggingConfig={"LogFormat": "Text"})["LoggingConfig"] == default
    assert update(Environment={})["Environment"] == {"Variables": {"STAGE": "test"}}
    # Recorded by LocalStack's authors, in tests/aws/services/lambda_/test_lambda_api.snapshot.json.
    assert update(Environment={"Variables": {}})["Environment"] == {"Variables": {}}


@pytest.mark.local_only
@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ({"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, "not supported for this account in the ap-south-1"),
        ({"DurableConfig": {"ExecutionTimeout": 60}}, "does not support a durable configuration"),
    ],
)
def test_what_would_be_dropped_is_refused(create_function: Callable[..., Any], setting: Any, says: str) -> None:
    """As AWS does where it lacks it: https://github.com/fujiwara/lambroll/pull/547, https://github.com/aws/aws-lambda-dotnet/issues/2418."""
    with pytest.raises(ClientError, match=says):
        create_function(SOURCE, **setting)
