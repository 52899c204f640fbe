"""Tags of streams in a real LocalStack."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

TAGS = {"project": "store-sales", "stage": "local"}


@pytest.fixture
def kinesis(localstack: Any) -> Any:
    """A Kinesis client."""
    return localstack.client("kinesis")


def as_dict(tags: list[dict[str, str]]) -> dict[str, str]:
    """Return the API's list of tags as a dict."""
    return {tag["Key"]: tag["Value"] for tag in tags}


def test_tags_given_at_creation_are_listed_by_both_operations(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream(Tags=TAGS)
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    assert as_dict(kinesis.list_tags_for_stream(StreamName=stream)["Tags"]) == TAGS
    assert as_dict(kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]) == TAGS


def test_tags_of_a_resource_can_be_changed(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream(Tags=TAGS)
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    kinesis.tag_resource(ResourceARN=arn, Tags={"stage": "changed", "new": "1"})
    kinesis.untag_resource(ResourceARN=arn, TagKeys=["project"])
    assert as_dict(kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]) == {"stage": "changed", "new": "1"}


def test_stream_without_tags_has_none(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream()
    assert kinesis.list_tags_for_stream(StreamName=stream)["Tags"] == []


def test_tags_of_a_missing_stream_raise_an_api_error(kinesis: Any) -> None:
    arn = "arn:aws:kinesis:ap-south-1:000000000000:stream/missing"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        kinesis.list_tags_for_resource(ResourceARN=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        kinesis.tag_resource(ResourceARN=arn, Tags=TAGS)


def test_creation_of_an_existing_stream_keeps_its_tags(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream(Tags=TAGS)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        kinesis.create_stream(StreamName=stream, ShardCount=1, Tags={"other": "tags"})
    assert as_dict(kinesis.list_tags_for_stream(StreamName=stream)["Tags"]) == TAGS
