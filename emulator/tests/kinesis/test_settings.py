"""Settings of streams from environment variables."""

import pytest

from pipeline_emulator.kinesis.streams.settings import StreamSettings

pytestmark = pytest.mark.local_only


def test_unset_and_empty_variables_give_the_defaults() -> None:
    empty = {"KINESIS_LATENCY_MS": "", "KINESIS_MEMORY_LIMIT_MB": "", "KINESIS_ENFORCE_LIMITS": ""}
    assert StreamSettings.from_environment({}) == StreamSettings.from_environment(empty) == StreamSettings()


def test_variables_are_read() -> None:
    environment = {"KINESIS_LATENCY_MS": "250", "KINESIS_MEMORY_LIMIT_MB": "0.5", "KINESIS_ENFORCE_LIMITS": "1"}
    assert StreamSettings.from_environment(environment) == StreamSettings(0.25, True, 2**19)


@pytest.mark.parametrize(("name", "text"), [("KINESIS_LATENCY_MS", "soon"), ("KINESIS_MEMORY_LIMIT_MB", "-1")])
def test_the_error_names_the_invalid_variable(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{name}={text}"):
        StreamSettings.from_environment({name: text})
