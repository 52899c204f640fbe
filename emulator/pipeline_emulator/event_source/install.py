"""Patches core's event source mappings."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from localstack import config
from localstack.runtime.exceptions import LocalstackExit

from pipeline_emulator import patches
from pipeline_emulator.arn import Arn, find_arn
from pipeline_emulator.event_source import pattern_engine, requests
from pipeline_emulator.event_source.checkpoints import CheckpointStore
from pipeline_emulator.event_source.mappings import Mappings
from pipeline_emulator.event_source.queue_consumer import QueueConsumer
from pipeline_emulator.event_source.queues import QueuePoller
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.worker import MappingWorker
from pipeline_emulator.persistence import DatabaseError, state_folder
from pipeline_emulator.snapshots import hooks

_FILE = "checkpoints.sqlite3"


def install() -> None:
    """Give mappings of streams the emulator's workers, with the stored progress (PERSISTENCE=1).

    Raises:
        LocalstackExit: the file that stores the progress cannot be used.
    """
    folder = state_folder()
    try:
        mappings = Mappings(CheckpointStore(folder / _FILE) if folder else None)
    except DatabaseError as error:
        raise LocalstackExit(str(error), 1) from error
    hooks.save.subscribe(partial(_save, mappings))
    hooks.load.subscribe(partial(_load, mappings))
    requests.install()
    pattern_engine.install()
    patches.POLL_QUEUES.replace(QueuePoller)

    @patches.MAP_STREAMS.wrap
    def get_esm_worker(original: Callable[[Any], Any], self: Any) -> Any:
        arn = find_arn(self.esm_config.get("EventSourceArn", ""))
        if arn and _is_read_here(arn):
            return MappingWorker(self.esm_config, self.function_role_arn, self.enabled, mappings)
        worker = original(self)
        if not isinstance(worker.poller, QueuePoller):
            return worker
        poller = worker.poller
        poller.settings = MappingSettings.from_configuration(self.esm_config)
        return MappingWorker(
            self.esm_config, self.function_role_arn, self.enabled, mappings,
            lambda stop: QueueConsumer(poller, self.esm_config, stop),
        )  # fmt: skip


def _is_read_here(source: Arn) -> bool:
    """Return whether a source is a stream in this process. Core's DynamoDB, which a user may choose, is a program."""
    tables = config.SERVICE_PROVIDER_CONFIG.get_provider("dynamodbstreams")
    return source.service == "kinesis" or (source.service == "dynamodb" and tables == "moto")


def _save(mappings: Mappings, folder: Path) -> None:
    """Copy the progress of all mappings into a file of its own."""
    with closing(CheckpointStore(folder / _FILE)) as store:
        for key, progress in mappings.every():
            store.create(key).journal.copied(progress)


def _load(mappings: Mappings, folder: Path) -> None:
    """Take over the progress from such a file."""
    with closing(CheckpointStore(folder / _FILE)) as store:
        mappings.take_over(store.load())
