"""Users and roles of the shared LocalStack, with the policies of a test."""

import json
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config

LAMBDA = {"Service": "lambda.amazonaws.com"}
ACCOUNT = {"AWS": "arn:aws:iam::000000000000:root"}


def document(*statements: Mapping[str, Any]) -> str:
    """Return a policy document; the default effect of a statement is Allow."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]})


class Identity:
    """A user with an access key, or a role session."""

    def __init__(self, localstack: Any, arn: str, credentials: Mapping[str, str]) -> None:
        self.localstack, self.arn, self.credentials = localstack, arn, dict(credentials)

    def client(self, service: str) -> Any:
        """Return a client with its credentials and without retries."""
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return boto3.client(
            service,
            endpoint_url=self.localstack.endpoint_url,
            region_name="ap-south-1",
            config=config,
            **self.credentials,
        )


@pytest.fixture
def root(localstack: Any) -> Callable[[str], Any]:
    """Return a function that creates clients with the root user's credentials."""
    clients: Callable[[str], Any] = localstack.client
    return clients


@pytest.fixture
def make_user(localstack: Any) -> Callable[..., Identity]:
    """Return a function that creates a user with an access key and an inline policy of some statements."""

    def make(*statements: Mapping[str, Any], where: Any = None) -> Identity:
        stack = where or localstack
        iam, name = stack.client("iam"), f"user-{uuid.uuid4().hex[:8]}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Identity(
            stack, arn, {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        )

    return make


@pytest.fixture
def make_role(localstack: Any) -> Callable[..., str]:
    """Return a function that creates a role with an inline policy of some statements and returns its ARN."""

    def make(*statements: Mapping[str, Any], trusts: Mapping[str, str] = LAMBDA, **more: Any) -> str:
        iam, name = localstack.client("iam"), f"role-{uuid.uuid4().hex[:8]}"
        trust = document({"Principal": trusts, "Action": "sts:AssumeRole"})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]["Arn"]
        if statements:
            put_policy(localstack, arn, *statements)
        return str(arn)

    return make


def put_policy(localstack: Any, role_arn: str, *statements: Mapping[str, Any]) -> None:
    """Replace the inline policy of a role."""
    name = role_arn.rpartition("/")[2]
    localstack.client("iam").put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))


@pytest.fixture(name="put_policy")
def put_policy_(localstack: Any) -> Callable[..., None]:
    """Return `put_policy` for test modules, which cannot import this file."""
    return lambda role_arn, *statements: put_policy(localstack, role_arn, *statements)


@pytest.fixture
def assume(localstack: Any) -> Callable[..., Identity]:
    """Return a function that assumes a role as the root user."""

    def make(role_arn: str, **request: Any) -> Identity:
        answer = localstack.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="session", **request)
        keys = answer["Credentials"]
        return Identity(
            localstack,
            answer["AssumedRoleUser"]["Arn"],
            {
                "aws_access_key_id": keys["AccessKeyId"],
                "aws_secret_access_key": keys["SecretAccessKey"],
                "aws_session_token": keys["SessionToken"],
            },
        )

    return make


@pytest.fixture
def denials(localstack: Any) -> Callable[..., list[dict[str, Any]]]:
    """Return a function that lists the recorded denials of principals whose ARN contains a text."""

    def read(of: str = "", where: Any = None) -> list[dict[str, Any]]:
        url = f"{(where or localstack).endpoint_url}/_pipeline/iam/denials"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found = json.load(answer)["denials"]
        return [denial for denial in found if of in denial["principal"]]

    return read
