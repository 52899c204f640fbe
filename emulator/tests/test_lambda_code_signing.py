"""Code signing configurations: their tags, and functions with one.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

PUBLISHER = "arn:aws:signer:ap-south-1:000000000000:/signing-profiles/tests/abcdefghij"


def test_a_code_signing_configuration_has_tags_until_it_is_deleted(localstack: Any) -> None:
    client = localstack.client("lambda")
    publishers = {"SigningProfileVersionArns": [PUBLISHER]}
    made = client.create_code_signing_config(AllowedPublishers=publishers, Tags={"stage": "test"})
    arn = made["CodeSigningConfig"]["CodeSigningConfigArn"]
    assert client.list_tags(Resource=arn)["Tags"] == {"stage": "test"}
    client.tag_resource(Resource=arn, Tags={"store": "7"})
    client.untag_resource(Resource=arn, TagKeys=["stage"])
    assert client.list_tags(Resource=arn)["Tags"] == {"store": "7"}
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    with pytest.raises(ClientError) as refused:
        client.list_tags(Resource=arn)
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_new_function_has_the_configuration_that_it_names(
    localstack: Any, create_function: Callable[..., Any]
) -> None:
    client = localstack.client("lambda")
    made = client.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [PUBLISHER]})
    arn = made["CodeSigningConfig"]["CodeSigningConfigArn"]
    function = create_function("def handler(event, context):\n    return 1\n", CodeSigningConfigArn=arn)
    assert client.get_function_code_signing_config(FunctionName=function.name)["CodeSigningConfigArn"] == arn
    client.delete_function_code_signing_config(FunctionName=function.name)
    client.delete_code_signing_config(CodeSigningConfigArn=arn)
    with pytest.raises(ClientError) as refused:
        create_function("def handler(event, context):\n    return 1\n", CodeSigningConfigArn=arn)
    assert refused.value.response["Error"]["Code"] == "CodeSigningConfigNotFoundException"
