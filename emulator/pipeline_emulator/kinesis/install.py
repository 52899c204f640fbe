"""Makes LocalStack use our Kinesis provider."""

from localstack import config

from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.persistence import state_folder


def install() -> None:
    """Select the provider, and check its settings now: later, threads of other services would keep LocalStack alive.

    Raises:
        ValueError: a setting is not a number.
        DatabaseError: the file in which PERSISTENCE=1 keeps the streams cannot be used.
    """
    config.SERVICE_PROVIDER_CONFIG.set_provider("kinesis", "pipeline")
    StreamSettings.from_environment()
    if kept := state_folder():
        SqliteJournal(kept / FILE).database.close()
