"""ListAliases of KMS names the aliases of AWS's services before they have a key.

https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
"""

from typing import Any

import boto3
import pytest

pytestmark = pytest.mark.local_only


def aliases(kms: Any, **more: Any) -> dict[str, Any]:
    """Return all aliases by name, however many a page has."""
    pages = kms.get_paginator("list_aliases").paginate(**more)
    return {one["AliasName"]: one for page in pages for one in page["Aliases"]}


def test_an_alias_of_a_service_is_listed_and_gets_its_key_when_it_is_described(localstack: Any) -> None:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    kms = boto3.client("kms", endpoint_url=localstack.endpoint_url, region_name="eu-west-3", **keys)
    own = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/own", TargetKeyId=own)
    before = aliases(kms)
    assert "TargetKeyId" not in before["alias/aws/s3"]
    assert before["alias/aws/s3"]["AliasArn"] == "arn:aws:kms:eu-west-3:000000000000:alias/aws/s3"
    key = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["KeyId"]
    after = aliases(kms)
    assert after["alias/aws/s3"]["TargetKeyId"] == key
    assert after.keys() == before.keys() == aliases(kms, PaginationConfig={"PageSize": 2}).keys()
    assert aliases(kms, KeyId=own).keys() == {"alias/own"}
