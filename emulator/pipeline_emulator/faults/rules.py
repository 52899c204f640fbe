"""Which fault strikes when: rules with a share and a count, drawn from a seeded generator."""

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
    # Of the function's environment; an Invoke that fails before is `error` as well.
    FUNCTION: ANY_OPERATION | {"crash", "out-of-memory", "timeout", "slow"},
    PUT_RECORDS: ANY_OPERATION | {"throttle-records"},
}


class FaultRuleError(ValueError):
    """A rule that means nothing."""


@dataclass(frozen=True)
class Rule:
    """One kind of fault.

    Attributes:
        point: `service:Operation`, as in IAM policies and in EFFECTS.
        effect: what happens, see the emulator's README.
        share: of the requests (of the records with `throttle-records`) that it strikes, in (0, 1].
        count: it ends after so many; None never.
        seconds: of a `slow` answer, or after which a `crash`, `out-of-memory` or `timeout` comes.
        resource: part of the name of the stream, bucket or function; None for all.
        content: part of the function's event, as `lambda:Invoke` carries it; None for all.
        code: AWS's code of an `error`.
        status: its HTTP status.
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
            FaultRuleError: it has unknown or missing names, a wrong type, or an effect its point does not have.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(document, dict) or not {"point", "effect"} <= document.keys() <= known:
            raise FaultRuleError(f"a rule is an object with point, effect and any of {sorted(known)}, not {document!r}")
        try:
            rule = cls(**document)
            fits = 0 < rule.share <= 1 and rule.seconds >= 0 and (rule.count is None or rule.count > 0)
        except TypeError as error:
            raise FaultRuleError(f"{document!r}: {error}") from error
        if not fits:
            raise FaultRuleError(f"{document!r}: share is in (0, 1], seconds not negative, count positive")
        if rule.content is not None and rule.point != FUNCTION:
            raise FaultRuleError(f"{rule.point} has no content to look into, only {FUNCTION} has")
        effects = EFFECTS.get(rule.point, ANY_OPERATION)
        if rule.effect not in effects or ":" not in rule.point:
            raise FaultRuleError(f"{rule.point} has no effect {rule.effect!r}, only {sorted(effects)}")
        return rule


class Faults:
    """The rules in force. Safe for threads; without rules it costs one comparison."""

    def __init__(self) -> None:
        """Start without rules."""
        self._lock = threading.Lock()
        self._rules: tuple[Rule, ...] = ()
        self._struck: list[int] = []
        self._chance = random.Random(0)  # noqa: S311 - repeatable, no secret

    @property
    def active(self) -> bool:
        """Whether there is any rule."""
        return bool(self._rules)

    def replace(self, rules: Sequence[Rule], seed: int = 0) -> None:
        """Put these rules in force instead of all others, each drawing from `seed` anew."""
        with self._lock:
            self._rules, self._struck = tuple(rules), [0] * len(rules)
            self._chance = random.Random(seed)  # noqa: S311

    def strike(self, point: str, *effects: str, resource: str = "", content: str = "") -> Rule | None:
        """Return the first rule that strikes now, at `point` with one of `effects`; None leaves all as it is."""
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
        """Return the rules in force, each with how often it has struck."""
        with self._lock:
            return [{**asdict(rule), "struck": n} for rule, n in zip(self._rules, self._struck, strict=True)]


FAULTS = Faults()
