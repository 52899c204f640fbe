"""Compiles the Condition element.

Operators and keys are combined with AND, the values of one key with OR. For keys missing from the request, positive
operators and ForAnyValue are false; negated operators, …IfExists and ForAllValues are true.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pipeline_emulator.iam import values as readers
from pipeline_emulator.iam.malformed import MalformedPolicyError
from pipeline_emulator.iam.operators import OPERATORS, Test
from pipeline_emulator.iam.ternary import Missing, Ternary, Undetermined, all_of, any_of, negate
from pipeline_emulator.iam.variables import Lookup, Value

type Clause = Callable[[Lookup], Ternary]

_NAME = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
_SCALARS = (str, bool, int, float)


def compile_conditions(block: object, with_variables: bool) -> tuple[Clause, ...]:
    """Compile a Condition element. The statement applies if every clause is true.

    Raises:
        MalformedPolicyError: the element is not an object of objects of values.
    """
    if not isinstance(block, dict):
        raise MalformedPolicyError("Condition must be an object")
    clauses = []
    for name, keys in block.items():
        if not isinstance(keys, dict):
            raise MalformedPolicyError(f"Condition {name} must be an object of keys")
        for key, value in keys.items():
            clauses.append(_clause(name, key, _texts(name, key, value), with_variables))
    return tuple(clauses)


def is_operator(name: str) -> bool:
    """Return whether AWS has a condition operator of this name."""
    parts = _NAME.fullmatch(name)
    return name == "Null" or bool(parts and parts[2] in OPERATORS)


def _texts(name: str, key: str, value: object) -> tuple[str, ...]:
    """Convert values to text; JSON numbers and booleans are written as AWS writes them."""
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(item, _SCALARS) for item in found):
        raise MalformedPolicyError(f"Condition {name} of {key} must be a value or a list of values")
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in found)


def _clause(name: str, key: str, texts: tuple[str, ...], with_variables: bool) -> Clause:
    wanted = key.lower()
    if name == "Null":
        return _null(key, texts)
    parts = _NAME.fullmatch(name)
    found = OPERATORS.get(parts[2]) if parts else None
    if parts is None or found is None:
        outcome = Undetermined(f"the condition operator {name} is not known")
        return lambda _lookup: outcome
    tests = tuple(found.read(text, with_variables) for text in texts)
    absent = _absent(parts[1], found.negated, parts[3] is not None, name)
    comparison = _Comparison(tests, found.negated, parts[1], key)
    unknown = Undetermined(f"this emulator does not know the value of the condition key {key}")

    def clause(lookup: Lookup) -> Ternary:
        value = lookup(wanted)
        if value is Missing.UNKNOWN:
            return unknown
        return absent if value is Missing.ABSENT else comparison.holds(value, lookup)

    return clause


def _absent(quantifier: str | None, negated: bool, if_exists: bool, name: str) -> Ternary:
    if quantifier == "ForAllValues":
        return True
    if quantifier == "ForAnyValue":
        # AWS's documentation contradicts itself: true because of IfExists, false because of ForAnyValue.
        return Undetermined(f"AWS does not document {name} for a key that is absent") if if_exists else False
    return negated or if_exists


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Compares the values of one key by one operator."""

    tests: tuple[Test, ...]
    negated: bool
    quantifier: str | None
    key: str

    def holds(self, value: Value, lookup: Lookup) -> Ternary:
        if self.quantifier is None:
            if isinstance(value, tuple):
                return Undetermined(f"{self.key} has several values: compare them with ForAllValues or ForAnyValue")
            return self._one(value, lookup)
        # AWS documents the empty string as an empty set here.
        several = tuple(item for item in ((value,) if isinstance(value, str) else value) if item)
        join = all_of if self.quantifier == "ForAllValues" else any_of
        return join(self._one(item, lookup) for item in several)

    def _one(self, value: str, lookup: Lookup) -> Ternary:
        outcome = any_of(self._resolved(test(value, lookup)) for test in self.tests)
        return negate(outcome) if self.negated else outcome

    def _resolved(self, outcome: Ternary | Missing) -> Ternary:
        if not isinstance(outcome, Missing):
            return outcome
        # A variable without a value never matches. AWS does not document the result of a negated operator.
        return Undetermined(f"a policy variable compared with {self.key} has no value") if self.negated else False


def _null(key: str, texts: tuple[str, ...]) -> Clause:
    flags = [readers.boolean(text) for text in texts]
    wanted = key.lower()

    def clause(lookup: Lookup) -> Ternary:
        value = lookup(wanted)
        if value is Missing.UNKNOWN:
            return Undetermined(f"this emulator does not know whether the request has the condition key {key}")
        if None in flags:
            return Undetermined(f"a value of Null for {key} is neither true nor false")
        return (value is Missing.ABSENT) in flags

    return clause
