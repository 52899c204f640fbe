"""Where core is changed for kinesis-local: its start, operations it lacks, and a response handler that sees puts."""

from typing import Any

from localstack.aws import handlers
from localstack.aws.api import RequestContext
from localstack.services.kinesis.provider import KinesisProvider

from pipeline_emulator.kinesis import local_server, server, tags
from pipeline_emulator.kinesis.activity import STREAM_ACTIVITY


def install() -> None:
    """Add the operations to core's provider class before the provider is made, at its first request."""
    local_server.install()
    server.install()
    for operation in (tags.create_stream, tags.tag_resource, tags.untag_resource, tags.list_tags_for_resource):
        setattr(KinesisProvider, operation.__name__, operation)
    custom_handlers: Any = handlers.run_custom_response_handlers
    custom_handlers.append(report_puts)


def report_puts(_chain: Any, context: RequestContext, _response: Any) -> None:
    """Tell pollers which shards a successful PutRecord or PutRecords has written to."""
    if context.operation is None or context.service is None or context.service.service_name != "kinesis":
        return
    if context.operation.name not in ("PutRecord", "PutRecords") or not context.service_response:
        return
    request: Any = context.service_request or {}
    result: Any = context.service_response
    name = request.get("StreamName") or request.get("StreamARN", "").rpartition("/")[2]
    entries = result.get("Records", [result])
    for shard_id in {entry["ShardId"] for entry in entries if entry.get("ShardId")}:
        STREAM_ACTIVITY.notify((context.account_id, context.region, name, shard_id))
