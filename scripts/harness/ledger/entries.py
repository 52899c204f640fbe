"""One event in the ledger: what was put, what was read about it, and the verdict."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness import streams
from harness.ledger.expected import difference
from harness.pipeline.definition import Pipeline
from harness.pipeline.identity import Identity
from harness.stack.discards import Discard


class Verdict(StrEnum):
    """The outcome of an event."""

    PREDICTED = "predicted"
    DUPLICATED = "predicted twice"
    FAILED = "failed with reason"
    WRONG = "wrong prediction"
    LOST = "lost"


class State(StrEnum):
    """What has come of an event until now."""

    WAITING = "waiting"
    PREDICTED = "predicted"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Rules:
    """How a pipeline's answers are read and compared.

    Attributes:
        identity: how answers refer to events.
        tolerance: largest relative difference between equal numbers.
    """

    identity: Identity
    tolerance: float

    @classmethod
    def of(cls, pipeline: Pipeline) -> Rules:
        """Return the rules of a pipeline."""
        return cls(pipeline.identity, pipeline.file.ledger.tolerance)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the output stream.

    Attributes:
        reference: what it refers to: the source record's event id if answers have it, otherwise the event's id.
        id: the event's id.
        document: the parsed answer.
        key: the record's partition key.
        arrived: when the output stream received it, in seconds since the epoch.
        position: among all records read; the order within a partition key is that of the stream.
    """

    reference: str
    id: Any
    document: Any
    key: str
    arrived: float
    position: int

    @classmethod
    def of(cls, record: streams.Read, position: int, identity: Identity) -> Answer | None:
        """Parse a record; None if it refers to no event."""
        try:
            document = json.loads(record.data)
        except (ValueError, RecursionError):
            return None
        found = identity.of_answer(document)
        reference = as_text(found) if identity.source is None else identity.source(document)
        if found is None or type(reference) is not str:
            return None
        return cls(reference, found, document, record.key, record.arrived, position)


def as_text(value: Any) -> str:
    """Return an id as text that differs for 7 and "7"."""
    return json.dumps(value, sort_keys=True)


@dataclass(slots=True)
class Entry:
    """One event in the ledger; small, because there may be hundreds of thousands.

    Attributes:
        put: the acknowledged record.
        expected: what the answer must have, as JSON; None if the event must fail.
        predictions: number of answers read.
        latency: seconds from the put to the arrival of the first answer in the output stream; NaN without one.
        position: of the first answer among all records read.
        output_key: partition key of the first answer.
        mistake: what is wrong with an answer, or with the payload stored after a failure.
        reasons: of all failures read.
        attempts: invocations after which the event source mapping gave the event up; 0 if unknown.
        copies: answers to a second record of the event, stored by a put whose response was lost; set by
            `copies.match`.
        gone: why the mapping gave it up, if it has no failure destination: nothing of the event will come.
        late: whether the first answer came after that of a later event with the same keys; set by `order.judge`.
    """

    put: streams.Put
    expected: bytes | None = None
    predictions: int = 0
    latency: float = math.nan
    position: int = -1
    output_key: str = ""
    mistake: str = ""
    reasons: tuple[str, ...] = ()
    attempts: int = 0
    copies: int = 0
    gone: str = ""
    late: bool = False

    @property
    def answered(self) -> bool:
        """Whether an answer or a failure was read."""
        return bool(self.predictions or self.reasons)

    @property
    def state(self) -> State:
        """What has come of the event until now."""
        if self.predictions:
            return State.PREDICTED
        if self.reasons:
            return State.FAILED
        return State.GONE if self.gone else State.WAITING

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

    def take_prediction(self, answer: Answer, rules: Rules) -> None:
        """Enter an answer.

        Args:
            answer: the answer.
            rules: of the pipeline.
        """
        if not self.predictions:
            self.latency = answer.arrived - self.put.at
            self.position = answer.position
            self.output_key = self.put.key if answer.key == self.put.key else answer.key  # keep equal strings once
        self.predictions += 1
        self.mistake = self.mistake or self.mistake_in(answer, rules)

    def mistake_in(self, answer: Answer, rules: Rules) -> str:
        """Return what is wrong with an answer; empty if it is right. Takes the arguments of `take_prediction`."""
        if self.expected is None:
            return "it was answered, but it must fail"
        wanted = rules.identity.id_in(self.put.data)
        if as_text(answer.id) != as_text(wanted):
            return f"answered for the id {answer.id!r} instead of {wanted!r}"
        if told := difference(json.loads(self.expected), answer.document, rules.tolerance):
            return told
        if rules.identity.partition_key and answer.key != (key := str(rules.identity.partition_key(answer.document))):
            return f"under the partition key {answer.key!r} instead of {key!r}"
        return ""

    def take_failure(self, reason: str, data: bytes, key: str, attempts: int = 0) -> None:
        """Enter a failure. If payload or key were changed, the event counts as lost.

        Args:
            reason: why it failed.
            data: the stored payload.
            key: the stored partition key.
            attempts: invocations before; 0 if unknown.
        """
        self.attempts = max(self.attempts, attempts)
        if data != self.put.data or key != self.put.key:
            self.mistake = self.mistake or f"its stored payload was changed ({len(data)} bytes, key {key!r})"
        elif reason not in self.reasons:
            self.reasons = (*self.reasons, reason)

    def take_discard(self, discard: Discard) -> None:
        """Enter that the mapping gave the event up; without a failure destination it is lost.

        Args:
            discard: from the emulator's journal. There is no payload to compare.
        """
        self.attempts = max(self.attempts, discard.attempts)
        if not discard.destination:
            self.gone = discard.reason
        elif discard.reason not in self.reasons:
            self.reasons = (*self.reasons, discard.reason)
