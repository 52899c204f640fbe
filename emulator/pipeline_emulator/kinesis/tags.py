"""Tags of streams: kinesis-local drops those of CreateStream and refuses TagResource and its kin.

Without them every plan after `terraform apply` wants to add the tags again. Functions here become methods of core's
KinesisProvider; what they do not handle themselves goes to the server as before.
"""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.kinesis import InvalidArgumentException, ListTagsForResourceOutput
from localstack.aws.connect import connect_to
from localstack.aws.forwarder import AwsRequestProxy
from localstack.services.kinesis.provider import KinesisProvider

# ListTagsForStream answers at most 50 tags at once, as many as a stream may have:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListTagsForStream.html


def create_stream(
    provider: KinesisProvider,
    context: RequestContext,
    stream_name: str,
    tags: dict[str, str] | None = None,
    **_kwargs: Any,
) -> None:
    """Forward CreateStream, then add its tags; a stream whose tags are refused does not stay."""
    AwsRequestProxy(provider.get_forward_url(context.account_id, context.region)).forward(context)
    if not tags:
        return
    client = _client(context)
    try:
        client.add_tags_to_stream(StreamName=stream_name, Tags=tags)
    except Exception:
        client.delete_stream(StreamName=stream_name)
        raise


def tag_resource(
    _provider: KinesisProvider, context: RequestContext, tags: dict[str, str], resource_arn: str, **_kwargs: Any
) -> None:
    """TagResource as AddTagsToStream."""
    _client(context).add_tags_to_stream(StreamName=_stream_name(resource_arn), Tags=tags)


def untag_resource(
    _provider: KinesisProvider, context: RequestContext, tag_keys: list[str], resource_arn: str, **_kwargs: Any
) -> None:
    """UntagResource as RemoveTagsFromStream."""
    _client(context).remove_tags_from_stream(StreamName=_stream_name(resource_arn), TagKeys=tag_keys)


def list_tags_for_resource(
    _provider: KinesisProvider, context: RequestContext, resource_arn: str, **_kwargs: Any
) -> ListTagsForResourceOutput:
    """ListTagsForResource as ListTagsForStream."""
    response = _client(context).list_tags_for_stream(StreamName=_stream_name(resource_arn))
    return ListTagsForResourceOutput(Tags=response["Tags"])


def _client(context: RequestContext) -> Any:
    return connect_to(aws_access_key_id=context.account_id, region_name=context.region).kinesis


def _stream_name(resource_arn: str) -> str:
    """Return the stream's name, for a consumer's ARN too."""
    resource = resource_arn.split(":", 5)[-1].split("/")
    if len(resource) != 2 or resource[0] != "stream":
        raise InvalidArgumentException(f"Tags of {resource_arn} are not supported: only streams carry tags here.")
    return resource[1]
