"""The emulator that tests use: started for them, already running, or AWS itself."""

import contextlib
import functools
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from pipeline_emulator import owner
from pipeline_emulator.clients import environment as clients
from pipeline_emulator.launcher.errors import EmulatorError
from pipeline_emulator.launcher.instance import HEALTH, Instance, direct, start
from pipeline_emulator.ports import free_port

DENIALS = "/_pipeline/iam/denials"
FAULTS = "/_pipeline/faults"
_ANSWER_SECONDS = 10.0


@dataclass(eq=False)
class Emulator:
    """What the fixture `emulator` returns.

    Attributes:
        endpoint_url: where AWS clients reach it; None for AWS itself.
        region: of clients and subprocesses; that of the last stack that a test asked for, unless AWS_REGION or
            AWS_DEFAULT_REGION names one.
        instance: its process, if it was started for these tests.
        log: returns its log, or the end of it, if it was started for these tests.
    """

    endpoint_url: str | None
    region: str
    instance: Instance | None = None
    log: Callable[[], str] | None = None

    def follow(self, region: str | None) -> None:
        """Use a stack's region from now on, unless your environment names one."""
        self.region = clients.named_region(os.environ) or region or self.region

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client; options are those of `boto3.client`. On AWS it uses your own credentials."""
        if self.endpoint_url is None:
            return boto3.client(service, **{"region_name": self.region, **options})
        # Bucket names need no name server, and a proxy of your environment cannot reach this machine's loopback.
        ours = Config(s3={"addressing_style": "path"}, proxies={})
        given = options.pop("config", None)
        config = ours.merge(given) if given else ours
        defaults = {"endpoint_url": self.endpoint_url, "region_name": self.region, "config": config}
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return _session().client(service, **{**defaults, **keys, **options})

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment for a subprocess whose AWS clients shall use this emulator.

        None of your own `AWS_*` variables is in it, so that no mistake reaches your account.
        """
        if self.endpoint_url is None:
            return {**os.environ, "AWS_DEFAULT_REGION": self.region, **variables}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        ours = clients.for_clients(self.endpoint_url, self.region) | clients.without_proxy(os.environ)
        return {**kept, **ours, **variables}

    def ask(self, method: str, path: str, document: object = None) -> Any:
        """Send a request to one of the emulator's own interfaces and return the JSON that it answers.

        Raises:
            EmulatorError: it does not answer, refuses, or has no such interface.
        """
        body = None if document is None else json.dumps(document).encode()
        try:
            request = urllib.request.Request(f"{self.endpoint_url}{path}", data=body, method=method)  # noqa: S310 - http
            with direct.open(request, timeout=_ANSWER_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise EmulatorError(f"{method} {path}: status {error.code}: {text}", _remedy(path, error.code)) from None
        except (OSError, ValueError) as error:
            cause = f"{self.endpoint_url} does not answer as an emulator does: {error}"
            raise EmulatorError(cause, "see its log, or start the tests again") from None

    def denials(self) -> list[dict[str, Any]]:
        """Return what IAM did not allow, oldest first: principal, action, resource, refused, message and more."""
        found: list[dict[str, Any]] = self.ask("GET", DENIALS)["denials"]
        return found


class Faults:
    """Rules that make requests or functions fail. The emulator's README lists points and effects."""

    def __init__(self, emulator: Emulator) -> None:
        """Work on an emulator."""
        self._emulator = emulator

    def inject(self, *rules: Mapping[str, Any], seed: int = 0) -> None:
        """Replace all rules.

        Raises:
            EmulatorError: a rule is not valid.
        """
        self._emulator.ask("PUT", FAULTS, {"seed": seed, "rules": list(rules)})

    def struck(self) -> Sequence[int]:
        """Return how often each rule has struck."""
        return [int(rule["struck"]) for rule in self._emulator.ask("GET", FAULTS)["rules"]]

    def clear(self) -> None:
        """Remove all rules."""
        self._emulator.ask("DELETE", FAULTS)


@contextlib.contextmanager
def chosen(option: str, folder: Path, settings: Mapping[str, object]) -> Iterator[Emulator]:
    """Provide the emulator that the option `--emulator` names: embedded, docker, a URL or aws.

    Raises:
        EmulatorError: the option is unknown, nothing answers, or the emulator does not start.
    """
    if option == "aws":
        yield Emulator(None, clients.region(os.environ))
    elif option.startswith(("http://", "https://")):
        yield running(option)
    elif option == "docker" or option.startswith("docker:"):
        from pipeline_emulator.testing import in_container

        with in_container.started(option.partition(":")[2], settings) as (url, container):
            yield Emulator(url, clients.region(os.environ), log=functools.partial(in_container.log, container))
    elif option == "embedded":
        with started(folder, settings) as found:
            yield found
    else:
        raise EmulatorError(f"--emulator={option} is unknown", "use embedded, docker, docker:IMAGE, a URL or aws")


@contextlib.contextmanager
def started(folder: Path, settings: Mapping[str, object]) -> Iterator[Emulator]:
    """Start an emulator on a free port, with fault injection, and stop it at the end.

    Raises:
        EmulatorError: it does not start.
    """
    chosen = {"port": free_port(), "data": folder / "data", "faults": True, **settings}
    instance = start({owner.VARIABLE: str(os.getpid())}, **chosen)
    try:
        read = functools.partial(instance.log.read_text, errors="replace")
        yield Emulator(instance.endpoint_url, clients.region(os.environ), instance, read)
    finally:
        instance.stop()


@functools.cache
def _session() -> Any:
    """Return a session that ignores your profile and your AWS files, which may not exist."""
    files = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    nothing: dict[str, Any] = {"profile": (None, None, None, None), **files}
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=nothing))


def running(endpoint_url: str) -> Emulator:
    """Return the emulator at an address.

    Raises:
        EmulatorError: nothing answers there.
    """
    found = Emulator(endpoint_url.rstrip("/"), clients.region(os.environ))
    found.ask("GET", HEALTH)
    return found


def _remedy(path: str, status: int) -> str:
    if path == FAULTS and status == 404:
        return "start the emulator with FAULTS=1"
    return "see the message" if status == 400 else "is this emulator of the same version as the plugin?"
