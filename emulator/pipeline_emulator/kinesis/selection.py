"""Which Kinesis a LocalStack has: ours, or the Node server `kinesis-local` that core starts."""

import os

from localstack import config

from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.persistence import state_folder

VARIABLE = "KINESIS_PROVIDER"
PIPELINE, NODE_SERVER = "pipeline", "kinesis-local"
_CORE_NAMES = {PIPELINE: "pipeline", NODE_SERVER: "default"}


def select() -> None:
    """Tell core which provider to load; without KINESIS_PROVIDER, PROVIDER_OVERRIDE_KINESIS holds, else ours.

    Raises:
        ValueError: KINESIS_PROVIDER names no provider, or a setting of ours is not a number.
        DatabaseError: the file in which PERSISTENCE=1 keeps the streams cannot be used.
    """
    if wanted := os.environ.get(VARIABLE):
        if wanted not in _CORE_NAMES:
            raise ValueError(f"{VARIABLE}={wanted}: must be {PIPELINE} or {NODE_SERVER}")
        config.SERVICE_PROVIDER_CONFIG.set_provider("kinesis", _CORE_NAMES[wanted])
    config.SERVICE_PROVIDER_CONFIG.set_provider_if_not_exists("kinesis", _CORE_NAMES[PIPELINE])
    if config.SERVICE_PROVIDER_CONFIG.get_provider("kinesis") == _CORE_NAMES[PIPELINE]:
        # What is wrong ends LocalStack now: later, threads of other services would keep it from ending.
        StreamSettings.from_environment()
        if kept := state_folder():
            SqliteJournal(kept / FILE).database.close()
    else:
        from pipeline_emulator.kinesis.install import install

        install()
