"""Reading streams without HTTP, in the form of boto3's client: what reads a stream works with either."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import RequestContext

from pipeline_emulator.kinesis import hooks
from pipeline_emulator.kinesis.provider.service import PipelineKinesisProvider
from pipeline_emulator.kinesis.streams.errors import StreamError


class InProcessKinesis:
    """The operations a reader needs; requests name streams by ARN. Safe for threads.

    Parameters are not validated: the callers are ours.
    """

    def __init__(self, provider: PipelineKinesisProvider, require: Callable[[str], None]) -> None:
        """Call the operations of `provider`; `require` raises for an action that the reader may not do."""
        self._provider = provider
        self._require = require

    def describe_stream_summary(self, **request: Any) -> dict[str, Any]:
        """As the API's DescribeStreamSummary."""
        return self._call("DescribeStreamSummary", self._provider.describe_stream_summary, request)

    def list_shards(self, **request: Any) -> dict[str, Any]:
        """As the API's ListShards."""
        return self._call("ListShards", self._provider.list_shards, request)

    def get_shard_iterator(self, **request: Any) -> dict[str, Any]:
        """As the API's GetShardIterator."""
        return self._call("GetShardIterator", self._provider.get_shard_iterator, request)

    def get_records(self, **request: Any) -> dict[str, Any]:
        """As the API's GetRecords."""
        return self._call("GetRecords", self._provider.get_records, request)

    def _call(self, name: str, operation: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
        self._require(f"kinesis:{name}")
        if refusal := hooks.refuse_operation(f"kinesis:{name}", request.get("StreamARN", "")):
            code, message = refusal
            raise ClientError({"Error": {"Code": code, "Message": message}}, name)
        try:
            # Account and region are the ARN's; nothing else of the context is read.
            answer: dict[str, Any] = operation(RequestContext(None), request)  # type: ignore[arg-type]
        except StreamError as error:
            raise ClientError({"Error": {"Code": error.code, "Message": str(error)}}, name) from error
        return answer
