"""Condition operators: compare a value of the request with a value of the policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
A negated operator is the NOR of its positive counterpart over all values of the policy:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipeline_emulator.iam import values
from pipeline_emulator.iam.ternary import Missing, Ternary, Undetermined
from pipeline_emulator.iam.variables import Lookup, Template, plain, template
from pipeline_emulator.iam.wildcards import RESOURCE_PART, Mode, Pieces, matcher

type Test = Callable[[str, Lookup], Ternary | Missing]
"""Compares a request's value with the policy's; ABSENT if a policy variable has no value."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator.

    Attributes:
        read: compiles a policy's value to a test; the second argument says whether policy variables are enabled.
        negated: whether this is a Not… operator.
    """

    read: Callable[[str, bool], Test]
    negated: bool = False


def _always(outcome: Undetermined) -> Test:
    return lambda _value, _lookup: outcome


def _pattern(compare: Callable[[str, Pieces], Ternary]) -> Callable[[str, bool], Test]:
    """Return the reader of an operator whose values may contain policy variables."""

    def read(text: str, with_variables: bool) -> Test:
        found = template(text, with_variables)
        if isinstance(found, Undetermined):
            return _always(found)
        return _resolving(found, compare)

    return read


def _resolving(found: Template, compare: Callable[[str, Pieces], Ternary]) -> Test:
    if (fixed := found.fixed) is not None:
        return lambda value, _lookup: compare(value, fixed)

    def test(value: str, lookup: Lookup) -> Ternary | Missing:
        pieces = found.resolve(lookup)
        return compare(value, pieces) if isinstance(pieces, tuple) else pieces

    return test


def _parsed[T](
    what: str, parse: Callable[[str], T | None], compare: Callable[[T, T], bool]
) -> Callable[[str, bool], Test]:
    """Return the reader of an operator that parses values; `compare` takes the request's value, then the policy's."""

    def read(text: str, _with_variables: bool) -> Test:
        wanted = parse(text)
        if wanted is None:
            return _always(Undetermined(f"the policy's value {text!r} is not a valid {what}"))

        def test(value: str, _lookup: Lookup) -> Ternary:
            given = parse(value)
            if given is None:
                return Undetermined(f"the request's value {value!r} is not a valid {what}")
            return compare(given, wanted)

        return test

    return read


def _arn(value: str, pieces: Pieces) -> Ternary:
    if plain(pieces).count(":") < RESOURCE_PART:
        return Undetermined(f"the policy's value {plain(pieces)!r} is not an ARN")
    if value.count(":") < RESOURCE_PART:
        return Undetermined(f"the request's value {value!r} is not an ARN")
    return matcher(pieces, Mode.ARN)(value)


def _boolean(value: str, pieces: Pieces) -> Ternary:
    wanted, given = values.boolean(plain(pieces)), values.boolean(value)
    if wanted is None or given is None:
        return Undetermined(f"{(plain(pieces) if wanted is None else value)!r} is neither true nor false")
    return wanted is given


def _ordered[T: (Decimal, datetime)](family: str, what: str, parse: Callable[[str], T | None]) -> dict[str, Operator]:
    comparisons: Mapping[str, Callable[[T, T], bool]] = {
        "Equals": operator.eq,
        "NotEquals": operator.eq,
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    return {
        f"{family}{name}": Operator(_parsed(what, parse, compare), negated=name == "NotEquals")
        for name, compare in comparisons.items()
    }


def _ignoring_case(value: str, pieces: Pieces) -> Ternary:
    wanted = plain(pieces)
    equal = value.casefold() == wanted.casefold()
    if equal and value.lower() != wanted.lower():
        return Undetermined(f"AWS does not document whether {value!r} and {wanted!r} differ in case only")
    return equal


_EQUALS = _pattern(lambda value, pieces: value == plain(pieces))
_EQUALS_IGNORE_CASE = _pattern(_ignoring_case)
_LIKE = _pattern(lambda value, pieces: matcher(pieces)(value))
_ARN_LIKE = _pattern(_arn)
_IP = _parsed("IP address or range", values.network, values.Network.within)

OPERATORS: Mapping[str, Operator] = {
    "StringEquals": Operator(_EQUALS),
    "StringNotEquals": Operator(_EQUALS, negated=True),
    "StringEqualsIgnoreCase": Operator(_EQUALS_IGNORE_CASE),
    "StringNotEqualsIgnoreCase": Operator(_EQUALS_IGNORE_CASE, negated=True),
    "StringLike": Operator(_LIKE),
    "StringNotLike": Operator(_LIKE, negated=True),
    "Bool": Operator(_pattern(_boolean)),
    "BinaryEquals": Operator(_parsed("base64 string", values.binary, bytes.__eq__)),
    "IpAddress": Operator(_IP),
    "NotIpAddress": Operator(_IP, negated=True),
    "ArnEquals": Operator(_ARN_LIKE),
    "ArnLike": Operator(_ARN_LIKE),
    "ArnNotEquals": Operator(_ARN_LIKE, negated=True),
    "ArnNotLike": Operator(_ARN_LIKE, negated=True),
    **_ordered("Numeric", "number", values.number),
    **_ordered("Date", "date", values.time),
}
"""Every operator except Null, which compares no values."""
