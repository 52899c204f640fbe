"""Messages of a queue for a function, in place of core's handling of what its poller received.

Core sends a re-serialized copy of a JSON body, whose digest is no longer the message's, counts no metrics, sends
batches of any size, and one at a time. `QueueConsumer` sends several.
"""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, override

from botocore.exceptions import BotoCoreError, ClientError
from localstack.services.lambda_.event_source_mapping.event_processor import (
    BatchFailureError,
    PartialBatchFailureError,
)
from localstack.services.lambda_.event_source_mapping.pollers.poller import parse_batch_item_failures
from localstack.services.lambda_.event_source_mapping.pollers.sqs_poller import (
    SqsPoller,
    split_by_message_group_id,
    transform_into_events,
)

from pipeline_emulator.event_source import hooks
from pipeline_emulator.event_source.batching import PAYLOAD_LIMIT
from pipeline_emulator.event_source.filters import matches_any
from pipeline_emulator.event_source.settings import MappingSettings

_ENVELOPE_BYTES = 64  # what the function gets besides its events: {"Records": []}, and separators
_MOST_RECEIVED = 10  # by a request. Core's header asks for more
_WAIT_SECONDS = 1  # for a first message. A mapping that stops waits for it
type Event = dict[str, Any]
type Message = dict[str, Any]


class QueuePoller(SqsPoller):
    """Core's poller of a queue. `settings` are the mapping's, set before it polls."""

    settings: MappingSettings

    def receive(self, stopped: threading.Event) -> list[list[Message]]:
        """Receive messages, and return the batches that may be handled at the same time: one, or one for each group.

        A group's later messages wait in the queue for the end of its batch. A window ends when `stopped` is set.

        Raises:
            ClientError: the queue cannot be read.
        """
        ends = time.monotonic() + (self.maximum_batching_window or 0)
        messages = self._receive(self.batch_size)
        while len(messages) < self.batch_size and time.monotonic() < ends and not stopped.is_set():
            try:
                messages += self._receive(self.batch_size - len(messages))
            except (BotoCoreError, ClientError):
                if not messages:
                    raise
                break
        if self.is_fifo_queue:
            return list(split_by_message_group_id(messages).values())
        return [messages] if messages else []

    def _receive(self, most: int) -> list[Message]:
        """Receive messages; with a batching window, gather them for a second, so that a stop does not wait for more."""
        received: list[Message] = self.source_client.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=min(most, _MOST_RECEIVED),
            WaitTimeSeconds=_WAIT_SECONDS,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
            sqs_override_max_message_count=most,
            # With it, core collects messages until the batch is full or the time is over.
            sqs_override_wait_time_seconds=self.maximum_batching_window and _WAIT_SECONDS,
        ).get("Messages", [])
        return received

    @override
    def handle_messages(self, messages: list[Message]) -> None:
        """Filter messages, invoke the function with those that pass, and delete what is done.

        Raises:
            BatchFailureError: the function failed. Its messages stay until they are visible again.
        """
        events = [self._complete(event) for event in transform_into_events(messages)]
        passed = [event for event in events if self._passes(event)]
        filtered = _ids(events) - _ids(passed)
        self._count("PolledEventCount", events)
        self._count("FilteredOutEventCount", filtered)
        self.delete_messages(messages, filtered)
        failed: BatchFailureError | None = None
        for batch in _batches(self.add_source_metadata(passed)):
            try:
                self._process(messages, batch)
            except BatchFailureError as error:
                failed = error
                if self.is_fifo_queue:
                    break  # the group's later messages wait
        if failed:
            raise failed

    def _complete(self, event: Event) -> Event:
        """Add what core leaves out of an event and AWS does not, as LocalStack's authors recorded.

        With a batching window, every recording of messages without attributes has a null digest; without, none has.
        """
        attributes = {
            name: {**value, "stringListValues": [], "binaryListValues": []}
            for name, value in event["messageAttributes"].items()
        }
        digest: Event = {"md5OfMessageAttributes": None} if self.maximum_batching_window else {}
        return {**digest, **event, "messageAttributes": attributes}

    def _passes(self, event: Event) -> bool:
        return not self.filter_patterns or matches_any(self.filter_patterns, _view(event))

    def _process(self, messages: list[Message], batch: list[Event]) -> None:
        """Invoke the function with a batch, and delete the messages that it processed.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        """
        self._count("InvokedEventCount", batch)
        ids, failed = _ids(batch), _ids(batch)
        try:
            self.processor.process_events_batch(batch)
            failed = set()
        except PartialBatchFailureError as error:
            failed = set(parse_batch_item_failures(dict(error.partial_failure_payload or {}), ids))
        finally:
            self._count("FailedInvokeEventCount", failed)
        done = ids - failed
        self.delete_messages(messages, done)
        self._count("DeletedEventCount", done)

    def _count(self, name: str, events: Iterable[object]) -> None:
        hooks.events_counted(self.settings, name, len(list(events)))


def _view(event: Event) -> Event:
    """Return an event as patterns see it: with the value of a body that is JSON.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
    """
    try:
        return {**event, "body": json.loads(event["body"])}
    except (ValueError, RecursionError):
        return event


def _ids(events: Iterable[Event]) -> set[str]:
    return {event["messageId"] for event in events}


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Yield events in batches that fit into an invocation."""
    batch: list[Event] = []
    size = _ENVELOPE_BYTES
    for event in events:
        length = len(json.dumps(event)) + len(", ")
        if batch and size + length > PAYLOAD_LIMIT:
            yield batch
            batch, size = [], _ENVELOPE_BYTES
        batch.append(event)
        size += length
    if batch:
        yield batch
