"""Delivery streams whose source is a Kinesis stream.

"Firehose starts reading from the LATEST position of your Kinesis stream", with the permissions of the source's role:
https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html
"""

import base64
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localstack.aws.connect import connect_to
from localstack.runtime import events
from localstack.utils.aws.client_types import ServicePrincipal

from pipeline_emulator import patches
from pipeline_emulator.event_source.shards import Shard, readable

LOG = logging.getLogger(__name__)

_PRINCIPAL = ServicePrincipal("firehose")
# Firehose collects records for a minute or more. Here they are delivered as soon as they are read.
_PAUSE_SECONDS = 1.0
_ERROR_SECONDS = 5.0
_PARENTS = ("ParentShardId", "AdjacentParentShardId")


class KinesisReader:
    """Reads a stream for a delivery stream, in a thread of its own, until it is stopped.

    Args:
        stream: name of the source.
        make_client: returns a Kinesis client with the permissions of the source's role.
        deliver: takes records in the form of core's own reader. What it raises makes it get them again.
    """

    def __init__(
        self, stream: str, make_client: Callable[[], Any], deliver: Callable[[list[dict[str, Any]]], Any]
    ) -> None:
        self._stream = stream
        self._make_client = make_client
        self._deliver = deliver
        now = datetime.now(UTC)
        self._began = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as exact as times of arrival
        self._client: Any = None
        self._iterators: dict[str, str] = {}
        self._delivered: dict[str, str] = {}  # the last sequence number of each shard
        self._initial: set[str] | None = None
        self._finished: set[str] = set()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name=f"firehose-{stream}", daemon=True).start()

    def stop(self) -> None:
        """Stop after the records that were read."""
        self._stopped.set()

    def _run(self) -> None:
        failures = 0
        while not self._stopped.wait(_ERROR_SECONDS if failures else _PAUSE_SECONDS):
            if events.infra_stopping.is_set():
                return
            try:
                self._read_all()
                failures = 0
            except Exception as error:  # of Kinesis, IAM, S3 or a transforming function: AWS retries for a day
                failures += 1
                self._client = None  # its session may have ended
                self._iterators.clear()
                log = LOG.warning if failures == 1 else LOG.debug
                log("Firehose cannot deliver the records of stream %s, and tries again: %s", self._stream, error)

    def _read_all(self) -> None:
        """Deliver what every shard has to read now."""
        self._client = self._client or self._make_client()
        for shard in self._readable():
            if shard not in self._iterators:
                self._iterators[shard] = self._start(shard)
            self._read(shard)

    def _readable(self) -> list[str]:
        answer = self._client.list_shards(StreamName=self._stream)
        listed = answer["Shards"]
        while token := answer.get("NextToken"):
            answer = self._client.list_shards(NextToken=token)
            listed += answer["Shards"]
        shards = [Shard(each["ShardId"], tuple(each[name] for name in _PARENTS if each.get(name))) for each in listed]
        if self._initial is None:
            self._initial = {shard.shard_id for shard in shards}
        return [shard.shard_id for shard in readable(shards, self._finished)]

    def _start(self, shard: str) -> str:
        """Return an iterator: after what was delivered, else at the start of this reader, or of a newer shard."""
        place: dict[str, Any] = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self._began}
        if shard in self._delivered:
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": self._delivered[shard]}
        elif self._initial is not None and shard not in self._initial:
            place = {"ShardIteratorType": "TRIM_HORIZON"}
        return str(self._client.get_shard_iterator(StreamName=self._stream, ShardId=shard, **place)["ShardIterator"])

    def _read(self, shard: str) -> None:
        page = self._client.get_records(ShardIterator=self._iterators[shard])
        # botocore sends an iterator's time in whole seconds.
        if records := [each for each in page["Records"] if each["ApproximateArrivalTimestamp"] >= self._began]:
            self._deliver([_as_core_reads_it(record, shard) for record in records])
            self._delivered[shard] = records[-1]["SequenceNumber"]
        if following := page.get("NextShardIterator"):
            self._iterators[shard] = following
        else:
            self._finished.add(shard)
            del self._iterators[shard]


def install() -> None:
    """Let core's provider read streams with this module."""
    patches.READ_STREAMS_FOR_FIREHOSE.replace(listen)


def listen(
    stream_name: str, account_id: str, region_name: str, listener_func: Callable[..., Any], **_options: Any
) -> KinesisReader:
    """Read a stream from now on, as core's function of the same parameters does.

    Args:
        stream_name: of the source.
        account_id: of source and delivery stream.
        region_name: of both.
        listener_func: core's method for this delivery stream, with its account, region and name.
    """
    provider, delivery_stream = listener_func.func.__self__, listener_func.args[2]  # type: ignore[attr-defined]

    def make_client() -> Any:
        description = provider.get_store(account_id, region_name).delivery_streams[delivery_stream]
        factory = connect_to.with_assumed_role(
            role_arn=description["Source"]["KinesisStreamSourceDescription"]["RoleARN"],
            service_principal=_PRINCIPAL,
            region_name=region_name,
        )
        return factory.kinesis.request_metadata(
            source_arn=description["DeliveryStreamARN"], service_principal=_PRINCIPAL
        )

    return KinesisReader(stream_name, make_client, listener_func)


def _as_core_reads_it(record: dict[str, Any], shard: str) -> dict[str, Any]:
    """Return a record as core's provider takes it, with what a transforming function gets on AWS."""
    arrival = int(record["ApproximateArrivalTimestamp"].timestamp() * 1000)
    return {
        "data": base64.b64encode(record["Data"]).decode(),
        "approximateArrivalTimestamp": arrival,
        "kinesisRecordMetadata": {
            "sequenceNumber": record["SequenceNumber"],
            "subsequenceNumber": 0,
            "partitionKey": record["PartitionKey"],
            "shardId": shard,
            "approximateArrivalTimestamp": arrival,
        },
    }
