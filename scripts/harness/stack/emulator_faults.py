"""Faults that the emulator injects: rules that apply for a moment (emulator/README.md, "Faults").

No rule exhausts the mapping's retries: every event must get through in the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from harness.errors import NoAnswerError
from harness.stack import interface
from harness.stack.state import Stack

PATH = "/_pipeline/faults"
RULES_SECONDS = 1.5
NO_FAULTS = NoAnswerError(
    "this LocalStack injects no faults",
    "make local-down local-up: it was started with FAULTS=0, or by an older version",
)
THROTTLED = {"code": "ProvisionedThroughputExceededException", "status": 400}
SLOW_DOWN = {"code": "SlowDown", "status": 503}
OUTPUT, FAILED, MODEL = "output_stream", "failed_events", "model_bucket"

Rule = Mapping[str, Any]
# `resource` is one of `Resources`.
RULES: dict[str, Sequence[Rule]] = {
    "crash function": [{"point": "lambda:Invoke", "effect": "crash", "seconds": 0.004, "count": 2}],
    "function out of memory": [{"point": "lambda:Invoke", "effect": "out-of-memory", "seconds": 0.004, "count": 2}],
    "function times out": [{"point": "lambda:Invoke", "effect": "timeout", "seconds": 0.002, "count": 2}],
    "slow model": [{"point": "lambda:Invoke", "effect": "slow", "seconds": 0.4, "count": 3}],
    "lose answer of function": [{"point": "lambda:Invoke", "effect": "lose-answer", "count": 2}],
    "throttle function": [
        {"point": "lambda:Invoke", "effect": "error", "code": "TooManyRequestsException", "count": 3}
    ],
    "throttle output": [
        {"point": "kinesis:PutRecords", "effect": "error", "share": 0.5, "resource": OUTPUT, **THROTTLED}
    ],
    "throttle some of output": [
        {"point": "kinesis:PutRecords", "effect": "throttle-records", "share": 0.3, "resource": OUTPUT}
    ],
    "lose answer of output": [{"point": "kinesis:PutRecords", "effect": "lose-answer", "resource": OUTPUT, "count": 2}],
    "throttle reads": [{"point": "kinesis:GetRecords", "effect": "error", "count": 8, **THROTTLED}],
    "refuse failed events": [
        {"point": "s3:PutObject", "effect": "error", "share": 0.5, "resource": FAILED, **SLOW_DOWN}
    ],
    "refuse model at start": [
        {"point": "lambda:Invoke", "effect": "crash", "seconds": 0.004, "count": 1},
        {"point": "s3:GetObject", "effect": "error", "share": 0.5, "resource": MODEL, **SLOW_DOWN},
    ],
}


def inject(name: str, stack: Stack) -> int:
    """Apply a fault's rules for a moment.

    Returns:
        How often they took effect.

    Raises:
        NoAnswerError: the stack does not inject faults.
    """
    seed = sum(name.encode())
    rules = [named(rule, stack) for rule in RULES[name] if applies(rule, stack)]
    if not rules:
        return 0
    request(stack, "PUT", {"seed": seed, "rules": rules})
    try:
        time.sleep(RULES_SECONDS)
        return sum(rule["struck"] for rule in request(stack, "GET")["rules"])
    finally:
        request(stack, "DELETE")


def applies(rule: Rule, stack: Stack) -> bool:
    """Return whether a stack's pipeline has the resource that a rule is about."""
    return "resource" not in rule or getattr(stack.resources, rule["resource"]) is not None


def named(rule: Rule, stack: Stack) -> Rule:
    """Return a rule with the name of the resource that it is about, in place of the resource's key."""
    return {**rule, "resource": getattr(stack.resources, rule["resource"])} if "resource" in rule else rule


def request(stack: Stack, method: str, document: Any = None) -> Any:
    """Send a request to the faults API and return its response.

    Raises:
        NoAnswerError: the API is missing or rejects the document.
    """
    return interface.ask(stack, method, PATH, document, absent=NO_FAULTS)


FAULTS: dict[str, Callable[[Stack], int]] = {name: partial(inject, name) for name in RULES}
