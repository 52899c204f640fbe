"""The runtime update mode of a function.

https://docs.aws.amazon.com/lambda/latest/api/API_PutRuntimeManagementConfig.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

SOURCE = "def handler(event, context):\n    return 1\n"


@pytest.mark.aws_valid
def test_a_mode_is_stored_for_each_version(localstack: Any, create_function: Callable[..., Any]) -> None:
    """Auto is the default; only the mode Manual has a runtime version."""
    client, name = localstack.client("lambda"), create_function(SOURCE).name
    version = client.publish_version(FunctionName=name)["Version"]

    def mode(**qualifier: str) -> tuple[str, str | None]:
        found = client.get_runtime_management_config(FunctionName=name, **qualifier)
        return found["UpdateRuntimeOn"], found.get("RuntimeVersionArn")

    assert mode() == mode(Qualifier=version) == ("Auto", None)
    client.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="FunctionUpdate")
    assert mode() == mode(Qualifier="$LATEST") == ("FunctionUpdate", None)
    arn = client.get_function_configuration(FunctionName=name)["RuntimeVersionConfig"]["RuntimeVersionArn"]
    manual = {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": arn}
    put = client.put_runtime_management_config(FunctionName=name, Qualifier=version, **manual)
    assert put["FunctionArn"].endswith(f":function:{name}:{version}")
    assert mode(Qualifier=version) == ("Manual", arn)
    assert mode() == ("FunctionUpdate", None)


@pytest.mark.aws_valid
def test_what_is_refused(localstack: Any, create_function: Callable[..., Any]) -> None:
    client, name = localstack.client("lambda"), create_function(SOURCE).name
    with pytest.raises(ClientError) as refused:
        client.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="Manual")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    for missing in ({"FunctionName": "missing"}, {"FunctionName": name, "Qualifier": "9"}):
        with pytest.raises(ClientError) as refused:
            client.get_runtime_management_config(**missing)
        assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
