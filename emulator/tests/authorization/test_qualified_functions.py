"""Requests with a Qualifier are for a version or an alias; permissions and URLs that exist count in conditions.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

SNS = {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}


@pytest.fixture
def function(root: Any, create_function: Callable[..., Any]) -> Any:
    """A function with a published version and an alias for it, `live`."""
    made, client = create_function("def handler(event, context): return event"), root("lambda")
    version = client.publish_version(FunctionName=made.name)["Version"]
    client.get_waiter("published_version_active").wait(FunctionName=made.name, Qualifier=version)
    client.create_alias(FunctionName=made.name, Name="live", FunctionVersion=version)
    return made


def refused(call: Callable[..., Any], **arguments: Any) -> bool:
    """Return whether IAM refuses a call; it may fail for another reason."""
    try:
        call(**arguments)
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "AccessDeniedException")
    return False


@pytest.mark.variants
@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("add_permission", SNS),
        ("remove_permission", {"StatementId": "none"}),
        ("get_policy", {}),
        ("get_function", {}),
        ("put_function_event_invoke_config", {"MaximumRetryAttempts": 0}),
        ("get_function_event_invoke_config", {}),
        ("delete_function_event_invoke_config", {}),
        ("create_function_url_config", {"AuthType": "AWS_IAM"}),
        ("update_function_url_config", {"AuthType": "AWS_IAM"}),
        ("get_function_url_config", {}),
        ("delete_function_url_config", {}),
    ],
)
def test_the_resource_is_the_one_that_the_request_names(
    function: Any, make_user: Any, operation: str, arguments: dict[str, Any]
) -> None:
    of_function = make_user({"Action": "lambda:*", "Resource": function.arn}).client("lambda")
    of_alias = make_user({"Action": "lambda:*", "Resource": f"{function.arn}:*"}).client("lambda")
    for client, qualifier, expected in (
        (of_function, {"Qualifier": "live"}, True),
        (of_alias, {}, True),
        (of_alias, {"Qualifier": "live"}, False),
        (of_function, {}, False),
    ):
        found = refused(getattr(client, operation), FunctionName=function.name, **arguments, **qualifier)
        assert found is expected, (qualifier, expected)


def test_a_permission_is_removed_by_whom_its_principal_is_allowed(function: Any, root: Any, make_user: Any) -> None:
    user = make_user({
        "Action": "lambda:RemovePermission",
        "Resource": f"{function.arn}*",
        "Condition": {"StringEquals": {"lambda:Principal": "sns.amazonaws.com"}},
    }).client("lambda")  # fmt: skip
    for principal, qualifier, expected in (
        ("s3.amazonaws.com", {}, True),
        ("sns.amazonaws.com", {}, False),
        ("*", {"Qualifier": "live"}, True),
        ("sns.amazonaws.com", {"Qualifier": "live"}, False),
    ):
        statement = {"FunctionName": function.name, "StatementId": "a"} | qualifier
        root("lambda").add_permission(**SNS | statement | {"Principal": principal})
        assert refused(user.remove_permission, **statement) is expected
        if expected:
            root("lambda").remove_permission(**statement)


def test_urls_are_changed_by_whom_their_kind_is_allowed(function: Any, root: Any, make_user: Any) -> None:
    user = make_user({
        "Action": "lambda:*",
        "Resource": f"{function.arn}*",
        "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM", "lambda:FunctionArn": function.arn}},
    }).client("lambda")  # fmt: skip
    named = {"FunctionName": function.name}
    assert refused(user.create_function_url_config, AuthType="NONE", **named)
    assert refused(user.create_function_url_config, AuthType="AWS_IAM", Qualifier="live", **named)
    assert not refused(user.create_function_url_config, AuthType="AWS_IAM", **named)
    assert refused(user.update_function_url_config, AuthType="NONE", **named)
    assert not refused(user.get_function_url_config, **named)
    root("lambda").update_function_url_config(AuthType="NONE", **named)
    assert refused(user.get_function_url_config, **named)
    assert refused(user.delete_function_url_config, **named)
