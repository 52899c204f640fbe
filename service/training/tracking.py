"""Logs a run to MLflow: to a tracking server, or to an SQLite file with an artifact folder beside it."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import mlflow
import mlflow.onnx
import numpy as np
import onnx
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from numpy.typing import NDArray
from sqlalchemy.exc import SQLAlchemyError

from training.terminal import TrainingError

EXPERIMENT = "store-sales"
MODEL_NAME = "model"
REGISTERED_NAME, LATEST_TRAINED = "store_sales", "latest-trained"
"""The registered model to which every finished run adds a version, and the alias of the newest one. MLflow reserves
`latest` for the highest version number and refuses it as an alias."""


@dataclass(frozen=True)
class Store:
    """Where MLflow keeps runs.

    Attributes:
        folder: holds database and artifacts; with a server, the models downloaded from it.
        server: URL of a tracking server, or None.
    """

    folder: Path
    server: str | None = None

    @property
    def shown(self) -> str:
        """How a user can view the runs."""
        return self.server or f"mlflow ui --backend-store-uri {self.uri}"

    @property
    def uri(self) -> str:
        """MLflow's tracking URI."""
        return self.server or f"sqlite:///{self.folder.resolve() / 'mlflow.db'}"


@dataclass(frozen=True)
class LoggedModel:
    """The location of a run's model."""

    run_id: str
    experiment_id: str
    model_id: str
    folder: Path

    @property
    def key(self) -> str:
        """Key prefix in a model bucket, in MLflow 3's layout."""
        return f"{self.experiment_id}/models/{self.model_id}/artifacts"


@contextlib.contextmanager
def start_run(store: Store, parameters: dict[str, object]) -> Iterator[mlflow.ActiveRun]:
    """Start a run; an exception inside marks it as failed."""
    artifacts = store.folder.resolve() / "artifacts"
    artifacts.mkdir(parents=True, exist_ok=True)
    with _quiet(), _explained(store):
        mlflow.set_tracking_uri(store.uri)
        found = mlflow.get_experiment_by_name(EXPERIMENT)
        location = None if store.server else artifacts.as_uri()  # a server has its own
        identifier = found.experiment_id if found else mlflow.create_experiment(EXPERIMENT, location)
        with mlflow.start_run(experiment_id=identifier) as run:
            mlflow.log_params(parameters)
            yield run


@contextlib.contextmanager
def _explained(store: Store) -> Iterator[None]:
    """Turn errors of MLflow and its database into a TrainingError that says what to do."""
    try:
        yield
    except (MlflowException, SQLAlchemyError) as error:
        cause = str(error).splitlines()[0]
        if store.server:
            raise TrainingError(f"MLflow's server {store.server} rejected the run: {cause}. See its log.") from error
        raise TrainingError(
            f"MLflow cannot write to {store.folder}: {cause}. If its database is damaged or of another MLflow version, "
            "move the folder away or name another one."
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hide MLflow's and its dependencies' log lines and deprecation warnings, which are meant for their developers."""
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(mlflow|sqlalchemy|alembic|pydantic|google|onnx)(\.|$)")
        yield


def log_model(
    store: Store,
    run: mlflow.ActiveRun,
    model: onnx.ModelProto,
    example: NDArray[np.float32],
    requirements: list[str],
    extra: list[Path],
) -> LoggedModel:
    """Log the ONNX model with its signature, an input example of shape (n, features) and extra files."""
    signature = ModelSignature(
        inputs=Schema([TensorSpec(np.dtype(np.float32), (-1, example.shape[1]), "features")]),
        outputs=Schema([TensorSpec(np.dtype(np.float32), (-1,), "sales")]),
    )
    info = mlflow.onnx.log_model(
        model,
        name=MODEL_NAME,
        signature=signature,
        input_example={"features": example},
        pip_requirements=requirements,
        onnx_execution_providers=["CPUExecutionProvider"],
        extra_files=[str(path) for path in extra],
    )
    logged = mlflow.get_logged_model(info.model_id)
    folder = _local_copy(store, logged.artifact_location, info.model_id)
    if not (folder / "model.onnx").is_file():
        raise TrainingError(f"MLflow did not write {folder / 'model.onnx'}")
    return LoggedModel(run.info.run_id, run.info.experiment_id, info.model_id, folder)


def register(store: Store, logged: LoggedModel) -> int:
    """Register the finished run's model as the newest version; return the version number."""
    with _quiet(), _explained(store):
        version = mlflow.register_model(f"models:/{logged.model_id}", REGISTERED_NAME)
        mlflow.MlflowClient().set_registered_model_alias(REGISTERED_NAME, LATEST_TRAINED, version.version)
        return int(version.version)


def _local_copy(store: Store, location: str, model_id: str) -> Path:
    if store.server is None:
        return Path(unquote(urlsplit(location).path))
    target = store.folder.resolve() / "models" / model_id
    target.mkdir(parents=True, exist_ok=True)
    return Path(mlflow.artifacts.download_artifacts(artifact_uri=location, dst_path=str(target)))
