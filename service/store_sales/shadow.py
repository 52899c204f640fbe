"""Shadow mode: a second model predicts the same events; its answers go to logs and metrics, never to a stream.

Failures of the second model are logged and counted, and the function goes on without it. The live predictions are
written before the shadow runs, and the function waits for it at most `LIMIT_SECONDS`. The two models still share a
process: memory use and an interpreter crash affect both.
"""

import datetime as dt
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

import msgspec
import onnxruntime as ort

from store_sales.events import Event
from store_sales.logs import LOGGER, log
from store_sales.model import Model, load_model

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOAD_SECONDS = 3.0
"""Lambda aborts and restarts an INIT that takes more than 10 s, and the live model has to load within it as well:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""
LIMIT_SECONDS = 5.0
LEAST_SECONDS = 0.1
"""With less time left, for example after a throttled stream, the shadow is skipped without counting a failure."""
NAMESPACE = "StoreSales"
UNITS = {
    "ShadowEvents": "Count",
    "ShadowNotFinite": "Count",
    "ShadowErrors": "Count",
    "ShadowDuration": "Milliseconds",
    "ShadowMeanRelativeDifference": "None",
    "ShadowMeanAbsoluteRelativeDifference": "None",
    "ShadowMaxAbsoluteRelativeDifference": "None",
}


class Answered(msgspec.Struct, frozen=True, gc=False):
    """An event and the live model's answer, a finite number."""

    event_id: str
    event: Event
    sales: float


class Shadow:
    """A shadow model in service. After an exception it runs again for the next batch; if too slow, it is given up."""

    def __init__(self, model: Model, function_name: str, limit: float = LIMIT_SECONDS) -> None:
        """Keep the model; no batch waits longer than `limit` seconds for it."""
        self._model = model
        self._name = function_name
        self._limit = limit
        self._given_up = False

    def observe(self, answered: Sequence[Answered], live_version: str, seconds_left: Callable[[], float]) -> None:
        """Predict a batch that the live model has answered, and log the differences; never raises."""
        if self._given_up or not answered:
            return
        versions = {"model_version": live_version, "shadow_version": self._model.version}
        try:
            started, seconds = time.monotonic(), min(self._limit, seconds_left() / 2)
            if seconds < LEAST_SECONDS:
                log(logging.WARNING, "shadow left out: no time", **versions, events=len(answered))
                return
            sales = self._predict([one.event for one in answered], seconds)
            measured = compared(answered, sales) | {"ShadowDuration": round((time.monotonic() - started) * 1000, 1)}
            ids = {"first_event_id": answered[0].event_id, "last_event_id": answered[-1].event_id}
            log(
                logging.INFO, "shadow compared", **versions, **ids, **metrics(self._name, self._model.version, measured)
            )
            if LOGGER.isEnabledFor(logging.DEBUG):
                for one, shadow in zip(answered, sales, strict=True):
                    shown = shadow if math.isfinite(shadow) else str(shadow)  # JSON cannot represent it
                    log(logging.DEBUG, "shadow", event_id=one.event_id, live_sales=one.sales, shadow_sales=shown)
        except Exception as error:  # the batch is already answered and must stay so
            failed(self._name, self._model.version, f"{type(error).__name__}: {error}", given_up=self._given_up)

    def _predict(self, events: Sequence[Event], seconds: float) -> list[float]:
        """Predict in a thread that is abandoned when the time is up.

        Raises:
            TimeoutError: it took too long.
            Exception: raised by the model.
        """
        options = ort.RunOptions()
        try:
            predictions = within(seconds, lambda: self._model.predict(events, options))
        except TimeoutError:
            options.terminate = True  # stops it between two nodes of the graph
            self._given_up = True
            raise
        return [prediction.sales for prediction in predictions]


def load_shadow(s3: "S3Client", bucket: str, run_id: str, live_run_id: str, function_name: str) -> Shadow | None:
    """Load the shadow model; log the failure and return None if that fails or exceeds `LOAD_SECONDS`."""
    started = time.monotonic()
    if run_id == live_run_id:
        failed(function_name, run_id, "SHADOW_RUN_ID equals RUN_ID: comparing a model with itself", given_up=True)
        return None
    try:
        model = within(LOAD_SECONDS, lambda: load_model(s3, bucket, run_id))
    except Exception as error:  # a shadow must not keep the function from starting
        failed(function_name, run_id, f"{type(error).__name__}: {error}", given_up=True)
        return None
    duration = round((time.monotonic() - started) * 1000, 1)
    log(logging.INFO, "shadow model loaded", shadow_version=run_id, duration_ms=duration)
    return Shadow(model, function_name)


def compared(answered: Sequence[Answered], sales: Sequence[float]) -> dict[str, float]:
    """Return the figures of a batch.

    Differences are fractions of the live model's answer. Events for which that is 0, or for which the shadow's answer
    is not finite, have none. If no event has one, the figures are left out.
    """
    differences = [
        (shadow - one.sales) / one.sales
        for one, shadow in zip(answered, sales, strict=True)
        if one.sales > 0 and math.isfinite(shadow)
    ]
    counts = {
        "ShadowEvents": len(answered),
        "ShadowNotFinite": sum(not math.isfinite(shadow) for shadow in sales),
        "ShadowErrors": 0,
    }
    if not differences:
        return dict(counts)
    return counts | {
        "ShadowMeanRelativeDifference": fmean(differences),
        "ShadowMeanAbsoluteRelativeDifference": fmean(map(abs, differences)),
        "ShadowMaxAbsoluteRelativeDifference": max(map(abs, differences)),
    }


def failed(function_name: str, shadow_version: str, cause: str, *, given_up: bool) -> None:
    """Log a failure of the shadow; `given_up` holds until the function's next start."""
    measured = metrics(function_name, shadow_version, {"ShadowErrors": 1})
    log(logging.ERROR, "shadow failed", shadow_version=shadow_version, cause=cause, given_up=given_up, **measured)


def metrics(function_name: str, shadow_version: str, values: dict[str, float]) -> dict[str, Any]:
    """Return fields that turn a log line into metrics, without an API call or a permission.

    CloudWatch extracts them from the log. This is the Embedded Metric Format:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["FunctionName", "ShadowVersion"]],
        "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
    }
    return {
        "_aws": {"Timestamp": int(dt.datetime.now(dt.UTC).timestamp() * 1000), "CloudWatchMetrics": [directive]},
        "FunctionName": function_name,
        "ShadowVersion": shadow_version,
        **values,
    }


def within[T](seconds: float, call: Callable[[], T]) -> T:
    """Run the call in its own thread; return its result or raise its exception.

    Raises:
        TimeoutError: the time is up; the thread is abandoned.
    """
    answers: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(call())
        except Exception as error:
            errors.append(error)
        except BaseException as error:  # SystemExit must not get further either
            errors.append(RuntimeError(repr(error)))

    thread = threading.Thread(target=run, name="shadow", daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer within {seconds:.1f} s")
    return answers[0]
