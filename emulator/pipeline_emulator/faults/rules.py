"""Rules that decide which fault strikes when, with a share, a count and a seeded random generator."""

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

FUNCTION = "lambda:Invoke"
PUT_RECORDS = "kinesis:PutRecords"
INJECTED = "injected by /_pipeline/faults"
ANY_OPERATION = frozenset({"error", "lose-answer"})
EFFECTS: Mapping[str, frozenset[str]] = {
    # These four strike the function's environment. An Invoke that fails before it is an `error`, too.
    FUNCTION: ANY_OPERATION | {"crash", "out-of-memory", "timeout", "slow"},
    PUT_RECORDS: ANY_OPERATION | {"throttle-records"},
}


class FaultRuleError(ValueError):
    """A rule is not valid."""


@dataclass(frozen=True)
class Rule:
    """A fault and when it strikes.

    Attributes:
        point: `service:Operation`, as in IAM policies and in EFFECTS.
        effect: what happens; see the emulator's README.
        share: share of the requests that it strikes (of the records, with `throttle-records`), in (0, 1].
        count: how often it strikes; None for no limit.
        seconds: delay of a `slow` answer, or time until a `crash`, `out-of-memory` or `timeout`.
        resource: part of the name of the stream, bucket or function; None for any.
        content: part of the function's event, as sent in `lambda:Invoke`; None for any.
        code: AWS error code of an `error`.
        status: HTTP status of an `error`.
    """

    point: str
    effect: str
    share: float = 1.0
    count: int | None = None
    seconds: float = 0.0
    resource: str | None = None
    content: str | None = None
    code: str = "InternalFailure"
    status: int = 500

    @classmethod
    def from_json(cls, document: Any) -> Self:
        """Read a rule.

        Raises:
            FaultRuleError: a key is unknown or missing, a type is wrong, or the point does not have the effect.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(document, dict) or not {"point", "effect"} <= document.keys() <= known:
            raise FaultRuleError(
                f"a rule must be an object with point, effect and any of {sorted(known)}, not {document!r}"
            )
        try:
            rule = cls(**document)
            fits = 0 < rule.share <= 1 and rule.seconds >= 0 and (rule.count is None or rule.count > 0)
        except TypeError as error:
            raise FaultRuleError(f"{document!r}: {error}") from error
        if not fits:
            raise FaultRuleError(f"{document!r}: share must be in (0, 1], seconds not negative, count positive")
        if rule.content is not None and rule.point != FUNCTION:
            raise FaultRuleError(f"{rule.point} has no content to match, only {FUNCTION} has")
        effects = EFFECTS.get(rule.point, ANY_OPERATION)
        if rule.effect not in effects or ":" not in rule.point:
            raise FaultRuleError(f"{rule.point} has no effect {rule.effect!r}, only {sorted(effects)}")
        return rule


class Faults:
    """The rules in force. Thread-safe. Without rules, it costs one comparison."""

    def __init__(self) -> None:
        """Start without rules."""
        self._lock = threading.Lock()
        self._rules: tuple[Rule, ...] = ()
        self._struck: list[int] = []
        self._chance = random.Random(0)  # noqa: S311 - repeatable, no secret

    @property
    def active(self) -> bool:
        """Whether any rule is in force."""
        return bool(self._rules)

    def replace(self, rules: Sequence[Rule], seed: int = 0) -> None:
        """Replace all rules and restart the random generator with `seed`."""
        with self._lock:
            self._rules, self._struck = tuple(rules), [0] * len(rules)
            self._chance = random.Random(seed)  # noqa: S311

    def strike(self, point: str, *effects: str, resource: str = "", content: str = "") -> Rule | None:
        """Return the first rule that strikes at `point` with one of `effects`, or None if none does."""
        if not self._rules:
            return None
        with self._lock:
            for index, rule in enumerate(self._rules):
                if rule.point != point or rule.effect not in effects or (rule.resource or "") not in resource:
                    continue
                if (rule.content or "") not in content:
                    continue
                if rule.count is not None and self._struck[index] >= rule.count:
                    continue
                if self._chance.random() < rule.share:
                    self._struck[index] += 1
                    return rule
        return None

    def report(self) -> list[dict[str, Any]]:
        """Return the rules in force with the number of times each has struck."""
        with self._lock:
            return [{**asdict(rule), "struck": n} for rule, n in zip(self._rules, self._struck, strict=True)]


FAULTS = Faults()
