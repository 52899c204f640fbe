"""Processes a batch: decodes and validates all records, predicts once, writes, and reports what was not written."""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from store_sales.decoding import parse_event, read_records
from store_sales.events import Event, Invalid, Record
from store_sales.failures import FailureStore
from store_sales.logs import log
from store_sales.model import Model, Prediction
from store_sales.output import OutputRecord, StreamWriter
from store_sales.shadow import Answered, Shadow

MODEL_NAME = "store_sales"
SAFETY_SECONDS, SAFETY_SHARE = 2.0, 0.2
"""Reserved at the end to report failures: after a timeout Lambda delivers the whole batch again. Limited to this share
of the invocation, so that a function with a timeout of 3 s still has time to write."""


class Context(Protocol):
    """The part of Lambda's context object that the function uses."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda times the invocation out."""
        ...


class SalesPrediction(msgspec.Struct, frozen=True, gc=False):
    """The answer to one event."""

    sales_prediction: float
    sales_id: int | str


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A record of the output stream."""

    model: str
    version: str
    prediction: SalesPrediction
    event_id: str
    store_known: bool
    date_in_training_range: bool


_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class _Outcome:
    outputs: list[OutputRecord]
    failures: list[tuple[Record, Invalid]]
    unknown_stores: int
    answered: list[Answered]


class Processor:
    """Processes batches of Kinesis records; holds what lives as long as the execution environment."""

    def __init__(
        self, model: Model, writer: StreamWriter, failures: FailureStore, shadow: Shadow | None = None
    ) -> None:
        """Hold the parts."""
        self._model = model
        self._writer = writer
        self._failures = failures
        self._shadow = shadow

    def process(self, batch: Mapping[str, Any], context: Context) -> dict[str, list[dict[str, str]]]:
        """Process Lambda's event and return a partial batch response.

        Lambda takes the lowest reported sequence number as the checkpoint and delivers everything from there again.
        Later records can therefore be predicted twice; consumers recognize the duplicates by their event ids.
        https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html

        Raises:
            ValueError: the batch did not come from a Kinesis stream.
        """
        started = time.monotonic()
        seconds_left = _deadline(context)
        records = read_records(batch)
        outcome = self._predict(records)
        predicted = time.monotonic()
        unwritten = self._write(outcome, seconds_left)
        ended = time.monotonic()
        log(
            logging.WARNING if unwritten or outcome.failures else logging.INFO,
            "batch processed",
            request_id=context.aws_request_id,
            model_version=self._model.version,
            records=len(records),
            predicted=len(outcome.outputs),
            invalid=len(outcome.failures),
            invalid_reasons=dict(Counter(invalid.code for _, invalid in outcome.failures)),
            unknown_stores=outcome.unknown_stores,
            unwritten=len(unwritten),
            predict_ms=_milliseconds(started, predicted),
            write_ms=_milliseconds(predicted, ended),
            duration_ms=_milliseconds(started, ended),
        )
        if self._shadow is not None:  # only after all writes, so that no prediction waits for it
            self._shadow.observe(outcome.answered, self._model.version, seconds_left)
        return {"batchItemFailures": [{"itemIdentifier": number} for number in unwritten]}

    def _write(self, outcome: _Outcome, seconds_left: Callable[[], float]) -> list[str]:
        """Write everything; return the sequence numbers of what could not be written.

        Failures come first, because a throttled output stream uses all the time it gets. They get at most half of the
        time, so that a silent bucket does not starve the predictions.
        """
        kept_free = seconds_left() / 2 if outcome.outputs else 0.0
        lost = self._failures.write(outcome.failures, lambda: seconds_left() - kept_free)
        unwritten = self._writer.write(outcome.outputs, seconds_left)
        return [output.sequence_number for output in unwritten] + [record.sequence_number for record in lost]

    def _predict(self, records: Sequence[Record]) -> _Outcome:
        failures: list[tuple[Record, Invalid]] = []
        valid: list[tuple[Record, Event]] = []
        for record in records:
            parsed = parse_event(record.kinesis.data)
            if isinstance(parsed, Invalid):
                failures.append((record, parsed))
            else:
                valid.append((record, parsed))
        predictions = self._model.predict([event for _, event in valid])
        outputs: list[OutputRecord] = []
        answered: list[Answered] = []
        for (record, event), prediction in zip(valid, predictions, strict=True):
            if math.isfinite(prediction.sales):
                outputs.append(_output(record, event, prediction, self._model.version))
                if self._shadow is not None:
                    answered.append(Answered(record.event_id, event, prediction.sales))
            else:  # JSON cannot represent it, and a retry with the same model would give it again
                reason = f"the model {self._model.version} predicted {prediction.sales}"
                failures.append((record, Invalid("prediction_not_finite", reason)))
        unknown = sum(not prediction.store_known for prediction in predictions)
        return _Outcome(outputs, failures, unknown, answered)


def _deadline(context: Context) -> Callable[[], float]:
    """Return a function that returns the seconds that may still be spent."""

    def remaining() -> float:
        return context.get_remaining_time_in_millis() / 1000

    safety = min(SAFETY_SECONDS, SAFETY_SHARE * remaining())
    return lambda: remaining() - safety


def _output(record: Record, event: Event, prediction: Prediction, version: str) -> OutputRecord:
    answer = Answer(
        MODEL_NAME,
        version,
        SalesPrediction(prediction.sales, event.sales_id),
        record.event_id,
        prediction.store_known,
        prediction.date_in_training_range,
    )
    return OutputRecord(record.kinesis.sequence_number, str(event.sales_id), _encode(answer))


def _milliseconds(start: float, end: float) -> float:
    return round((end - start) * 1000, 1)
