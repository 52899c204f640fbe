"""The lifecycle of a mapping, with the interface that core's LambdaProvider expects of an EsmWorker."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from localstack.runtime import events
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmState, EsmStateReason
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator.arn import parse_arn, parse_function_arn
from pipeline_emulator.event_source.batch_run import Invocation, Outcome
from pipeline_emulator.event_source.mapping_consumer import MappingConsumer
from pipeline_emulator.event_source.mappings import MappingKey, Mappings
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.stop import Stop

PROCESSED = "OK"
FAILED = "PROBLEM: Function call failed"


class Consumer(Protocol):
    """Reads an event source for a mapping."""

    def run(self, started: Callable[[], None]) -> None:
        """Read until stopped; `started` is called once the reading has begun."""

    def wake(self) -> None:
        """Make every thread check its stop request."""


class MappingWorker:
    """The worker for one configuration of a mapping, until an update replaces it or the mapping is deleted.

    At every update, LambdaProvider makes a new worker, stops the old one and calls `create` on the new one. The new
    worker waits until the old one has finished its current invocations, and continues from the same progress.
    """

    def __init__(
        self,
        configuration: Mapping[str, Any],
        role_arn: str,
        enabled: bool,
        mappings: Mappings,
        make_consumer: Callable[[Stop], Consumer] | None = None,
    ) -> None:
        """Prepare a worker for `configuration`, an EventSourceMappingConfiguration.

        `make_consumer` is for a source that is no stream.
        """
        self.enabled = enabled
        self.current_state = EsmState.CREATING
        of_queue = parse_arn(configuration["EventSourceArn"]).service == "sqs"
        self.state_transition_reason = EsmStateReason.USER_INITIATED if of_queue else EsmStateReason.USER_ACTION
        self._settings = MappingSettings.from_configuration(configuration)
        self._role_arn = role_arn
        self._mappings = mappings
        self._predecessor: MappingWorker | None = None
        self._stop = Stop(shutting_down=events.infra_stopping)
        self._deleted = False
        self._make_consumer = make_consumer or self._stream_consumer
        self._consumer: Consumer | None = None
        self._thread = threading.Thread(target=self._run, name=f"esm-{self.uuid[:8]}", daemon=True)

    @property
    def uuid(self) -> str:
        """UUID of the mapping."""
        return self._settings.uuid

    @property
    def key(self) -> MappingKey:
        """ARNs of function and event source."""
        return self._settings.function_arn, self._settings.event_source_arn

    def create(self) -> None:
        """Take over from the mapping's previous worker, if any, and start reading if enabled."""
        self._predecessor = self._mappings.replace(self.uuid, self)
        if self._predecessor:
            self._set_state(self._transition_from(self._predecessor.enabled), updated=True)
        elif not self.enabled:
            # Nothing has to stop first, and users expect this state right after the creation.
            self._set_state(EsmState.DISABLED)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current invocations, because a new worker takes over."""
        self._stop.request()
        self._wake()

    def delete(self) -> None:
        """Stop after the current invocations and remove the mapping."""
        self._deleted = True
        self._set_state(EsmState.DELETING)
        self.stop()
        if not self._thread.is_alive():
            self._remove()

    def stop_for_shutdown(self) -> None:
        """Stop at once, ignoring the outcome of invocations that LocalStack's shutdown interrupts."""
        self._stop.abort()
        self._wake()
        self._mappings.forget(self.uuid)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the worker has stopped, at most `timeout` seconds."""
        self._thread.join(timeout)

    def _transition_from(self, was_enabled: bool) -> EsmState:
        if self.enabled == was_enabled:
            return EsmState.UPDATING
        return EsmState.ENABLING if self.enabled else EsmState.DISABLING

    def _run(self) -> None:
        if self._predecessor:
            self._predecessor.join()
            self._predecessor = None
        if self.enabled and not self._stop.requested.is_set():
            self._consumer = self._make_consumer(self._stop)
            self._consumer.run(started=lambda: self._set_state(EsmState.ENABLED))
        elif not self._stop.requested.is_set():
            self._set_state(EsmState.DISABLED)
        if self._deleted:
            self._remove()

    def _stream_consumer(self, stop: Stop) -> Consumer:
        progress = self._mappings.progress(self._settings)
        return MappingConsumer(self._settings, self._role_arn, progress, self._report, stop)

    def _wake(self) -> None:
        if self._consumer:
            self._consumer.wake()

    def _remove(self) -> None:
        self._store().pop(self.uuid, None)
        self._mappings.delete(self._settings)

    def _report(self, outcome: Outcome) -> None:
        ok = isinstance(outcome, Invocation) and outcome.succeeded
        self._update_store(LastProcessingResult=PROCESSED if ok else FAILED)

    def _set_state(self, state: EsmState, *, updated: bool = False) -> None:
        """Set the mapping's state, and the time of the last change or update."""
        if self._deleted and state is not EsmState.DELETING:
            return
        self.current_state = state
        if updated or self._store().get(self.uuid, {}).get("State") != state:
            self._update_store(LastModified=datetime.now())  # noqa: DTZ005 - as core has it
        self._update_store(State=state)

    def _update_store(self, **changes: Any) -> None:
        # Looked up each time, because an update replaces the mapping's entry.
        if (entry := self._store().get(self.uuid)) is not None:
            entry.update(changes)

    def _store(self) -> dict[str, Any]:
        function = parse_function_arn(self._settings.function_arn)
        mappings: dict[str, Any] = lambda_stores[function.account][function.region].event_source_mappings
        return mappings
