"""The model: loads an ONNX file, checks that it is compatible with this code, and predicts."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from store_sales.events import Event
from store_sales.features import FEATURE_NAMES, CalendarCache, days_of, feature_matrix
from store_sales.location import ModelError, ModelFile, read_model
from store_sales.profiles import StoreProfiles

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FLOAT = "tensor(float)"


class Prediction(msgspec.Struct, frozen=True, gc=False):
    """Predicted sales of one event.

    Attributes:
        sales: never negative; infinite or NaN if the model breaks down.
        store_known: False if training never saw the store; the prediction is then for the average store.
        date_in_training_range: False if the date is outside the training data, so the model does not know its trend.
    """

    sales: float
    store_known: bool
    date_in_training_range: bool


class Model:
    """A loaded model; `version` is the MLflow run id."""

    def __init__(self, content: bytes, version: str) -> None:
        """Load an ONNX file.

        Raises:
            ValueError: it is damaged, or was trained on other features than this code computes.
        """
        self.version = version
        self._session = _session(content)
        metadata = self._session.get_modelmeta().custom_metadata_map
        _check_interface(self._session)
        self.profiles, self.date_range = _metadata(metadata)
        self._input = self._session.get_inputs()[0].name
        self._calendar = CalendarCache()

    def predict(self, events: Sequence[Event], options: ort.RunOptions | None = None) -> list[Prediction]:
        """Predict all events in one model call; predictions are in the order of the events."""
        if not events:
            return []
        inputs = [event.sales_input for event in events]
        days, stores = days_of([one.date for one in inputs]), [one.store for one in inputs]
        promos, holidays = [one.promo for one in inputs], [one.holiday for one in inputs]
        features = feature_matrix(days, stores, promos, holidays, self.profiles, self._calendar)
        first, last = np.array(self.date_range, dtype="datetime64[D]")
        known = map(self.profiles.known, stores)
        in_range = ((days >= first) & (days <= last)).tolist()
        return list(map(Prediction, shortest(self.run(features, options)), known, in_range))

    def run(self, features: NDArray[np.float32], options: ort.RunOptions | None = None) -> NDArray[np.float32]:
        """Return the sales for a feature matrix, shape (n,). Negative answers become 0; NaN stays.

        Args:
            features: shape (n, features).
            options: lets another thread terminate the run.
        """
        answer = self._session.run(None, {self._input: features}, options)[0]
        return np.maximum(np.asarray(answer, dtype=np.float32).reshape(len(features)), np.float32(0))


def load_model(s3: "S3Client", bucket: str, run_id: str, override: str | None = None) -> Model:
    """Find the run's model in the bucket and load it.

    Raises:
        ModelError: it is missing, damaged or incompatible.
    """
    return loaded(read_model(s3, bucket, run_id, override), run_id)


def loaded(file: ModelFile, run_id: str) -> Model:
    """Load a model file that was read from the bucket.

    Raises:
        ModelError: it is damaged or incompatible.
    """
    try:
        return Model(file.content, run_id)
    except ValueError as error:
        raise ModelError(f"model {file.address} cannot be used: {error}") from error


def _session(content: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # A batch takes a few milliseconds on one thread, and a thread pool costs start-up time. Below 1,769 MB a function
    # gets less than one vCPU (AWS Lambda Developer Guide, "Configure Lambda function memory").
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the only common base class of ONNX Runtime's exceptions
        raise ValueError(f"damaged or not an ONNX model ({len(content)} bytes): {error}") from error


def _check_interface(session: ort.InferenceSession) -> None:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    takes = [(node.type, list(node.shape)[1:]) for node in inputs]
    gives = [(node.type, list(node.shape)[1:]) for node in outputs]
    if takes != [(FLOAT, [len(FEATURE_NAMES)])] or gives not in ([(FLOAT, [])], [(FLOAT, [1])]):
        raise ValueError(
            f"it takes {_signature(inputs)} and gives {_signature(outputs)}; "
            f"expected one {FLOAT} [n, {len(FEATURE_NAMES)}] and one {FLOAT} [n]"
        )


def _signature(nodes: Sequence[Any]) -> str:
    return ", ".join(f"{node.name}: {node.type} {list(node.shape)}" for node in nodes) or "nothing"


def _metadata(metadata: dict[str, str]) -> tuple[StoreProfiles, tuple[dt.date, dt.date]]:
    missing = [name for name in ("feature_names", "store_profiles", "date_range") if name not in metadata]
    if missing:
        raise ValueError(f"its metadata lacks {', '.join(missing)}; train it with this project's training")
    names = json.loads(metadata["feature_names"])
    if names != list(FEATURE_NAMES):
        raise ValueError(f"it was trained on the features {names}, this code computes {list(FEATURE_NAMES)}")
    try:
        first, last = (dt.date.fromisoformat(text) for text in json.loads(metadata["date_range"]))
    except TypeError as error:
        raise ValueError(f"its metadata 'date_range' is {metadata['date_range']}: {error}") from error
    return StoreProfiles.from_json(metadata["store_profiles"]), (first, last)


def shortest(values: NDArray[np.float32]) -> list[float]:
    """Return the floats with the float32s' shortest decimal forms: 6123.4 instead of 6123.39990234375.

    Between 1 and a million a float32 has at most 8 decimals, and multiplying it by a power of ten up to 10^8 is exact.
    """
    usual = (values >= 1) & (values < 1_000_000)
    narrow = np.where(usual, values, np.float32(1))
    wide = found = narrow.astype(np.float64)
    for places in range(8, -1, -1):
        rounded = np.round(wide, places)
        found = np.where(rounded.astype(np.float32) == narrow, rounded, found)
    floats: list[float] = found.tolist()
    for index in np.flatnonzero(~usual).tolist():
        floats[index] = float(str(values[index]))
    return floats
