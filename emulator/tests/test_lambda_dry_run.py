"""UpdateFunctionCode with DryRun.

https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
"""

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only


def zipped(source: str) -> bytes:
    """A Zip with a function's source."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("function.py", source)
    return buffer.getvalue()


NEW = zipped("def handler(event, context):\n    return 'new'\n")


def test_a_dry_run_checks_the_request_and_changes_nothing(localstack: Any, create_function: Callable[..., Any]) -> None:
    client = localstack.client("lambda")
    function = create_function("def handler(event, context):\n    return 'old'\n")
    before = function.configuration() | {"ResponseMetadata": None}
    told = client.update_function_code(FunctionName=function.name, ZipFile=NEW, DryRun=True)
    assert told["CodeSha256"] == base64.b64encode(hashlib.sha256(NEW).digest()).decode()
    assert function.configuration() | {"ResponseMetadata": None} == before
    assert function.invoke().payload == "old"
    for request, code in (
        ({"FunctionName": function.name, "ZipFile": NEW, "RevisionId": "stale"}, "PreconditionFailedException"),
        ({"FunctionName": function.name, "ZipFile": b"no Zip"}, "InvalidParameterValueException"),
        ({"FunctionName": function.name}, "InvalidParameterValueException"),
        ({"FunctionName": function.name, "ImageUri": "x/y:z"}, "InvalidParameterValueException"),
        ({"FunctionName": "none", "ZipFile": NEW}, "ResourceNotFoundException"),
    ):
        with pytest.raises(ClientError) as refused:
            client.update_function_code(**request, DryRun=True)
        assert refused.value.response["Error"]["Code"] == code
    assert function.configuration() | {"ResponseMetadata": None} == before
