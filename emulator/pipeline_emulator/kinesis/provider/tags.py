"""Tags of streams and consumers."""

import re
from collections.abc import Mapping

from localstack.aws.api import RequestContext, handler

from pipeline_emulator.kinesis.provider.base import Operations, Request, Response, page, parsed_arn
from pipeline_emulator.kinesis.streams.errors import InvalidArgumentError
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.stream import Stream

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_AddTagsToStream.html
MAX_TAGS = 50
# https://docs.aws.amazon.com/streams/latest/dev/tagging.html; the colon is one of AWS's common characters for tags.
_ALLOWED = re.compile(r"[\w\s.:/=+\-%@]*")
_RESERVED = "aws:"


class TagOperations(Operations):
    """The tag operations on streams by name and on resources by ARN."""

    @handler("AddTagsToStream", expand=False)
    def add_tags_to_stream(self, context: RequestContext, request: Request) -> None:
        """Add tags or change their values."""
        add_tags(self.stream(context, request), request["Tags"])

    @handler("RemoveTagsFromStream", expand=False)
    def remove_tags_from_stream(self, context: RequestContext, request: Request) -> None:
        """Remove tags; missing ones are ignored."""
        stream = self.stream(context, request)
        with stream.changing():
            _remove(stream.tags, request["TagKeys"])

    @handler("ListTagsForStream", expand=False)
    def list_tags_for_stream(self, context: RequestContext, request: Request) -> Response:
        """List tags, ordered by key."""
        tags = _listed(self.stream(context, request).tags)
        chosen, more = page(
            tags, lambda tag: tag["Key"], request.get("ExclusiveStartTagKey"), request.get("Limit") or MAX_TAGS
        )
        return {"Tags": chosen, "HasMoreTags": more}

    @handler("TagResource", expand=False)
    def tag_resource(self, context: RequestContext, request: Request) -> None:
        """Add tags to a stream or a consumer."""
        stream, tags = self._tagged(context, request["ResourceARN"])
        with stream.changing():
            require_tags(stream.name, tags, request["Tags"])
            tags.update(request["Tags"])

    @handler("UntagResource", expand=False)
    def untag_resource(self, context: RequestContext, request: Request) -> None:
        """Remove tags from a stream or a consumer."""
        stream, tags = self._tagged(context, request["ResourceARN"])
        with stream.changing():
            _remove(tags, request["TagKeys"])

    @handler("ListTagsForResource", expand=False)
    def list_tags_for_resource(self, context: RequestContext, request: Request) -> Response:
        """List the tags of a stream or a consumer."""
        return {"Tags": _listed(self._tagged(context, request["ResourceARN"])[1])}

    def _tagged(self, context: RequestContext, arn: str) -> tuple[Stream, dict[str, str]]:
        """Return the stream of an ARN, which may be that of one of its consumers, and the tags of the resource."""
        name, consumer = parsed_arn(arn, context)
        stream = self.streams.get(name)
        if consumer is None:
            return stream, stream.tags
        return stream, stream.consumers.get(consumer, arn).tags


def add_tags(stream: Stream, tags: dict[str, str]) -> None:
    """Add tags to a stream.

    Raises:
        InvalidArgumentError: one is invalid, or the stream would have too many.
    """
    with stream.changing():
        require_tags(stream.name, stream.tags, tags)
        stream.tags.update(tags)


def require_tags(name: StreamName, present: Mapping[str, str], added: Mapping[str, str]) -> None:
    """Check the tags that are added to a resource, and how many it then has.

    Raises:
        InvalidArgumentError: a key or value has an invalid character or a reserved prefix, or there are too many.
    """
    if not all(_ALLOWED.fullmatch(text) for tag in added.items() for text in tag):
        raise InvalidArgumentError(
            "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space,"
            " _ . / = + - % @."
        )
    if any(key.lower().startswith(_RESERVED) for key in added):
        raise InvalidArgumentError(
            f"Failed to add tags to stream {name} because tag keys must not begin with the reserved prefix {_RESERVED}"
        )
    if len({**present, **added}) > MAX_TAGS:
        raise InvalidArgumentError(
            f"Failed to add tags to stream {name} because a given stream cannot have more than {MAX_TAGS} tags"
            " associated with it."
        )


def _remove(tags: dict[str, str], keys: list[str]) -> None:
    for key in keys:
        tags.pop(key, None)


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
