"""What outlives a worker: the progress of each mapping, and who reads for it now."""

import threading
from typing import TYPE_CHECKING, Protocol

from pipeline_emulator.arn import unqualified
from pipeline_emulator.event_source.progress import MappingProgress
from pipeline_emulator.event_source.settings import MappingSettings

if TYPE_CHECKING:
    from pipeline_emulator.event_source.worker import KinesisMappingWorker

MappingKey = tuple[str, str]
"""ARNs of the function and of the event source: a mapping's UUID is lost with LocalStack."""


class ProgressStore(Protocol):
    """Where progress is kept. Thread-safe."""

    def load(self) -> list[tuple[MappingKey, MappingProgress]]:
        """Return what a former LocalStack has kept."""

    def new(self, key: MappingKey) -> MappingProgress:
        """Return the progress of a new mapping, to be kept from its start."""


class Mappings:
    """The worker and the progress of each mapping, by UUID. Thread-safe."""

    def __init__(self, store: ProgressStore | None = None) -> None:
        """Keep progress in `store`, or only in memory; hand on to new mappings what a former LocalStack has kept."""
        self._lock = threading.RLock()
        self._workers: dict[str, KinesisMappingWorker] = {}
        self._progress: dict[str, MappingProgress] = {}
        self._store = store
        self._inherited = store.load() if store else []

    def replace(self, uuid: str, worker: "KinesisMappingWorker") -> "KinesisMappingWorker | None":
        """Make `worker` the mapping's worker and return the former one."""
        with self._lock:
            former = self._workers.get(uuid)
            self._workers[uuid] = worker
            return former

    def progress(self, settings: MappingSettings) -> MappingProgress:
        """Return the mapping's progress: its own, else that of a lost one between the same two ends, else a new one."""
        with self._lock:
            if progress := self._progress.get(settings.uuid):
                progress.keeper.belongs_to(settings.function_arn)
                return progress
            key = settings.function_arn, settings.event_source_arn
            progress = self._progress[settings.uuid] = self._inherit(key) or self._new(key)
            return progress

    def forget(self, uuid: str) -> None:
        """Drop the mapping's worker and progress from memory; what is kept stays."""
        with self._lock:
            self._workers.pop(uuid, None)
            self._progress.pop(uuid, None)

    def delete(self, settings: MappingSettings) -> None:
        """Drop the progress of a deleted mapping for good, also what it would have inherited."""
        with self._lock:
            self.progress(settings).keeper.dropped()
            self.forget(settings.uuid)

    def _inherit(self, key: MappingKey) -> MappingProgress | None:
        """Return what a mapping of the same two ends has left, else what one of the function itself has.

        For a mapping from before the function had an alias: it was to be updated to the alias, not made anew.
        """
        function_arn, event_source_arn = key
        for wanted in (key, (unqualified(function_arn), event_source_arn)):
            for index, (found, progress) in enumerate(self._inherited):
                if found == wanted:
                    del self._inherited[index]
                    progress.keeper.belongs_to(function_arn)
                    return progress
        return None

    def _new(self, key: MappingKey) -> MappingProgress:
        return self._store.new(key) if self._store else MappingProgress()
