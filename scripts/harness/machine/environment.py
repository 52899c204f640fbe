"""The environment that programs run in, without user settings that could reach a real AWS account or change results."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# Settings of Terraform, tflocal and LocalStack come from the harness only, except these, which the user may choose.
KEPT = ("AWS_CA_BUNDLE", "LOCALSTACK_PORT", "LOCALSTACK_IMAGE", "LOCALSTACK_AUTH_TOKEN", "TF_PLUGIN_CACHE_DIR")
DROPPED = (
    *("AWS_", "TF_", "ADDITIONAL_TF_", "LOCALSTACK_", "LS_", "S3_HOSTNAME", "USE_EXEC", "DRY_RUN", "SKIP_ALIASES"),
    *("EDGE_PORT", "CUSTOMIZE_ACCESS_KEY", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"),
    # Compiled modules are kept: LocalStack imports 7 s of source, or 3 s of bytecode.
    "PYTHONDONTWRITEBYTECODE",
    # From the calling make: its options and depth must not reach a make that a test starts.
    *("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"),
)
# All that an emulator gets from the user's environment, because LocalStack reads several hundred variables.
EMULATOR = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"),
    *("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "NVM_DIR"),  # functions' interpreters may be there
)
# MLflow reads these on import. They switch off usage statistics, and the warning that git is missing.
MLFLOW = {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
# With these, MLflow notices within seconds that a tracking server is gone; by default it tries for minutes.
MLFLOW_HTTP = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
# Settings of the emulator that the user's environment can choose for a new stack, with their defaults
# (emulator/README.md). FAULTS=1 lets `make chaos` inject faults, and HOT_RELOAD=1 lets WATCH=1 change code;
# neither does anything by itself.
EMULATOR_SETTINGS = {
    "FAULTS": "1",
    "HOT_RELOAD": "1",
    "IAM_ENFORCEMENT": "on",
    "KINESIS_ENFORCE_LIMITS": "0",
    "KINESIS_ERROR_PROBABILITY": "0",
    "KINESIS_LATENCY_MS": "0",
    "KINESIS_MEMORY_LIMIT_MB": "1024",
    "LAMBDA_INTERPRETERS": "",
    "LAMBDA_KEEPALIVE_MS": "600000",
    "LAMBDA_PROCESS_ISOLATION": "",
    "PIPELINE_ALLOWED_HOSTS": "",
    "LAMBDA_RUNTIME_IMAGE_MAPPING": "",
    "LAMBDA_ROOT_ACCESS": "0",
    "LAMBDA_REFUSE_TRACING": "0",
    "MAPPING_LONGEST_RETRY_SECONDS": "5",
    "PIPELINE_ROOT_SECRET": "any",
}
# The names of what the user has set and this process removed, for messages: it had no effect.
REMOVED: set[str] = set()
LOOPBACK = ("127.0.0.1", "localhost")


def clean(**extra: str) -> dict[str, str]:
    """Return the user's environment without anything that could reach a real AWS account or change Terraform's input.

    AWS configuration files, profiles and instance credentials are switched off, and loopback addresses bypass any
    proxy.

    Args:
        extra: variables to set on top.

    Returns:
        A new environment.
    """
    kept = {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(DROPPED)}
    config = os.environ.get("TF_CLI_CONFIG_FILE")
    if config and Path(config).is_file():
        kept["TF_CLI_CONFIG_FILE"] = str(Path(config).absolute())
    kept |= without_proxy(kept)
    return (
        MLFLOW
        | kept
        | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        | extra
    )


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return NO_PROXY and no_proxy of an environment, extended by the loopback addresses."""
    found = {}
    for name in ("NO_PROXY", "no_proxy"):
        listed = [entry for entry in environment.get(name, "").split(",") if entry]
        found[name] = ",".join([*listed, *(entry for entry in LOOPBACK if entry not in listed)])
    return found


def clean_this_process() -> None:
    """Clean the harness's own environment: boto3 reads profiles and settings from it, too."""
    cleaned = clean()
    REMOVED.update(os.environ.keys() - cleaned.keys())
    os.environ.clear()
    os.environ.update(cleaned)


def prepare_for_mlflow() -> None:
    """Set the variables that MLflow reads; call this before MLflow is imported."""
    for name, value in (MLFLOW | MLFLOW_HTTP).items():
        os.environ.setdefault(name, value)
    os.environ.update(without_proxy(os.environ))  # the stack's server is on this machine


@contextmanager
def set_to(**variables: str) -> Iterator[None]:
    """Set variables of this process for the duration of a block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def emulator_settings() -> dict[str, str]:
    """Return the emulator's settings for a new stack: the user's choice, or the default."""
    return {name: os.environ.get(name) or default for name, default in EMULATOR_SETTINGS.items()}


def for_emulator(**settings: str) -> dict[str, str]:
    """Return the environment of an emulator.

    Args:
        settings: the emulator's own variables.
    """
    return {name: os.environ[name] for name in EMULATOR if name in os.environ} | settings
