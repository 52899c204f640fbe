"""Shadow mode: a second model predicts the same events; its answers go to logs and metrics, never to a stream.

Whatever is wrong with the second model is logged and counted, and the function goes on without it: the live model's
predictions are written before the shadow is asked, and it is waited for no longer than `LIMIT_SECONDS`. What shares a
process is shared all the same: memory, and a crash of the interpreter.
"""

import datetime as dt
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

import onnxruntime as ort

from store_sales.events import Event
from store_sales.logs import LOGGER, log
from store_sales.model import Model, load_model

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOAD_SECONDS = 3.0
"""Lambda ends an INIT of more than 10 s and starts it anew, and the live model has to be loaded in it, too:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""
LIMIT_SECONDS = 5.0
LEAST_SECONDS = 0.1
"""With less than that to spend, after a throttled stream for example, the shadow is not asked, and not to blame."""
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


@dataclass(frozen=True)
class Answered:
    """An event and what the live model answered, a finite number."""

    event_id: str
    event: Event
    sales: float


class Shadow:
    """A shadow model in service; one that raises goes on with the next batch, one that is too slow is given up."""

    def __init__(self, model: Model, function_name: str, limit: float = LIMIT_SECONDS) -> None:
        """Hold the model; no batch waits longer than `limit` seconds for it."""
        self._model = model
        self._name = function_name
        self._limit = limit
        self._given_up = False

    def observe(self, answered: Sequence[Answered], live_version: str, seconds_left: Callable[[], float]) -> None:
        """Predict a batch that the live model has answered, and log how the two differ; raises nothing."""
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
                    shown = shadow if math.isfinite(shadow) else str(shadow)  # JSON has no such number
                    log(logging.DEBUG, "shadow", event_id=one.event_id, live_sales=one.sales, shadow_sales=shown)
        except Exception as error:  # whatever it is, the batch is answered already and stays so
            failed(self._name, self._model.version, f"{type(error).__name__}: {error}", given_up=self._given_up)

    def _predict(self, events: Sequence[Event], seconds: float) -> list[float]:
        """Predict in a thread that is left to itself when the seconds are over.

        Raises:
            TimeoutError: it took too long.
            Exception: what the model raised.
        """
        options = ort.RunOptions()
        try:
            predictions = within(seconds, lambda: self._model.predict(events, options))
        except TimeoutError:
            options.terminate = True  # ends it between two nodes of the graph
            self._given_up = True
            raise
        return [prediction.sales for prediction in predictions]


def load_shadow(s3: "S3Client", bucket: str, run_id: str, live_run_id: str, function_name: str) -> Shadow | None:
    """Load the shadow model; None, and a line in the log, when that cannot be done within `LOAD_SECONDS`."""
    started = time.monotonic()
    if run_id == live_run_id:
        failed(function_name, run_id, "SHADOW_RUN_ID equals RUN_ID: a model compared with itself", given_up=True)
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

    Differences are relative to the live model's answer, as fractions. Events that it gives 0 have none, and neither
    have those to which the shadow answers no finite number. Without any, the figures are left out.
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
    """Log that the shadow failed; `given_up` until the function's next start."""
    measured = metrics(function_name, shadow_version, {"ShadowErrors": 1})
    log(logging.ERROR, "shadow failed", shadow_version=shadow_version, cause=cause, given_up=given_up, **measured)


def metrics(function_name: str, shadow_version: str, values: dict[str, float]) -> dict[str, Any]:
    """Return fields that make a line of the log metrics, without a call or a permission.

    CloudWatch takes them from the log: the Embedded Metric Format,
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
    """Return what the call returns, or raise what it raises, in a thread of its own.

    Raises:
        TimeoutError: the seconds are over; the thread is left to itself.
    """
    answers: list[T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            answers.append(call())
        except Exception as error:
            errors.append(error)
        except BaseException as error:  # not even an exit of the interpreter may get further
            errors.append(RuntimeError(repr(error)))

    thread = threading.Thread(target=run, name="shadow", daemon=True)
    thread.start()
    thread.join(max(0.0, seconds))
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer within {seconds:.1f} s")
    return answers[0]
