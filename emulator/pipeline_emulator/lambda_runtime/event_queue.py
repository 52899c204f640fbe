"""Keeps the events of asynchronous invocations that arrive while their function is updated.

Core starts a poller for the new version, and the old one still waits for events for up to two seconds. What it receives
then, it drops: the queue shows it again after the function's timeout and a minute.
"""

import functools
import logging
from collections.abc import Callable, Sequence
from typing import Any

from localstack.services.lambda_.invocation.event_manager import CLIENT_CONFIG, get_sqs_client

from pipeline_emulator import patches

LOG = logging.getLogger(__name__)
_WAIT_S, _MOST, _RETRY_S = 2, 10, 1.0
_BEYOND_TIMEOUT_S = 60


@functools.cache
def install() -> None:
    """Patch core, once per process."""

    @patches.POLL_EVENTS.wrap
    def run(_original: Callable[..., None], self: Any, *_args: Any, **_more: Any) -> None:
        client = get_sqs_client(self.version_manager.function_version, client_config=CLIENT_CONFIG)
        while not self._shutdown_event.is_set():
            try:
                _hand_over(self, client, _received(self, client))
            except Exception as error:
                if not self._shutdown_event.is_set():  # else the queue may be gone
                    LOG.warning("Polling the events of a function failed: %s", error)
                    self._shutdown_event.wait(_RETRY_S)


def _received(poller: Any, client: Any) -> Sequence[Any]:
    answer = client.receive_message(
        QueueUrl=poller.event_queue_url,
        WaitTimeSeconds=_WAIT_S,
        MaxNumberOfMessages=_MOST,
        VisibilityTimeout=poller.version_manager.function_version.config.timeout + _BEYOND_TIMEOUT_S,
    )
    return answer.get("Messages") or ()


def _hand_over(poller: Any, client: Any, messages: Sequence[Any]) -> None:
    """Pass the messages to the function, or to its new version's poller if this one was stopped."""
    for message in messages:
        if not poller._shutdown_event.is_set():
            poller.invoker_pool.submit(poller.handle_message, message)
        else:
            client.send_message(QueueUrl=poller.event_queue_url, MessageBody=message["Body"])
            client.delete_message(QueueUrl=poller.event_queue_url, ReceiptHandle=message["ReceiptHandle"])
