"""A web identity token, like those of GitHub's workflows, gets a session of a role if the trust policy allows it."""

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
    """Return a token with a made-up signature."""
    found = {"iss": f"https://{ISSUER}", "aud": AUDIENCE, "sub": SUBJECT, "exp": int(time.time()) + 7200, **claims}
    parts = ({"alg": "RS256", "typ": "JWT"}, {name: claim for name, claim in found.items() if claim is not None})
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*texts, "c2lnbmF0dXJl"])


@pytest.fixture(scope="module")
def provider(localstack: Any) -> str:
    """Return the ARN of an identity provider for GitHub, as in infrastructure/bootstrap."""
    iam = localstack.client("iam")
    return str(
        iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE])[
            "OpenIDConnectProviderArn"
        ]
    )


@pytest.fixture
def role(root: Any, provider: str) -> str:
    """Return the ARN of a role with the trust conditions of infrastructure/bootstrap/oidc.tf."""
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
    """Return a function that exchanges a token for a session, without an access key.

    It returns the response, or code and message of the error.
    """
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
def test_a_token_for_another_subject_is_refused(
    exchange: Any, role: str, denials: Any, provider: str, claims: Any
) -> None:
    assert exchange(role, token(**claims)) == REFUSED
    assert role in [each["resource"] for each in denials(provider)]


def test_a_role_that_does_not_trust_the_provider_is_refused(exchange: Any, make_role: Any, provider: str) -> None:
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
def test_an_invalid_token_is_refused(exchange: Any, role: str, text: str, code: str, message: str) -> None:
    found = exchange(role, text)
    assert (found[0], found[1][: len(message)]) == (code, message)


def test_an_access_key_does_not_replace_a_valid_token(localstack: Any, role: str, refusal: Any) -> None:
    request = {"RoleArn": role, "RoleSessionName": "run", "WebIdentityToken": token(sub="repo:a/b:ref:c")}
    assert refusal(localstack.client("sts").assume_role_with_web_identity, **request) == REFUSED
