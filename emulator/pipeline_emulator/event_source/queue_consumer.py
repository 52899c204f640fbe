"""Receives a queue's messages for a mapping, several batches at a time.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline_emulator.event_source.queues import Message, QueuePoller
from pipeline_emulator.event_source.retries import backoff
from pipeline_emulator.event_source.stop import Stop
from pipeline_emulator.pause import PAUSE

LOG = logging.getLogger(__name__)

BATCHES_AT_A_TIME = 5  # without a MaximumConcurrency. AWS begins with five, too, and adds more while there are messages
# A failing function takes no new batch on the same slot for so long. AWS's pollers hold back, too, for an unnamed time.
AFTER_FAILURE_SECONDS = 1.0


class QueueConsumer:
    """Reads a queue for a mapping; `run` blocks until `stop`.

    Args:
        poller: receives messages and handles a batch of them.
        configuration: the mapping's.
        stop: ends the reading.
    """

    def __init__(self, poller: QueuePoller, configuration: Mapping[str, Any], stop: Stop) -> None:
        self._poller = poller
        self._uuid = configuration["UUID"]
        self._count = (configuration.get("ScalingConfig") or {}).get("MaximumConcurrency") or BATCHES_AT_A_TIME
        self._slots = threading.Semaphore(self._count)
        self._stop = stop

    def run(self, started: Callable[[], None]) -> None:
        """Read until stopped, and wait for the batches under way."""
        started()
        errors = 0
        while not self._stop.requested.is_set():
            try:
                self._receive()
                errors = 0
            except (BotoCoreError, ClientError) as error:
                errors += 1
                LOG.log(
                    logging.WARNING if errors == 1 else logging.DEBUG,
                    "Mapping %s cannot read its queue: %s", self._uuid, error,
                )  # fmt: skip
                self._stop.requested.wait(backoff(errors))
        for _ in range(self._count):
            self._slots.acquire()

    def wake(self) -> None:
        """Do nothing: to receive from an empty queue takes a second at most."""

    def _receive(self) -> None:
        """Receive messages once there is a slot for a batch, and start to handle them."""
        self._slots.acquire()
        try:
            batches = self._poller.receive(self._stop.requested)
        except BaseException:
            self._slots.release()
            raise
        for number, batch in enumerate(batches):
            if number:
                self._slots.acquire()
            threading.Thread(target=self._handle, args=(batch,), name=f"esm-{self._uuid[:8]}", daemon=True).start()
        if not batches:
            self._slots.release()

    def _handle(self, batch: list[Message]) -> None:
        try:
            with PAUSE.batch():
                self._poller.handle_messages(batch)
        except Exception as error:
            if not self._stop.aborted:
                LOG.warning("Mapping %s: a batch of its queue failed: %s", self._uuid, error)
                self._stop.requested.wait(AFTER_FAILURE_SECONDS)
        finally:
            self._slots.release()
