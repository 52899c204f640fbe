"""What outlives a worker: the progress of each mapping, and who reads for it now."""

import threading
from typing import TYPE_CHECKING

from pipeline_emulator.event_source.progress import MappingProgress

if TYPE_CHECKING:
    from pipeline_emulator.event_source.worker import KinesisMappingWorker


class Registry:
    """Workers and progress by mapping UUID, in memory. Safe for threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._workers: dict[str, KinesisMappingWorker] = {}
        self._progress: dict[str, MappingProgress] = {}

    def replace(self, uuid: str, worker: "KinesisMappingWorker") -> "KinesisMappingWorker | None":
        """Make `worker` the mapping's worker and return the former one."""
        with self._lock:
            former = self._workers.get(uuid)
            self._workers[uuid] = worker
            return former

    def progress(self, uuid: str) -> MappingProgress:
        """Return the mapping's progress, new if it has none."""
        with self._lock:
            return self._progress.setdefault(uuid, MappingProgress())

    def forget(self, uuid: str) -> None:
        """Drop the mapping's worker and progress."""
        with self._lock:
            self._workers.pop(uuid, None)
            self._progress.pop(uuid, None)


REGISTRY = Registry()
