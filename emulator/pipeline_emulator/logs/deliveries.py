"""Delivers log events to a subscription's destination: a function, a stream or a delivery stream.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

import base64
import gzip
import json
import logging
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localstack.aws.api.logs import InvalidParameterException
from localstack.aws.connect import connect_to
from localstack.utils.aws.client_types import ServicePrincipal

from pipeline_emulator.arn import parse_arn

LOG = logging.getLogger(__name__)
SERVICES = ("lambda", "kinesis", "firehose")
_PRINCIPAL = ServicePrincipal("logs")
# A record of a stream, and an asynchronous invocation, hold 1 MiB; base64 takes a third more.
_MOST_BYTES = {"kinesis": 2**20 - 1024, "firehose": 1_000_000, "lambda": 768 * 1024}
# AWS retries for up to 24 hours.
_ATTEMPTS, _FIRST_PAUSE_SECONDS = 5, 0.5
_SESSION_SECONDS = 600.0
_CONTROL = "CWL CONTROL MESSAGE: Checking health of destination {}."


@dataclass(frozen=True)
class Destination:
    """Where a subscription filter delivers to, and with which role; `group_arn` is the log group's, with `:*`."""

    arn: str
    role_arn: str | None
    group_arn: str

    @property
    def service(self) -> str:
        """The destination's service."""
        return parse_arn(self.arn).service


class Delivery:
    """Delivers to one destination, in order, in a thread of its own: AWS, too, delivers after PutLogEvents."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._queue: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        self._client: Any = None
        self._made = 0.0
        threading.Thread(target=self._run, name="log-subscription", daemon=True).start()

    def add(self, key: str, document: dict[str, Any]) -> None:
        """Deliver a document soon; to a stream, with this partition key."""
        self._queue.put((key, document))

    def _run(self) -> None:
        while True:
            key, document = self._queue.get()
            for data in packed(document, _MOST_BYTES[self._destination.service]):
                self._deliver(key, data)

    def _deliver(self, key: str, data: bytes) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                send(self._connected(), self._destination, key, data)
            except Exception as error:  # whatever the client raises: events must not end the thread
                self._client = None
                if attempt == _ATTEMPTS - 1:
                    LOG.warning("log events for %s were not delivered: %s", self._destination.arn, error)
                else:
                    time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
            else:
                return

    def _connected(self) -> Any:
        if self._client is None or time.monotonic() > self._made + _SESSION_SECONDS:
            self._client, self._made = client(self._destination), time.monotonic()
        return self._client


def check(destination: Destination) -> None:
    """Send a control message, as PutSubscriptionFilter does.

    Raises:
        InvalidParameterException: the destination is not there, or the role, or its policy, does not allow it.
    """
    service = destination.service
    if service == "lambda":
        _check_function(destination)
        return
    title = "Kinesis stream" if service == "kinesis" else "Firehose stream"
    message = {"id": "", "timestamp": int(time.time() * 1000), "message": _CONTROL.format(title)}
    control = {
        "messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
        "subscriptionFilters": [], "logEvents": [message],
    }  # fmt: skip
    try:
        send(client(destination), destination, "control", _gzip(control))
    except Exception as error:
        raise InvalidParameterException(
            f"Could not deliver test message to specified {title}. Check if the given {title.lower()} is in ACTIVE"
            " state."
        ) from error


def _check_function(destination: Destination) -> None:
    if destination.role_arn:
        raise InvalidParameterException("destinationArn for vendor lambda cannot be used with roleArn")
    try:
        client(destination).invoke(FunctionName=destination.arn, InvocationType="DryRun")
    except Exception as error:
        raise InvalidParameterException(
            "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your"
            " function."
        ) from error


def client(destination: Destination) -> Any:
    """Return a client for the destination's service, with the role's session, or in the name of CloudWatch Logs."""
    arn = parse_arn(destination.arn)
    if destination.role_arn:
        factory = connect_to.with_assumed_role(
            role_arn=destination.role_arn, service_principal=_PRINCIPAL, region_name=arn.region
        )
    else:
        factory = connect_to(aws_access_key_id=arn.account, region_name=arn.region)
    services = {"lambda": factory.lambda_, "kinesis": factory.kinesis, "firehose": factory.firehose}
    return services[arn.service].request_metadata(source_arn=destination.group_arn, service_principal=_PRINCIPAL)


def send(connected: Any, destination: Destination, key: str, data: bytes) -> None:
    """Send one message; `key` decides the shard."""
    name = parse_arn(destination.arn).resource.partition("/")[2]
    if destination.service == "lambda":
        payload = json.dumps({"awslogs": {"data": base64.b64encode(data).decode()}})
        connected.invoke(FunctionName=destination.arn, InvocationType="Event", Payload=payload)
    elif destination.service == "kinesis":
        connected.put_record(StreamName=name, Data=data, PartitionKey=key)
    else:
        connected.put_record(DeliveryStreamName=name, Record={"Data": data})


def packed(document: dict[str, Any], most_bytes: int) -> Iterator[bytes]:
    """Yield a document's compressed form, in halves if it is too large for a message."""
    data, events = _gzip(document), document["logEvents"]
    if len(data) <= most_bytes or len(events) == 1:
        yield data
        return
    middle = len(events) // 2
    for half in (events[:middle], events[middle:]):
        yield from packed({**document, "logEvents": half}, most_bytes)


def _gzip(document: dict[str, Any]) -> bytes:
    return gzip.compress(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(), 6)
