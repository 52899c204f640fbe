"""One event in the ledger: what was put, what was read about it, and the verdict."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness import streams

# Predictions travel as JSON text of a float32 result.
RELATIVE_TOLERANCE, ABSOLUTE_TOLERANCE = 1e-5, 1e-3


class Verdict(StrEnum):
    """The outcome of an event."""

    PREDICTED = "predicted"
    DUPLICATED = "predicted twice"
    FAILED = "failed with reason"
    WRONG = "wrong prediction"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Answer:
    """A prediction in the output stream.

    Attributes:
        event_id: of the source record that it answers.
        sales_id: as the prediction has it.
        sales: the predicted sales.
        version: of the model.
        key: the record's partition key.
        arrived: when the output stream received it, in seconds since the epoch.
        position: among all records read; the order within a partition key is that of the stream.
    """

    event_id: str
    sales_id: Any
    sales: float
    version: str
    key: str
    arrived: float
    position: int

    @classmethod
    def of(cls, record: streams.Read, position: int) -> Answer | None:
        """Parse a record; None if it is not a prediction."""
        try:
            document = json.loads(record.data)
            prediction = document["prediction"]
            sales = prediction["sales_prediction"]
            if type(document["event_id"]) is not str or type(sales) not in (int, float):
                return None
            return cls(
                document["event_id"],
                prediction["sales_id"],
                float(sales),
                document["version"],
                record.key,
                record.arrived,
                position,
            )
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
            return None


@dataclass(slots=True)
class Entry:
    """One event in the ledger; small, because there may be hundreds of thousands.

    Attributes:
        put: the acknowledged record.
        expected: the expected prediction; None if the event must fail.
        predictions: number of predictions read.
        latency: seconds from the put to the arrival of the first prediction in the output stream; NaN without one.
        position: of the first prediction among all records read.
        output_key: partition key of the first prediction.
        mistake: what is wrong with a prediction, or with the payload stored after a failure.
        reasons: of all failures read.
        copies: predictions for a second record of the event, stored by a put whose response was lost; set by
            `copies.match`.
        late: whether the first prediction came after that of a later event with the same keys; set by `order.judge`.
    """

    put: streams.Put
    expected: float | None = None
    predictions: int = 0
    latency: float = math.nan
    position: int = -1
    output_key: str = ""
    mistake: str = ""
    reasons: tuple[str, ...] = ()
    copies: int = 0
    late: bool = False

    @property
    def answered(self) -> bool:
        """Whether a prediction or a failure was read."""
        return bool(self.predictions or self.reasons)

    @property
    def verdict(self) -> Verdict:
        """The outcome of the event."""
        if not self.answered:
            return Verdict.LOST
        if self.predictions and self.mistake:
            return Verdict.WRONG
        if self.reasons:
            return Verdict.FAILED
        return Verdict.DUPLICATED if self.predictions + self.copies > 1 else Verdict.PREDICTED

    def take_prediction(self, answer: Answer, version: str | None) -> None:
        """Enter a prediction.

        Args:
            answer: the prediction.
            version: the model version that it must name, if given.
        """
        if not self.predictions:
            self.latency = answer.arrived - self.put.at
            self.position = answer.position
            self.output_key = self.put.key if answer.key == self.put.key else answer.key  # keep equal strings once
        self.predictions += 1
        self.mistake = self.mistake or self.mistake_in(answer, version)

    def mistake_in(self, answer: Answer, version: str | None) -> str:
        """Return what is wrong with a prediction; empty if it is right. Takes the arguments of `take_prediction`."""
        if self.expected is None:
            return f"predicted {answer.sales}, but it must fail"
        if not math.isclose(answer.sales, self.expected, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE):
            return f"predicted {answer.sales} instead of {self.expected}"
        if version not in (None, answer.version):
            return f"predicted by version {answer.version} instead of {version}"
        sales_id = json.loads(self.put.data)["sales_id"]
        if answer.sales_id != sales_id or type(answer.sales_id) is not type(sales_id):
            return f"predicted for sales_id {answer.sales_id!r} instead of {sales_id!r}"
        if answer.key != str(sales_id):
            return f"under the partition key {answer.key!r} instead of {str(sales_id)!r}"
        return ""

    def take_failure(self, reason: str, data: bytes, key: str) -> None:
        """Enter a failure. If payload or key were changed, the event counts as lost.

        Args:
            reason: why it failed.
            data: the stored payload.
            key: the stored partition key.
        """
        if data != self.put.data or key != self.put.key:
            self.mistake = self.mistake or f"its stored payload was changed ({len(data)} bytes, key {key!r})"
        elif reason not in self.reasons:
            self.reasons = (*self.reasons, reason)
