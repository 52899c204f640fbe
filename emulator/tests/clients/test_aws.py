"""`aws`, with the AWS CLI and without it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3

pytestmark = pytest.mark.local_only

ECR = "000000000000.dkr.ecr.eu-west-1.amazonaws.com"
Call = Callable[..., subprocess.CompletedProcess[str]]


def test_aws_gets_the_address_as_an_option_because_old_versions_know_no_variable(
    arguments: Callable[..., list[str]], localstack: Any
) -> None:
    command = ("ecr", "get-login-password", "--region", "eu-west-1")
    assert arguments("aws", *command) == ["--endpoint-url", localstack.endpoint_url, *command]
    assert arguments("aws", *command, AWS_ENDPOINT_URL=None) == list(command)
    assert arguments("aws", "s3", "ls", AWS_ENDPOINT_URL_S3="http://127.0.0.1:9") == ["s3", "ls"]
    for own in (("--endpoint-url", "http://x"), ("--endpoint-url=http://x",)):
        assert arguments("aws", *own, "s3", "ls") == [*own, "s3", "ls"]


KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.mark.parametrize(
    ("options", "region"),
    [((), {"AWS_REGION": "eu-west-1"}), ((), {"AWS_DEFAULT_REGION": "eu-west-1"}), (("--region", "eu-west-1"), {})],
)
def test_without_the_aws_cli_a_password_is_printed(
    options: tuple[str, ...], region: dict[str, str], call: Call, users: Path, localstack: Any
) -> None:
    (users / "aws").unlink()
    done = call("aws", "ecr", "get-login-password", *options, **KEYS, **region)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    password = urllib3.make_headers(basic_auth=f"AWS:{done.stdout.strip()}")
    answer = urllib3.request("GET", f"{localstack.endpoint_url}/v2/none/tags/list", headers=password, retries=False)
    assert "in region eu-west-1; it exists in no region" in answer.data.decode()


@pytest.mark.parametrize(
    ("command", "variables", "status", "message"),
    [
        (("s3", "ls"), {}, 127, "the AWS CLI is not installed"),
        (("ecr", "get-login-password"), {}, 253, "no region"),
        (("ecr", "get-login-password", "--profile", "x"), {}, 252, "--profile needs the AWS CLI"),
        (("ecr", "get-login-password", "--region", "not a region"), {}, 255, "get-login-password: "),
        (
            ("ecr", "get-login-password", "--region", "eu-west-1"),
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"},
            255,
            "Could not connect",
        ),
    ],
)
def test_without_the_aws_cli_everything_else_is_a_clear_error(
    command: tuple[str, ...], variables: dict[str, str], status: int, message: str, call: Call, users: Path
) -> None:
    (users / "aws").unlink()
    done = call("aws", *command, **{**KEYS, **variables})
    assert done.returncode == status
    assert done.stdout == ""
    assert message in done.stderr
    assert "Traceback" not in done.stderr
