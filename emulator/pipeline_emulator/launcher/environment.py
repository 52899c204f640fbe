"""Turns settings into the environment in which LocalStack starts."""

from collections.abc import Mapping
from pathlib import Path

from pipeline_emulator.launcher import lambda_runtime
from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.ports import free_port
from pipeline_emulator.settings import SETTINGS, Kind, Setting

# Variables that LocalStack gets from the user's environment besides the settings.
INHERITED = (
    *("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE"),
    *("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    # Where functions' interpreters may be.
    *("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "NVM_DIR"),
    # In a container: the first makes LocalStack use the folders in /var/lib/localstack, the second names the container.
    *("OVERRIDE_IN_DOCKER", "HOSTNAME"),
    # A secret, hence no setting: those are shown by `status`, and in the list of processes.
    "PIPELINE_SNAPSHOT_TOKEN",
)
FLAGS = {"1": "1", "true": "1", "yes": "1", "on": "1", "0": "0", "false": "0", "no": "0", "off": "0"}
# LocalStack gets these under other names or in another form.
_DERIVED = {"port", "host", "data", "public_host"}
_EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - only compared with


def resolve(given: Mapping[str, object], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every setting: the given one, else the environment's, else the default.

    Args:
        given: values by name of the setting; None counts as not given.
        environment: the user's environment. An empty variable counts as unset.

    Raises:
        EmulatorError: a setting does not exist, or a value is not valid.
    """
    if unknown := set(given) - {setting.name for setting in SETTINGS}:
        raise EmulatorError(f"there is no setting {', '.join(sorted(unknown))}", "see pipeline-emulator start --help")
    chosen = {}
    for setting in SETTINGS:
        value = given.get(setting.name)
        if value is not None:
            source = setting.option
        else:
            source, value = setting.variable, environment.get(setting.variable, "")
        text = str(int(value)) if isinstance(value, bool) else str(value)
        chosen[setting.name] = _checked(setting, source, text) if text else setting.default
    if not hosts(chosen):
        raise EmulatorError(f"--host={chosen['host']} has no address", "for example: --host 127.0.0.1")
    chosen["data"] = str(Path(chosen["data"] or _default_data_folder(environment)).absolute())
    if not chosen["lambda_runtime_dir"]:
        chosen["lambda_runtime_dir"] = str(lambda_runtime.default_folder(environment))
    return chosen


def _checked(setting: Setting, source: str, text: str) -> str:
    if setting.choices and text.lower() not in setting.choices:
        raise EmulatorError(f"{source}={text} is unknown", f"use one of: {', '.join(setting.choices)}")
    if setting.choices:
        return text.lower()
    if setting.kind is Kind.FLAG:
        if text.lower() not in FLAGS:
            raise EmulatorError(f"{source}={text} is neither 1 nor 0", f"use {setting.variable}=1 or 0")
        return FLAGS[text.lower()]
    if setting.kind is Kind.FOLDER:
        return str(Path(text).expanduser().absolute())
    if setting.kind in (Kind.NUMBER, Kind.INTEGER):
        _check_number(setting, source, text)
    return text


def _check_number(setting: Setting, source: str, text: str) -> None:
    try:
        number = int(text) if setting.kind is Kind.INTEGER else float(text)
    except ValueError:
        number = float("nan")
    if not setting.minimum <= number <= setting.maximum or number == float("inf"):
        what = "whole number" if setting.kind is Kind.INTEGER else "number"
        limits = (
            f"{setting.minimum:.0f} to {setting.maximum:.0f}"
            if setting.maximum < float("inf")
            else f"{setting.minimum:.0f} or more"
        )
        raise EmulatorError(f"{source}={text} is not valid", f"use a {what}: {limits}")


def _default_data_folder(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "pipeline-emulator"


def for_localstack(
    chosen: Mapping[str, str], environment: Mapping[str, str], extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the complete environment of LocalStack's process.

    Args:
        chosen: the value of every setting, from `resolve`.
        environment: the user's environment; a few of its variables are passed on.
        extra: additional variables for LocalStack; they win.
    """
    data = Path(chosen["data"])
    in_container = environment.get("OVERRIDE_IN_DOCKER") == "1"
    # LocalStack takes ports for the services it starts from a range. Emulators on one machine need different ranges.
    first = free_port()
    return {
        "OVERRIDE_IN_DOCKER": "0",  # FILESYSTEM_ROOT is ignored on machines that have /.dockerenv
        **{name: environment[name] for name in INHERITED if name in environment},
        "GATEWAY_LISTEN": ",".join(f"{host}:{chosen['port']}" for host in hosts(chosen)),
        "GATEWAY_SERVER": "bound",  # core's server listens on every interface
        "LOCALSTACK_HOST": chosen["public_host"] or f"{reached_at(chosen)}:{chosen['port']}",
        "FILESYSTEM_ROOT": str(data),
        # plux caches the entry points it found, keyed by paths and times that an editable install may leave unchanged.
        # In a cache shared with others, a new plugin would be missed.
        "XDG_CACHE_HOME": str(data / "cache"),
        "DISABLE_EVENTS": "1",  # no analytics
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "EAGER_SERVICE_LOADING": "0",
        "EXTERNAL_SERVICE_PORTS_START": str(first),
        "EXTERNAL_SERVICE_PORTS_END": str(min(first + 50, 65535)),
        "PYTHONUNBUFFERED": "1",
        # core labels local times as UTC. Without the variable, /etc/localtime would decide.
        "TZ": "UTC",
        # glibc gives each of the gateway's threads a heap of its own, and keeps what a large request has left in it.
        "MALLOC_ARENA_MAX": "2",
        **{
            setting.variable: chosen[setting.name]
            for setting in SETTINGS
            if setting.name not in _DERIVED and chosen[setting.name]
        },
        # testcontainers chooses the key so. Outside containers the variable is the user's real key.
        **({"PIPELINE_ROOT_KEY": key} if in_container and (key := _root_key(chosen, environment)) else {}),
        **(extra or {}),
    }


def _root_key(chosen: Mapping[str, str], environment: Mapping[str, str]) -> str:
    return chosen["root_key"] or environment.get("AWS_ACCESS_KEY_ID", "")


def hosts(chosen: Mapping[str, str]) -> list[str]:
    """Return the addresses to listen on."""
    return [host.strip() for host in chosen["host"].split(",") if host.strip()]


def reached_at(chosen: Mapping[str, str]) -> str:
    """Return an address at which this machine reaches the emulator."""
    first = hosts(chosen)[0]
    return "127.0.0.1" if first == _EVERY_ADDRESS else first
