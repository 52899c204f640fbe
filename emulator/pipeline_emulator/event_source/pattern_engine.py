"""Corrects core's engine for event patterns, which the filters of mappings and the rules of EventBridge use.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import re
from collections.abc import Callable
from typing import Any

from localstack.aws.api.events import InvalidEventPatternException

from pipeline_emulator import patches

_OF_TEXT = frozenset({"prefix", "suffix", "cidr"})
_NO_OBJECTS = "Event pattern is not valid. Reason: $or must be an array of objects"  # our words


def install() -> None:
    """Patch core's engine."""
    patches.COMPILE_PATTERN.wrap(_compile)
    patches.EVALUATE_PATTERN.wrap(_matches)
    patches.EVALUATE_CONDITION.wrap(_evaluate)
    patches.EVALUATE_WILDCARD.wrap(_has_form)


def _compile(original: Callable[..., Any], self: Any, event_pattern: Any) -> Any:
    """Compile a pattern. Core raises an AttributeError for one whose `$or` has other alternatives than objects.

    Raises:
        InvalidEventPatternException: it is not valid.
    """
    try:
        return original(self, event_pattern)
    except AttributeError as error:
        raise InvalidEventPatternException(_NO_OBJECTS) from error


def _matches(_original: Callable[..., Any], self: Any, event_pattern: Any, payload: Any) -> bool:
    """Return whether an event matches: fields of objects in a list must do so in the same object.

    https://github.com/aws/event-ruler#and-and-or-relationship-between-fields-with-ruler, "Array-consistent matching".
    Core's flat payloads have one element of each list; it accepts each field in another one.
    """
    if not event_pattern:
        return True
    alternatives = self.flatten_pattern(event_pattern)
    payloads = self.flatten_payload(payload, alternatives)
    return any(
        all(
            any(self._evaluate_condition(flat.get(key), one, field_exists=key in flat) for one in conditions)
            for key, conditions in pattern.items()
        )
        for pattern in alternatives
        for flat in payloads
    )


def _evaluate(original: Callable[..., Any], self: Any, value: Any, condition: Any, field_exists: bool) -> Any:
    """Return whether a field satisfies a condition. Python's `==` does not tell true from 1; JSON does."""
    if not isinstance(condition, dict):
        return field_exists and _is_same(value, condition)
    unwanted = condition.get("anything-but")
    if unwanted is not None and not isinstance(unwanted, dict):
        values = unwanted if isinstance(unwanted, list) else [unwanted]
        return field_exists and not any(_is_same(value, one) for one in values)
    if isinstance(value, bool) and "numeric" in condition:
        return False
    if not isinstance(value, str) and _OF_TEXT & condition.keys():
        return False
    return original(self, value, condition, field_exists=field_exists)


def _is_same(value: Any, other: Any) -> bool:
    return value == other and isinstance(value, bool) is isinstance(other, bool)


def _has_form(_original: Any, _self: Any, condition: str, value: Any) -> bool:
    r"""Return whether a text has a wildcard's form.

    `*` stands for any number of characters, also for none; `\*` is an asterisk, and `\\` a backslash.
    """
    parts = re.findall(r"\\[*\\]|.", condition, re.DOTALL)
    form = "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts)
    return isinstance(value, str) and re.fullmatch(form, value, re.DOTALL) is not None
