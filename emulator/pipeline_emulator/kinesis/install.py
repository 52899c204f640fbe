"""Makes LocalStack use the emulator's Kinesis provider."""

from localstack import config

from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.persistence import state_folder


def install() -> None:
    """Select the provider and check its settings.

    They are checked now because an error during a later request would not stop LocalStack: threads of other services
    would keep it alive.

    Raises:
        ValueError: a setting is not a number.
        DatabaseError: the file that stores the streams (PERSISTENCE=1) cannot be used.
    """
    config.SERVICE_PROVIDER_CONFIG.set_provider("kinesis", "pipeline")
    StreamSettings.from_environment()
    if folder := state_folder():
        SqliteJournal(folder / FILE).database.close()
