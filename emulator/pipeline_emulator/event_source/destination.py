"""Sends failure records of discarded batches to a mapping's on-failure destination: S3, SQS or SNS."""

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import get_queue_url
from localstack.utils.aws.client_types import ServicePrincipal

from pipeline_emulator.arn import parse_arn
from pipeline_emulator.event_source import hooks
from pipeline_emulator.event_source.batch_run import Discard
from pipeline_emulator.event_source.failure_record import failure_record, object_key, with_payload
from pipeline_emulator.event_source.retries import backoff
from pipeline_emulator.event_source.settings import MappingSettings

LOG = logging.getLogger(__name__)

ATTEMPTS = 4


class FailureDestination:
    """A mapping's on-failure destination, used with the function's role. Without one, discards are only logged."""

    def __init__(self, settings: MappingSettings, role_arn: str) -> None:
        """Send to the destination of `settings`."""
        self._settings = settings
        self._role_arn = role_arn

    def send(self, discard: Discard, shard_id: str, interrupted: threading.Event) -> bool:
        """Deliver the failure record of `discard`; after `ATTEMPTS` failures log the loss, so that the shard continues.

        Returns:
            Whether the discard is settled. It is not if `interrupted` cut the attempts short: the shard's next reader
            discards the records again.
        """
        LOG.warning(
            "Mapping %s discards %d record(s) of %s from sequence number %s: %s",
            self._settings.uuid,
            len(discard.records),
            shard_id,
            discard.records[0].sequence_number,
            discard.condition,
        )
        if self._settings.on_failure_destination is None:
            hooks.events_counted(self._settings, "DroppedEventCount", len(discard.records))
            return True
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._deliver(self._settings.on_failure_destination, discard, shard_id, datetime.now(UTC))
            except (ClientError, BotoCoreError) as error:
                LOG.warning("On-failure destination of mapping %s failed: %s", self._settings.uuid, error)
                hooks.delivery_failed(self._settings)
            else:
                hooks.failures_delivered(self._settings, len(discard.records))
                return True
            if interrupted.wait(backoff(attempt)):
                return False
        hooks.events_counted(self._settings, "DroppedEventCount", len(discard.records))
        LOG.error(
            "Mapping %s could not deliver to %s: the failure record of %s, sequence numbers %s to %s, is lost. "
            "Check that the destination exists and that the function's role may write to it.",
            self._settings.uuid,
            self._settings.on_failure_destination,
            shard_id,
            discard.records[0].sequence_number,
            discard.records[-1].sequence_number,
        )
        return True

    def _deliver(self, destination: str, discard: Discard, shard_id: str, now: datetime) -> None:
        _, service, region, _, resource = parse_arn(destination)
        client = self._client(service, region)
        record = failure_record(discard, self._settings, shard_id, now)
        if service == "s3":
            key = object_key(self._settings.uuid, shard_id, now)
            client.put_object(Bucket=resource, Key=key, Body=_encode(with_payload(record, discard)))
        elif service == "sqs":
            client.send_message(QueueUrl=get_queue_url(destination), MessageBody=json.dumps(record))
        elif service == "sns":
            client.publish(TopicArn=destination, Message=json.dumps(record))
        else:
            LOG.error("Mapping %s: %s is not an S3, SQS or SNS destination", self._settings.uuid, destination)

    def _client(self, service: str, region: str) -> Any:
        """Return a client with the role's permissions. One per delivery is enough, as deliveries are rare."""
        principal: Any = ServicePrincipal.lambda_
        clients = connect_to.with_assumed_role(
            role_arn=self._role_arn, service_principal=principal, region_name=region or self._settings.source.region
        )
        return clients.get_client(service).request_metadata(
            source_arn=self._settings.function_arn, service_principal=principal
        )


def _encode(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode("ascii")
