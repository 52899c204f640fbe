"""Validates requests against the service's model, with AWS's error messages.

botocore's model of the service, https://github.com/boto/botocore/tree/develop/botocore/data/kinesis, states lengths,
ranges, patterns and allowed values. LocalStack's parser ignores them, and so do clients that validate little. How AWS
words them: https://github.com/mhart/kinesalite (test), and the tests of LocalStack that were recorded on AWS.
"""

import re
from collections.abc import Callable, Collection
from typing import Any

from botocore.model import OperationModel

from pipeline_emulator.kinesis.streams.errors import ValidationError

Path = tuple["Path", str] | None
Check = Callable[[Any, Path, list[str]], None]
Constraint = tuple[str, Callable[[Any], bool]]  # how it goes on after "Member must", and whether a value satisfies it

_MAX_ERRORS = 10
_NUMBERS = frozenset({"integer", "long", "float", "double"})
# AWS accepts a colon in a metric filter's namespace, as LocalStack's authors recorded; the model does not.
_OTHER_PATTERNS = frozenset({"MetricNamespace"})
_SCALARS = frozenset({"string", "blob", *_NUMBERS})


class RequestValidator:
    """Validates requests; compiles each operation's checks at its first request. Thread-safe.

    Args:
        left_out: names of parameters that are not checked.
    """

    def __init__(self, left_out: Collection[str] = ()) -> None:
        self._left_out = frozenset(left_out)
        self._checks: dict[str, Check] = {}

    def validate(self, operation: OperationModel, request: Any) -> None:
        """Check a parsed request.

        Raises:
            ValidationError: it violates constraints of the model; the message lists them.
        """
        check = self._checks.get(operation.name)
        if check is None:
            check = self._checks[operation.name] = _structure(operation.input_shape, self._left_out)
        errors: list[str] = []
        check(request or {}, None, errors)
        if errors:
            count = f"{len(errors)} validation error{'s' if len(errors) > 1 else ''} detected"
            raise ValidationError(f"{count}: {'; '.join(errors[:_MAX_ERRORS])}")


def failure(value: str, path: str, constraint: str) -> str:
    """Return one error in AWS's wording; `value` is `'text' `, `null `, or empty if AWS does not repeat it."""
    return f"Value {value}at '{path}' failed to satisfy constraint: {constraint}"


def _compile(shape: Any) -> Check:
    match shape.type_name:
        case "structure":
            return _structure(shape)
        case "list":
            return _list(shape)
        case "map":
            return _map(shape)
        case name if name in _SCALARS:
            return _each(_constraints(shape), _shown)
    return lambda _value, _path, _errors: None


def _structure(shape: Any, left_out: Collection[str] = ()) -> Check:
    members = [
        (name, name[0].lower() + name[1:], name in shape.required_members, _compile(member))
        for name, member in (shape.members if shape is not None else {}).items()
        if name not in left_out
    ]

    def check(value: Any, path: Path, errors: list[str]) -> None:
        for name, shown, required, check_member in members:
            if (member := value.get(name)) is not None:
                check_member(member, (path, shown), errors)
            elif required:
                errors.append(failure("null ", _text((path, shown)), "Member must not be null"))

    return check


def _list(shape: Any) -> Check:
    simple = shape.member.type_name in _SCALARS
    check_size = _each(_constraints(shape), _shown_list if simple else _shown_if_empty)
    check_members = _all(shape.member, "Member", list, _shown_list) if simple else _numbered(_compile(shape.member))

    def check(value: Any, path: Path, errors: list[str]) -> None:
        check_size(value, path, errors)
        check_members(value, path, errors)

    return check


def _numbered(check_member: Check) -> Check:
    def check(value: Any, path: Path, errors: list[str]) -> None:
        for index, member in enumerate(value, 1):
            check_member(member, ((path, str(index)), "member"), errors)

    return check


def _map(shape: Any) -> Check:
    check_size = _each(_constraints(shape), _shown_map)
    check_keys = _all(shape.key, "Map keys", dict.keys, _shown_map)
    if shape.value.type_name in _SCALARS:
        check_values = _all(shape.value, "Map value", dict.values, _shown_map)
    else:
        check_values = _named(_compile(shape.value))

    def check(value: Any, path: Path, errors: list[str]) -> None:
        for each in (check_size, check_keys, check_values):
            each(value, path, errors)

    return check


def _named(check_value: Check) -> Check:
    def check(value: Any, path: Path, errors: list[str]) -> None:
        for key, member in value.items():
            check_value(member, ((path, key), "member"), errors)

    return check


def _each(constraints: list[Constraint], shown: Callable[[Any], str]) -> Check:
    """Return a check with one error for each constraint that a value violates."""

    def check(value: Any, path: Path, errors: list[str]) -> None:
        for text, holds in constraints:
            if not holds(value):
                errors.append(failure(shown(value), _text(path), f"Member must {text}"))

    return check


def _all(shape: Any, subject: str, members: Callable[[Any], Any], shown: Callable[[Any], str]) -> Check:
    """Return a check of a collection's simple members with one error, which lists all that a member must satisfy."""
    constraints = _constraints(shape)
    listed = ", ".join(f"Member must {text}" for text, _ in constraints)

    def check(value: Any, path: Path, errors: list[str]) -> None:
        if not all(holds(member) for _, holds in constraints for member in members(value)):
            errors.append(failure(shown(value), _text(path), f"{subject} must satisfy constraint: [{listed}]"))

    return check


def _constraints(shape: Any) -> list[Constraint]:
    limits, found = shape.metadata, list[Constraint]()
    number = shape.type_name in _NUMBERS
    kind, size = ("value", lambda value: value) if number else ("length", len)
    if (most := limits.get("max")) is not None:
        found.append((f"have {kind} less than or equal to {most}", lambda value: size(value) <= most))
    if (least := limits.get("min")) is not None:
        found.append((f"have {kind} greater than or equal to {least}", lambda value: size(value) >= least))
    if shape.name not in _OTHER_PATTERNS and (expression := _expression(limits.get("pattern"))):
        text = f"satisfy regular expression pattern: {expression.pattern}"
        found.append((text, lambda value: expression.fullmatch(value) is not None))
    if allowed := limits.get("enum"):
        found.append((f"satisfy enum value set: [{', '.join(allowed)}]", lambda value: value in allowed))
    return found


def _expression(pattern: str | None) -> re.Pattern[str] | None:
    r"""Compile a model's pattern; some services use Java's syntax, such as \p{L}, which Python does not know.

    A dot matches a line break, too: later versions of the model say so for the patterns of filters.
    """
    try:
        return re.compile(pattern, re.DOTALL) if pattern else None
    except re.error:
        return None


def _shown(value: Any) -> str:
    return "" if isinstance(value, bytes | bytearray | memoryview) else f"'{value}' "


def _shown_list(value: Any) -> str:
    return f"'[{', '.join(map(str, value))}]' "


def _shown_if_empty(value: Any) -> str:
    return "" if value else "'[]' "


def _shown_map(value: Any) -> str:
    return f"'{{{', '.join(f'{key}={member}' for key, member in value.items())}}}' "


def _text(path: Path) -> str:
    parts: list[str] = []
    while path is not None:
        path, part = path
        parts.append(part)
    return ".".join(reversed(parts))
