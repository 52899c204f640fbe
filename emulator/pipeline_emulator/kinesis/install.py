"""Makes LocalStack use the emulator's Kinesis provider."""

from localstack import config
from localstack.runtime.exceptions import LocalstackExit

from pipeline_emulator.kinesis.store import copying, losses, opened
from pipeline_emulator.kinesis.store.journal import FILE
from pipeline_emulator.kinesis.store.loading import open_streams
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.persistence import DatabaseError, state_folder
from pipeline_emulator.services import provider
from pipeline_emulator.snapshots import hooks


def install() -> None:
    """Select the provider, check its settings and load the stored streams (PERSISTENCE=1).

    All of it happens now because an error during a later request would not stop LocalStack: threads of other services
    would keep it alive.

    Raises:
        LocalstackExit: the file that stores the streams cannot be used.
        ValueError: a setting is not a number.
    """
    config.SERVICE_PROVIDER_CONFIG.set_provider("kinesis", "pipeline")
    hooks.save.subscribe(lambda folder: copying.save(provider("kinesis").streams, folder))
    hooks.load.subscribe(lambda folder: copying.load(provider("kinesis").streams, folder))
    settings = StreamSettings.from_environment()
    if folder := state_folder():
        try:
            streams, journal = open_streams(folder / FILE, settings)
        except DatabaseError as error:
            raise LocalstackExit(str(error), 1) from error
        opened.keep(streams)
        losses.install(journal.losses)
