"""The table of settings: the README, the variables of LocalStack, and invalid values."""

import dataclasses
from pathlib import Path

import pytest

import pipeline_emulator
from pipeline_emulator.launcher import environment
from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.settings import SETTINGS, Kind, documentation

pytestmark = pytest.mark.local_only

README = Path(__file__).parents[2] / "README.md"
# A value other than the default for each setting.
OTHER = {
    "PIPELINE_PORT": "4999",
    "PIPELINE_HOST": "127.0.0.1,127.0.0.2",
    "LOCALSTACK_HOST": "localhost:4999",
    "PIPELINE_ALLOWED_HOSTS": "localstack,aws.test",
    "PIPELINE_DATA": "/tmp/data",
    "PERSISTENCE": "1",
    "IAM_ENFORCEMENT": "soft",
    "PIPELINE_ROOT_KEY": "own-key",
    "PIPELINE_ROOT_SECRET": "test",
    "LAMBDA_REFUSE_TRACING": "1",
    "FAULTS": "1",
    "HOT_RELOAD": "1",
    "KINESIS_ENFORCE_LIMITS": "1",
    "KINESIS_MEMORY_LIMIT_MB": "0.5",
    "KINESIS_LATENCY_MS": "250",
    "KINESIS_ERROR_PROBABILITY": "0.25",
    "MAPPING_LONGEST_RETRY_SECONDS": "60",
    "LAMBDA_RUNTIME_EXECUTOR": "container",
    "PIPELINE_LAMBDA_RUNTIME_DIR": "/tmp/runtime",
    "LAMBDA_RUNTIME_IMAGE_MAPPING": '{"python3.12": "my-python:3.12"}',
    "LAMBDA_INTERPRETERS": "/tmp/python/bin:/tmp/node",
    "LAMBDA_PROCESS_ISOLATION": "process-group",
    "LAMBDA_KEEPALIVE_MS": "1000",
    "LAMBDA_ROOT_ACCESS": "1",
    "LAMBDA_DOCKER_NETWORK": "functions",
    "DOCKER_HOST": "unix:///run/engine.sock",
    "PIPELINE_ECR_REGISTRY_URL": "http://registry:5000",
    "PIPELINE_STACK": "mine",
}


def test_readme_has_the_table() -> None:
    text = README.read_text()
    start = text.index("\n", text.index("<!-- settings:")) + 1
    assert text[start : text.index("<!-- end of settings -->")] == documentation()


def test_names_and_variables_are_unique() -> None:
    assert (
        len({setting.name for setting in SETTINGS}) == len({setting.variable for setting in SETTINGS}) == len(SETTINGS)
    )


def test_every_variable_reaches_localstack() -> None:
    assert OTHER.keys() == {setting.variable for setting in SETTINGS}
    given = environment.for_localstack(environment.resolve({}, OTHER), OTHER)
    passed_on = {
        name: value for name, value in OTHER.items() if name not in ("PIPELINE_PORT", "PIPELINE_HOST", "PIPELINE_DATA")
    }
    assert {name: given[name] for name in passed_on} == passed_on
    assert given["GATEWAY_LISTEN"] == "127.0.0.1:4999,127.0.0.2:4999"
    assert given["FILESYSTEM_ROOT"] == "/tmp/data"


def test_option_wins_over_the_variable_and_an_empty_variable_is_ignored() -> None:
    chosen = environment.resolve({"port": 4700, "faults": False}, {"PIPELINE_PORT": "4800", "FAULTS": "1"})
    assert (chosen["port"], chosen["faults"]) == ("4700", "0")
    assert environment.resolve({}, {"PIPELINE_PORT": ""})["port"] == "4566"
    assert environment.resolve({}, {"FAULTS": "true"})["faults"] == "1"


@pytest.mark.parametrize("user", [{}, {"TZ": "Asia/Kolkata"}])
def test_localstack_runs_in_utc(user: dict[str, str]) -> None:
    """S3's eventTime, LastModified and other times are labelled as UTC, whatever the user's time zone is."""
    assert environment.for_localstack(environment.resolve({}, user), user)["TZ"] == "UTC"


def test_no_other_variable_of_the_user_reaches_localstack() -> None:
    user = {"AWS_PROFILE": "missing", "PYTHONPATH": "/x", "SERVICES": "s3", "PATH": "/bin", "SSL_CERT_FILE": "/c.pem"}
    given = environment.for_localstack(environment.resolve({}, user), user, {"DEBUG": "1"})
    assert not {"AWS_PROFILE", "PYTHONPATH", "SERVICES"} & given.keys()
    assert (given["PATH"], given["SSL_CERT_FILE"], given["DEBUG"]) == ("/bin", "/c.pem", "1")
    assert given["LOCALSTACK_HOST"] == "127.0.0.1:4566"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PIPELINE_PORT", "0"),
        ("PIPELINE_PORT", "65536"),
        ("PIPELINE_PORT", "4566.5"),
        ("FAULTS", "maybe"),
        ("IAM_ENFORCEMENT", "of"),
        ("KINESIS_ERROR_PROBABILITY", "1.1"),
        ("KINESIS_LATENCY_MS", "-1"),
        ("KINESIS_LATENCY_MS", "nan"),
        ("KINESIS_MEMORY_LIMIT_MB", "inf"),
        ("LAMBDA_PROCESS_ISOLATION", "none"),
    ],
)
def test_invalid_value_is_named(variable: str, value: str) -> None:
    with pytest.raises(EmulatorError, match=f"{variable}={value} is "):
        environment.resolve({}, {variable: value})


def test_an_empty_list_of_addresses_is_named() -> None:
    with pytest.raises(EmulatorError, match="--host=, has no address"):
        environment.resolve({"host": ","}, {})


def test_unknown_setting_is_named() -> None:
    with pytest.raises(EmulatorError, match="no setting colour"):
        environment.resolve({"colour": "red"}, {})


def test_defaults_are_valid_values() -> None:
    for setting in SETTINGS:
        if setting.default:
            assert environment.resolve({}, {setting.variable: setting.default})[setting.name] == setting.default
        assert setting.default or setting.documented_default
        assert not (setting.choices and setting.kind is not Kind.TEXT)
        assert dataclasses.is_dataclass(setting)


def test_public_names_exist() -> None:
    assert {name for name in pipeline_emulator.__all__ if not hasattr(pipeline_emulator, name)} == set()
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = pipeline_emulator.nothing


def test_a_key_from_the_environment_is_the_roots_in_a_container_alone() -> None:
    own = {"AWS_ACCESS_KEY_ID": "AKIAREALKEYOFTHEUSER", "PATH": "/bin"}
    chosen = environment.resolve({}, own)
    assert "PIPELINE_ROOT_KEY" not in environment.for_localstack(chosen, own)
    inside = {**own, "OVERRIDE_IN_DOCKER": "1"}
    assert environment.for_localstack(chosen, inside)["PIPELINE_ROOT_KEY"] == "AKIAREALKEYOFTHEUSER"
    named = {**inside, "PIPELINE_ROOT_KEY": "own-key"}
    assert environment.for_localstack(environment.resolve({}, named), named)["PIPELINE_ROOT_KEY"] == "own-key"
