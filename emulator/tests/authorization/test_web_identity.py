"""A role can be assumed with a web identity token, as GitHub's workflows do, if its trust policy allows it."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

ISSUER = "token.actions.githubusercontent.com"
SUBJECT = "repo:somebody/store-sales:environment:stg"
AUDIENCE = "sts.amazonaws.com"
STREAM = "arn:aws:kinesis:ap-south-1:000000000000:stream/anything"
REFUSED = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")


def token(**claims: Any) -> str:
    """A token with a signature that nobody made."""
    found = {"iss": f"https://{ISSUER}", "aud": AUDIENCE, "sub": SUBJECT, "exp": int(time.time()) + 600, **claims}
    parts = ({"alg": "RS256", "typ": "JWT"}, {name: claim for name, claim in found.items() if claim is not None})
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*texts, "c2lnbmF0dXJl"])


@pytest.fixture(scope="module")
def provider(localstack: Any) -> str:
    """The ARN of GitHub's provider, as infrastructure/bootstrap has it."""
    iam = localstack.client("iam")
    return str(
        iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE])[
            "OpenIDConnectProviderArn"
        ]
    )


@pytest.fixture
def role(root: Any, provider: str) -> str:
    """A role that trusts the workflows of one environment, with the conditions of infrastructure/bootstrap/oidc.tf."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": [SUBJECT, f"{SUBJECT}2"]}},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    name = f"role-{uuid.uuid4().hex[:8]}"
    return str(root("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


@pytest.fixture
def exchange(localstack: Any) -> Callable[..., Any]:
    """Asks for a session without any key; returns the answer, or code and message of the error."""
    sts = boto3.client(
        "sts",
        endpoint_url=localstack.endpoint_url,
        region_name="ap-south-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )

    def ask(role: str, text: str, **more: Any) -> Any:
        try:
            return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="run", WebIdentityToken=text, **more)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]

    return ask


def test_the_session_has_the_roles_permissions(
    exchange: Any, role: str, put_policy: Any, localstack: Any, refusal: Any
) -> None:
    read = {"Action": ["kinesis:DescribeStreamSummary", "kinesis:ListShards"], "Resource": STREAM}
    put_policy(role, read)
    one = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **read, "Action": "kinesis:ListShards"}]}
    answer = exchange(role, token(), Policy=json.dumps(one))
    keys = answer["Credentials"]
    kinesis = boto3.client(
        "kinesis",
        endpoint_url=localstack.endpoint_url,
        region_name="ap-south-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    assert refusal(kinesis.list_shards, StreamARN=STREAM)[0] == "ResourceNotFoundException"
    code, message = refusal(kinesis.describe_stream_summary, StreamARN=STREAM)
    assert (code, "no session policy allows" in message) == ("AccessDeniedException", True)
    assert answer["AssumedRoleUser"]["Arn"] in message


@pytest.mark.parametrize(
    "claims",
    [{"sub": "repo:somebody/else:environment:stg"}, {"sub": "repo:somebody/store-sales:pull_request"}, {"sub": None}],
    ids=["another repository", "a pull request", "no subject"],
)
def test_a_token_of_another_subject_is_refused(
    exchange: Any, role: str, denials: Any, provider: str, claims: Any
) -> None:
    assert exchange(role, token(**claims)) == REFUSED
    assert role in [each["resource"] for each in denials(provider)]


def test_a_role_that_trusts_somebody_else_is_refused(exchange: Any, make_role: Any, provider: str) -> None:
    assert provider
    assert exchange(make_role(), token()) == REFUSED


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (token(aud="somebody.else"), "InvalidIdentityToken", "Incorrect token audience"),
        (token(exp=1), "ExpiredTokenException", "Token expired: current date/time "),
        (
            token(iss="https://nobody.example"),
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account",
        ),
        ("no.token", "InvalidIdentityToken", "The ID Token provided is not a valid JWT."),
        ("a.b.c", "InvalidIdentityToken", "The ID Token provided is not a valid JWT."),
    ],
)
def test_a_token_that_the_account_cannot_take_is_refused(
    exchange: Any, role: str, text: str, code: str, message: str
) -> None:
    found = exchange(role, text)
    assert (found[0], found[1][: len(message)]) == (code, message)


def test_a_key_does_not_make_up_for_the_token(localstack: Any, role: str, refusal: Any) -> None:
    request = {"RoleArn": role, "RoleSessionName": "run", "WebIdentityToken": token(sub="repo:a/b:ref:c")}
    assert refusal(localstack.client("sts").assume_role_with_web_identity, **request) == REFUSED
