"""Who may call a function by its URL.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

REGION = "ap-south-1"
WHO = "def handler(event, context): return event['requestContext']"


def call(localstack: Any, url: str, user: Any = None, service: str = "lambda", body: bytes = b"") -> tuple[int, str]:
    """Call a function URL, signed if there is a user; return status and body."""
    request = AWSRequest(
        "POST", f"{localstack.endpoint_url}/a%20b?x=1", data=body, headers={"Host": urlsplit(url).netloc}
    )
    if user is not None:
        SigV4Auth(user.client("sts")._request_signer._credentials, service, REGION).add_auth(request)
    prepared = request.prepare()
    sent = urllib.request.Request(prepared.url, data=body, headers=dict(prepared.headers), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def allow(root: Any, function: Any, action: str = "InvokeFunctionUrl", **arguments: Any) -> None:
    """Add a statement to a function's policy."""
    conditions: dict[str, dict[str, Any]] = {
        "InvokeFunctionUrl": {"FunctionUrlAuthType": "NONE"},
        "InvokeFunction": {"InvokedViaFunctionUrl": True},
    }
    root("lambda").add_permission(
        **{
            "FunctionName": function.name,
            "StatementId": action,
            "Action": f"lambda:{action}",
            "Principal": "*",
            **conditions[action],
            **arguments,
        }
    )


def statement(function: Any, *actions: str, **conditions: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {"Action": [f"lambda:{action}" for action in actions], "Resource": function.arn}
    return found | ({"Condition": conditions} if conditions else {})


@pytest.fixture
def function(create_function: Callable[..., Any]) -> Any:
    return create_function(WHO)


@pytest.fixture
def make_url(root: Any, function: Any) -> Callable[..., str]:
    """Return a function that gives the function a URL."""

    def make(auth_type: str, **arguments: Any) -> str:
        made = root("lambda").create_function_url_config(FunctionName=function.name, AuthType=auth_type, **arguments)
        return str(made["FunctionUrl"])

    return make


def test_public_url_needs_both_permissions_for_everybody(
    localstack: Any, root: Any, function: Any, make_url: Callable[..., str], make_user: Any, denials: Any
) -> None:
    url = make_url("NONE")
    both = make_user(statement(function, "InvokeFunctionUrl", "InvokeFunction"))
    status, answer = call(localstack, url)
    assert (status, json.loads(answer)["Message"].partition(".")[0]) == (403, "Forbidden")
    assert "urls-auth.html" in answer  # as LocalStack's tests recorded on AWS
    assert call(localstack, url, both)[0] == 403, "a signature says nothing"

    allow(root, function)
    assert call(localstack, url)[0] == 403
    assert "lambda:InvokeFunction" in {each["action"] for each in denials("anonymous")}

    allow(root, function, "InvokeFunction")
    status, body = call(localstack, url)
    assert (status, json.loads(body)["accountId"]) == (200, "anonymous")
    assert "authorizer" not in json.loads(body)


def test_public_permission_is_for_urls_of_its_type_only(
    localstack: Any, root: Any, function: Any, make_url: Callable[..., str]
) -> None:
    allow(root, function, FunctionUrlAuthType="AWS_IAM")
    allow(root, function, "InvokeFunction")
    assert call(localstack, make_url("NONE"))[0] == 403


def test_permission_by_url_allows_no_other_invocation(root: Any, function: Any, make_user: Any) -> None:
    allow(root, function, "InvokeFunction")
    [found] = json.loads(root("lambda").get_policy(FunctionName=function.name)["Policy"])["Statement"]
    assert found["Condition"] == {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    for operation in ("invoke", "invoke_with_response_stream"):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(make_user().client("lambda"), operation)(FunctionName=function.name)


def test_permission_by_url_is_for_invocations(root: Any, function: Any, refusal: Any) -> None:
    code, _ = refusal(
        root("lambda").add_permission,
        FunctionName=function.name,
        StatementId="a",
        Action="lambda:GetFunction",
        Principal="*",
        InvokedViaFunctionUrl=True,
    )
    assert code == "InvalidParameterValueException"


def test_signed_url_asks_the_callers_policies(
    localstack: Any, function: Any, make_url: Callable[..., str], make_user: Any
) -> None:
    url = make_url("AWS_IAM")
    both = make_user(statement(function, "InvokeFunctionUrl", "InvokeFunction"))
    only_url = make_user(statement(function, "InvokeFunctionUrl"))
    only_invoke = make_user(statement(function, "InvokeFunction"))

    outcomes = [call(localstack, url, user)[0] for user in (None, make_user(), only_url, only_invoke, both)]

    assert outcomes == [403, 403, 403, 403, 200]
    iam = json.loads(call(localstack, url, both)[1])["authorizer"]["iam"]
    assert (iam["userArn"], iam["accessKey"]) == (both.arn, both.credentials["aws_access_key_id"])
    assert iam["accountId"] == "000000000000"


@pytest.mark.parametrize(("value", "status"), [("true", 200), ("false", 403)])
def test_policies_see_that_an_invocation_comes_by_url(
    localstack: Any, function: Any, make_url: Callable[..., str], make_user: Any, value: str, status: int
) -> None:
    invoker = make_user(
        statement(function, "InvokeFunctionUrl", StringEquals={"lambda:FunctionUrlAuthType": "AWS_IAM"}),
        statement(function, "InvokeFunction", Bool={"lambda:InvokedViaFunctionUrl": value}),
    )
    assert call(localstack, make_url("AWS_IAM"), invoker)[0] == status


def test_functions_policy_may_allow_a_user(
    localstack: Any, root: Any, function: Any, make_url: Callable[..., str], make_user: Any
) -> None:
    user, other = make_user(), make_user()
    allow(root, function, Principal=user.arn, FunctionUrlAuthType="AWS_IAM")
    allow(root, function, "InvokeFunction", Principal=user.arn)
    url = make_url("AWS_IAM")
    assert [call(localstack, url, each)[0] for each in (user, other)] == [200, 403]


def test_role_session_and_root_may_call(
    localstack: Any, function: Any, make_url: Callable[..., str], make_role: Any, assume: Any, make_user: Any
) -> None:
    url = make_url("AWS_IAM")
    account = {"AWS": "arn:aws:iam::000000000000:root"}
    session = assume(make_role(statement(function, "InvokeFunctionUrl", "InvokeFunction"), trusts=account))
    root_user = type(session)(localstack, "", {"aws_access_key_id": "test", "aws_secret_access_key": "test"})

    arns = [
        json.loads(call(localstack, url, each, body=b"data")[1])["authorizer"]["iam"]["userArn"]
        for each in (session, root_user)
    ]

    assert arns == [session.arn, "arn:aws:iam::000000000000:root"]


def test_wrong_signatures_are_refused(
    localstack: Any, function: Any, make_url: Callable[..., str], make_user: Any
) -> None:
    url = make_url("AWS_IAM")
    user = make_user(statement(function, "InvokeFunctionUrl", "InvokeFunction"))
    assert call(localstack, url, user)[0] == 200
    assert call(localstack, url, user, "execute-api")[0] == 403
    user.credentials["aws_secret_access_key"] += "x"
    assert call(localstack, url, user)[0] == 403
    user.credentials["aws_access_key_id"] = "AKIAIOSFODNN7EXAMPLE"
    assert call(localstack, url, user)[0] == 403


def test_permission_of_an_alias_is_for_its_url(
    localstack: Any, root: Any, function: Any, make_url: Callable[..., str]
) -> None:
    client = root("lambda")
    version = client.publish_version(FunctionName=function.name)["Version"]
    client.get_waiter("published_version_active").wait(FunctionName=function.name, Qualifier=version)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion=version)
    url = make_url("NONE", Qualifier="live")
    for action in ("InvokeFunctionUrl", "InvokeFunction"):
        allow(root, function, action)
    assert call(localstack, url)[0] == 403
    for action in ("InvokeFunctionUrl", "InvokeFunction"):
        allow(root, function, action, Qualifier="live")
    assert call(localstack, url)[0] == 200


def test_function_does_not_call_urls_as_root(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str], make_role: Any
) -> None:
    caller = create_function(
        """
        import os, urllib.error, urllib.request
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        def handler(event, context):
            own = (os.environ[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"))
            keys = Credentials("test", "test") if event["root"] else Credentials(*own)
            request = AWSRequest("GET", os.environ["AWS_ENDPOINT_URL"] + "/", headers={"Host": event["host"]})
            SigV4Auth(keys, "lambda", "ap-south-1").add_auth(request)
            sent = request.prepare()
            try:
                return urllib.request.urlopen(urllib.request.Request(sent.url, headers=dict(sent.headers))).status
            except urllib.error.HTTPError as error:
                return error.code
        """
    )
    host = urlsplit(make_url("AWS_IAM")).netloc
    assert [caller.invoke({"host": host, "root": as_root}).payload for as_root in (True, False)] == [403, 200]


@pytest.mark.long_proof
def test_soft_enforcement_serves_and_lists(
    start_localstack: Callable[..., Any], create_function: Callable[..., Any], denials: Any
) -> None:
    soft = start_localstack(IAM_ENFORCEMENT="soft")
    function = create_function(WHO, where=soft)
    url = soft.client("lambda").create_function_url_config(FunctionName=function.name, AuthType="NONE")["FunctionUrl"]
    assert call(soft, url)[0] == 200
    assert "lambda:InvokeFunctionUrl" in {each["action"] for each in denials("anonymous", where=soft)}
