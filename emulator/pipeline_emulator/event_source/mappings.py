"""State of mappings that outlives a worker: each mapping's progress and its current worker."""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from pipeline_emulator.arn import unqualified
from pipeline_emulator.event_source.progress import MappingProgress
from pipeline_emulator.event_source.settings import MappingSettings

if TYPE_CHECKING:
    from pipeline_emulator.event_source.worker import MappingWorker

MappingKey = tuple[str, str]
"""ARNs of function and event source. A mapping's UUID does not survive LocalStack."""


class ProgressStore(Protocol):
    """Stores progress. Thread-safe."""

    def load(self) -> list[tuple[MappingKey, MappingProgress]]:
        """Return the progress that an earlier LocalStack stored."""

    def create(self, key: MappingKey) -> MappingProgress:
        """Return the progress of a new mapping, stored from its start on."""


class Mappings:
    """The worker and the progress of each mapping, by UUID. Thread-safe."""

    def __init__(self, store: ProgressStore | None = None) -> None:
        """Keep progress in `store`, if any, and in memory. New mappings inherit the progress found in `store`."""
        self._lock = threading.RLock()
        self._workers: dict[str, MappingWorker] = {}
        self._progress: dict[str, MappingProgress] = {}
        self._store = store
        self._inherited = store.load() if store else []

    def replace(self, uuid: str, worker: "MappingWorker") -> "MappingWorker | None":
        """Make `worker` the mapping's worker and return the previous one."""
        with self._lock:
            previous = self._workers.get(uuid)
            self._workers[uuid] = worker
            return previous

    def progress(self, settings: MappingSettings) -> MappingProgress:
        """Return the mapping's progress: its own, else inherited progress of the same function and source, else new."""
        with self._lock:
            if progress := self._progress.get(settings.uuid):
                progress.journal.function_changed(settings.function_arn)
                return progress
            key = settings.function_arn, settings.event_source_arn
            progress = self._progress[settings.uuid] = self._inherit(key) or self._new(key)
            return progress

    def forget(self, uuid: str) -> None:
        """Remove the mapping's worker and progress from memory, but not from the store."""
        with self._lock:
            self._workers.pop(uuid, None)
            self._progress.pop(uuid, None)

    def every(self) -> list[tuple[MappingKey, MappingProgress]]:
        """Return the progress of all mappings, and what is left of an earlier LocalStack's."""
        with self._lock:
            own = [(self._workers[uuid].key, found) for uuid, found in self._progress.items() if uuid in self._workers]
            return [*own, *self._inherited]

    def take_over(self, found: Iterable[tuple[MappingKey, MappingProgress]]) -> None:
        """Let mappings that begin later inherit a progress; it is stored where the others are."""
        with self._lock:
            for key, progress in found:
                progress.store_in(self._new(key).journal)
                self._inherited.append((key, progress))

    def delete(self, settings: MappingSettings) -> None:
        """Delete the progress of a deleted mapping, including progress it would have inherited."""
        with self._lock:
            self.progress(settings).journal.deleted()
            self.forget(settings.uuid)

    def _inherit(self, key: MappingKey) -> MappingProgress | None:
        """Return the progress of a mapping of the same function and source, else that of the unqualified function.

        The latter is for a mapping created before its function had an alias.
        """
        function_arn, event_source_arn = key
        for wanted in (key, (unqualified(function_arn), event_source_arn)):
            for index, (found, progress) in enumerate(self._inherited):
                if found == wanted:
                    del self._inherited[index]
                    progress.journal.function_changed(function_arn)
                    return progress
        return None

    def _new(self, key: MappingKey) -> MappingProgress:
        return self._store.create(key) if self._store else MappingProgress()
