"""Finds a model in MLflow's registry, by version, run id or alias."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from harness.errors import HarnessError
from harness.model.current import place
from harness.paths import shown
from harness.pipeline import definition
from harness.stack.state import Stack

MISSING = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the latter for a missing alias


@dataclass(frozen=True)
class Registry:
    """A registry: MLflow's tracking URI, and the name shown to users."""

    uri: str
    shown: str

    @property
    def client(self) -> mlflow.MlflowClient:
        """MLflow's client for it."""
        return mlflow.MlflowClient(self.uri)


@dataclass(frozen=True)
class Version:
    """A version of the registered model.

    Attributes:
        number: increases within its registry.
        run_id: the MLflow run that made it.
        experiment_id: the run's experiment.
        key: its place in a model bucket.
        metrics: of the run.
        registry: the registry with this version.
    """

    number: int
    run_id: str
    experiment_id: str
    key: str
    metrics: dict[str, float]
    registry: Registry

    @property
    def label(self) -> str:
        """Its name in messages."""
        return f"{registered_name()} version {self.number} (run {self.run_id})"


def registered_name() -> str:
    """The name under which the pipeline's training registers its models: the pipeline's, with underscores."""
    return definition.current().name.replace("-", "_")


def uri_of(folder: Path) -> str:
    """MLflow's tracking URI of a folder without a server."""
    return f"sqlite:///{folder.resolve() / 'mlflow.db'}"


def registries(stack: Stack | None) -> list[Registry]:
    """The available registries, in search order.

    Args:
        stack: the running stack, to whose tracking server `make train` logs; None if none runs.
    """
    found = []
    own = place(None)
    if stack is not None and (server := place(stack).server):
        found.append(Registry(server, f"the stack's MLflow, {server}"))
    if (own.store / "mlflow.db").is_file():  # opening a missing database would create it
        found.append(Registry(uri_of(own.store), f"the checkout's MLflow, {shown(own.store)}"))
    return found


def resolve(choice: str, known: Sequence[Registry]) -> Version:
    """Finds the chosen version.

    Args:
        choice: a version number, a run id or an alias.
        known: registries in search order.

    Raises:
        HarnessError: there is no such version, or a registry does not answer.
    """
    if not choice:
        raise HarnessError("no model is given", "for example: make promote MODEL=latest-trained STAGE=stg")
    for registry in known:
        with explained(registry):
            if (found := _find(choice, registry)) is not None:
                return _version(found, registry)
    if not any(_exists(registry) for registry in known):
        raise HarnessError("no model has been trained here", "train one: make train")
    raise HarnessError(
        f"there is no version, run or alias '{choice}' of {registered_name()} in {', '.join(r.shown for r in known)}",
        "use one of\n" + "\n".join(line for registry in known for line in listing(registry)),
    )


def listing(registry: Registry, most: int = 10) -> list[str]:
    """The newest versions of a registry, one per line."""
    with explained(registry):
        versions = registry.client.search_model_versions(f"name = '{registered_name()}'", max_results=1000)
        newest = sorted(versions, key=lambda one: int(one.version), reverse=True)[:most]
        return [f"  version {one.version}  run {one.run_id}  {_aliases(registry, one)}".rstrip() for one in newest]


def download(version: Version, folder: Path) -> Path:
    """Copies a version's model folder unchanged into a folder; returns the copy.

    Raises:
        HarnessError: it cannot be read.
    """
    with explained(version.registry):
        mlflow.set_tracking_uri(version.registry.uri)  # artifact locations are relative to it
        location = version.registry.client.get_model_version_download_uri(registered_name(), str(version.number))
        try:
            return Path(mlflow.artifacts.download_artifacts(artifact_uri=location, dst_path=str(folder)))
        except OSError as error:
            raise HarnessError(
                f"the files of {version.label} cannot be read: {error}", "train a model again: make train"
            ) from None


def set_alias(version: Version, alias: str) -> None:
    """Moves an alias to a version."""
    with explained(version.registry):
        version.registry.client.set_registered_model_alias(registered_name(), alias, str(version.number))


@contextmanager
def explained(registry: Registry) -> Iterator[None]:
    """Turns exceptions of MLflow and its database into an error with cause and next step."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(mlflow|sqlalchemy|alembic|pydantic)(\.|$)")
            yield
    except (MlflowException, SQLAlchemyError) as error:
        raise HarnessError(
            f"{registry.shown} cannot be used: {str(error).splitlines()[0]}",
            "the stack's server: see make local-status. A damaged database: move it away and train again, make train",
        ) from None


def _find(choice: str, registry: Registry) -> ModelVersion | None:
    client = registry.client
    if re.fullmatch(r"[0-9a-f]{32}", choice):
        found = client.search_model_versions(f"name = '{registered_name()}' and run_id = '{choice}'")
        return max(found, key=lambda one: int(one.version), default=None)
    try:
        if choice.isascii() and choice.isdigit():
            return client.get_model_version(registered_name(), choice)
        return client.get_model_version_by_alias(registered_name(), choice)
    except MlflowException as error:
        if error.error_code in MISSING:
            return None
        raise


def _version(found: ModelVersion, registry: Registry) -> Version:
    if not found.run_id or not found.source:
        raise HarnessError(
            f"version {found.version} of {registered_name()} names no run",
            "the function finds models by run: log it in one",
        )
    run = registry.client.get_run(found.run_id)
    experiment = run.info.experiment_id
    logged = re.fullmatch(r"models:/(m-[^/]+)", found.source)
    # MLflow 3 logs a separate model; before, it was a folder of the run.
    key = f"{experiment}/models/{logged[1]}/artifacts" if logged else f"{experiment}/{found.run_id}/artifacts/model"
    metrics: dict[str, float] = dict(run.data.metrics)
    return Version(int(found.version), found.run_id, experiment, key, metrics, registry)


def _exists(registry: Registry) -> bool:
    with explained(registry):
        return bool(registry.client.search_registered_models(f"name = '{registered_name()}'"))


def _aliases(registry: Registry, version: Any) -> str:
    # A search result has no aliases.
    return ", ".join(registry.client.get_model_version(registered_name(), version.version).aliases)
