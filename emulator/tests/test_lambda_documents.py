"""What Lambda reports of functions and of their policies."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

SOURCE = "def handler(event, context):\n    return 1\n"
S3 = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}

pytestmark = pytest.mark.aws_valid


@pytest.fixture
def client(localstack: Any) -> Any:
    return localstack.client("lambda")


def _revision(client: Any, function: str) -> str:
    revision: str = client.get_policy(FunctionName=function)["RevisionId"]
    return revision


def test_policy_has_a_revision_of_its_own(client: Any, create_function: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html: RevisionId is that of the policy."""
    name = create_function(SOURCE).name
    client.add_permission(FunctionName=name, StatementId="a", **S3)
    first = _revision(client, name)
    client.publish_version(FunctionName=name)
    assert _revision(client, name) == first
    client.add_permission(FunctionName=name, StatementId="b", RevisionId=first, **S3)
    second = _revision(client, name)
    assert second != first
    with pytest.raises(ClientError, match="does not match the latest Revision Id") as refused:
        client.remove_permission(FunctionName=name, StatementId="a", RevisionId=first)
    assert refused.value.response["Error"]["Code"] == "PreconditionFailedException"
    client.publish_version(FunctionName=name)
    client.remove_permission(FunctionName=name, StatementId="a", RevisionId=second)
    assert _revision(client, name) not in (first, second)


def test_policy_of_a_missing_function(client: Any) -> None:
    """The text is AWS's, as LocalStack's snapshots recorded it."""
    with pytest.raises(ClientError, match=r"The resource you requested does not exist\.$") as refused:
        client.get_policy(FunctionName="missing")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_runtime_version_follows_the_runtime(client: Any, create_function: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html: each runtime has its own versions."""
    name = create_function(SOURCE).name
    before = client.get_function_configuration(FunctionName=name)
    other = "python3.12" if before["Runtime"] != "python3.12" else "python3.13"
    after = client.update_function_configuration(FunctionName=name, Runtime=other)
    versions = [each["RuntimeVersionConfig"]["RuntimeVersionArn"] for each in (before, after)]
    assert versions[0] != versions[1]
    assert all("::runtime:" in version for version in versions)


@pytest.mark.parametrize("allowed", [False, True])
def test_ipv6_of_a_vpc_is_reported(localstack: Any, create_function: Callable[..., Any], allowed: bool) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfigResponse.html."""
    ec2 = localstack.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName=f"g-{allowed}", Description="d")["GroupId"]
    wanted = {"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    function = create_function(SOURCE, VpcConfig=wanted | ({"Ipv6AllowedForDualStack": True} if allowed else {}))
    assert function.configuration()["VpcConfig"]["Ipv6AllowedForDualStack"] is allowed


def test_withdrawn_runtime_is_refused(create_function: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtime-support-policy."""
    with pytest.raises(ClientError, match=r"The runtime parameter of python3\.7 is no longer supported") as refused:
        create_function(SOURCE, Runtime="python3.7")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


@pytest.mark.local_only
def test_a_failed_update_says_why(client: Any, create_function: Callable[..., Any], eventually: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html (LastUpdateStatusReason)."""
    function = create_function(SOURCE)
    client.update_function_configuration(FunctionName=function.name, Runtime="ruby3.3")

    def status() -> Any:
        return client.get_function_configuration(FunctionName=function.name)

    failed = eventually(lambda: (found := status())["LastUpdateStatus"] == "Failed" and found, "the update has failed")
    assert "ruby3.3" in failed["LastUpdateStatusReason"]
    assert failed["LastUpdateStatusReasonCode"] == failed["StateReasonCode"]
    client.update_function_configuration(FunctionName=function.name, Runtime="python3.13")
    eventually(lambda: status()["LastUpdateStatus"] == "Successful", "the next update is done")
    assert "LastUpdateStatusReason" not in status()
