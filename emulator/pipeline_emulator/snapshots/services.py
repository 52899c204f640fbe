"""The stores of LocalStack's services: its own, and moto's backends. LocalStack names each service's by a visitor."""

import pickle as standard_pickle
from collections.abc import Iterator, Mapping
from functools import singledispatchmethod
from pathlib import Path
from typing import Any

from localstack import config
from localstack.services.plugins import SERVICE_PLUGINS, Service
from localstack.services.stores import LOCAL_ATTR_PREFIX, AccountRegionBundle
from localstack.state import AssetDirectory, StateVisitor, pickle
from moto.core.base_backend import BackendDict

from pipeline_emulator.snapshots.errors import SnapshotError

FOLDER = "services"
_ATTEMPTS = 5
# Their folders are saved in another way: S3's by `objects`, CloudWatch's by the metrics.
_FOLDERS_SAVED = ("s3", "cloudwatch")
_PICKLING = (standard_pickle.PicklingError, TypeError, AttributeError, NotImplementedError, RecursionError)


def save(folder: Path) -> None:
    """Write the stores of every running service.

    Raises:
        SnapshotError: a service has state that cannot be saved.
    """
    (folder / FOLDER).mkdir()
    for name, service in _running():
        service.lifecycle_hook.on_before_state_save()
        found = _Collector(name)
        service.accept_state_visitor(found)
        (folder / FOLDER / f"{name}.pickle").write_bytes(_pickled(name, found.contents))
        service.lifecycle_hook.on_after_state_save()


def check(folder: Path) -> None:
    """Check that what `save` wrote can be loaded.

    Raises:
        SnapshotError: the state of a service cannot.
    """
    for name, file in _saved(folder):
        try:
            pickle.loads(file.read_bytes())
        except Exception as error:  # whatever a class does when it is made again
            raise _refused(name, error) from error


def load(folder: Path) -> dict[str, Service]:
    """Load the stores that `save` wrote; return their services, which have not taken up their work yet."""
    services = {name: SERVICE_PLUGINS.require(name) for name, _ in _saved(folder)}
    for name, file in _saved(folder):
        services[name].lifecycle_hook.on_before_state_load()
        services[name].accept_state_visitor(_Filler(pickle.loads(file.read_bytes())))
    return services


def _saved(folder: Path) -> list[tuple[str, Path]]:
    return [(file.stem, file) for file in sorted((folder / FOLDER).glob("*.pickle"))]


def _running() -> Iterator[tuple[str, Service]]:
    for name in sorted(SERVICE_PLUGINS.list_active_services()):
        yield name, SERVICE_PLUGINS.require(name)


def _pickled(name: str, contents: list[Any]) -> bytes:
    """Return the contents as bytes. Threads of LocalStack may still change a store, which ends the attempt."""
    for attempt in range(_ATTEMPTS):
        try:
            return bytes(pickle.dumps(contents))
        except RuntimeError as error:  # changed during iteration
            if isinstance(error, _PICKLING) or attempt == _ATTEMPTS - 1:
                raise _refused(name, error) from error
        except _PICKLING as error:
            raise _refused(name, error) from error
    raise AssertionError


def _refused(name: str, reason: object) -> SnapshotError:
    return SnapshotError(
        f"the state of {name} cannot be saved: {reason}", f"delete what was made in {name}, then save again"
    )


class _Collector(StateVisitor):
    """Collects the contents of a service's stores, in the order of the visits."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.contents: list[Any] = []

    @singledispatchmethod
    def visit(self, container: Any) -> None:
        raise _refused(self._name, f"unknown store {type(container).__name__}")

    @visit.register(AccountRegionBundle)
    def _(self, container: Any) -> None:
        accounts = {account: regions for account, regions in container.items() if _is_kept(self._name, account)}
        self.contents.append(
            {
                "universal": dict(container._universal),
                "accounts": {
                    account: (dict(regions._global), {region: _attributes(store) for region, store in regions.items()})
                    for account, regions in accounts.items()
                },
            }
        )

    @visit.register(BackendDict)
    def _(self, container: Any) -> None:
        self.contents.append(
            {
                account: {region: dict(vars(backend)) for region, backend in regions.items()}
                for account, regions in container.items()
            }
        )

    @visit.register(AssetDirectory)
    def _(self, container: AssetDirectory) -> None:
        if self._name not in _FOLDERS_SAVED and container.path.is_dir() and any(container.path.iterdir()):
            raise _refused(self._name, f"it is in files, in {container.path}")


class _Filler(StateVisitor):
    """Fills a service's stores with the contents that a `_Collector` found. The stores keep their identity."""

    def __init__(self, contents: list[Any]) -> None:
        self._contents = iter(contents)

    @singledispatchmethod
    def visit(self, container: Any) -> None:
        raise TypeError(type(container))

    @visit.register(AccountRegionBundle)
    def _(self, container: Any) -> None:
        contents = next(self._contents)
        container._universal.update(contents["universal"])
        for account, (shared, regions) in contents["accounts"].items():
            container[account]._global.update(shared)
            for region, attributes in regions.items():
                vars(container[account][region]).update(attributes)

    @visit.register(BackendDict)
    def _(self, container: Any) -> None:
        for account, regions in next(self._contents).items():
            for region, attributes in regions.items():
                vars(container[account][region]).update(attributes)

    @visit.register(AssetDirectory)
    def _(self, container: AssetDirectory) -> None:
        pass


def _attributes(store: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(store).items() if name.startswith(LOCAL_ATTR_PREFIX)}


def _is_kept(service: str, account: str) -> bool:
    """Return whether an account's store is saved. Lambda's own queues have new names in a new emulator."""
    return service != "sqs" or account != config.INTERNAL_RESOURCE_ACCOUNT


def take_up(services: Mapping[str, Service]) -> list[str]:
    """Let services take up their work: functions start, alarms and mappings run. Return what failed, one text each."""
    failed = []
    for name, service in services.items():
        try:
            service.lifecycle_hook.on_after_state_load()
        except Exception as error:  # whatever a service does there: the others go on
            failed.append(f"{name}: {error}")
    return failed
