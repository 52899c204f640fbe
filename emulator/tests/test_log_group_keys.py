"""KMS keys of log groups.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only


@pytest.fixture
def make_key(localstack: Any) -> Callable[..., str]:
    """Return a function that creates a key that CloudWatch Logs may use and returns its ARN."""
    statements = [
        {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        for principal in ({"AWS": "arn:aws:iam::000000000000:root"}, {"Service": "logs.ap-south-1.amazonaws.com"})
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})

    def make(**request: Any) -> str:
        return str(localstack.client("kms").create_key(Policy=policy, **request)["KeyMetadata"]["Arn"])

    return make


@pytest.fixture
def logs(localstack: Any) -> Any:
    return localstack.client("logs")


@pytest.fixture
def group(logs: Any) -> str:
    name = f"/test/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name, tags={"a": "b"})
    logs.put_retention_policy(logGroupName=name, retentionInDays=14)
    return name


def described(logs: Any, name: str) -> Mapping[str, Any]:
    [found] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return dict(found)


def test_a_groups_key_can_be_set_changed_and_removed(logs: Any, group: str, make_key: Callable[..., str]) -> None:
    before = described(logs, group)
    assert "kmsKeyId" not in before
    for key in (make_key(), make_key()):
        logs.associate_kms_key(logGroupName=group, kmsKeyId=key)
        assert described(logs, group) == {**before, "kmsKeyId": key}
    logs.disassociate_kms_key(resourceIdentifier=before["logGroupArn"])
    assert described(logs, group) == before
    logs.associate_kms_key(resourceIdentifier=before["logGroupArn"], kmsKeyId=key)
    assert described(logs, group)["kmsKeyId"] == key
    assert logs.list_tags_for_resource(resourceArn=before["logGroupArn"])["tags"] == {"a": "b"}


def test_a_group_can_be_created_with_a_key(logs: Any, make_key: Callable[..., str]) -> None:
    name, key = f"/test/{uuid.uuid4().hex[:8]}", make_key()
    logs.create_log_group(logGroupName=name, kmsKeyId=key)
    assert described(logs, name)["kmsKeyId"] == key


def test_an_unusable_key_is_refused(localstack: Any, logs: Any, group: str, make_key: Callable[..., str]) -> None:
    disabled = make_key()
    localstack.client("kms").disable_key(KeyId=disabled)
    signing = make_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    missing = f"arn:aws:kms:ap-south-1:000000000000:key/{uuid.uuid4()}"
    for key in (disabled, signing, missing, "alias/a"):
        with pytest.raises(ClientError) as raised:
            logs.associate_kms_key(logGroupName=group, kmsKeyId=key)
        assert raised.value.response["Error"]["Code"] == "InvalidParameterException"
        with pytest.raises(ClientError, match="InvalidParameterException"):
            logs.create_log_group(logGroupName=f"{group}-2", kmsKeyId=key)
    assert "kmsKeyId" not in described(logs, group)


def test_a_missing_group_is_reported(logs: Any, make_key: Callable[..., str]) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.associate_kms_key(logGroupName="/test/missing", kmsKeyId=make_key())
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.disassociate_kms_key()
