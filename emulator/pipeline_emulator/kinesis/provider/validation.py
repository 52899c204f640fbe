"""Validates requests against the service's model, with AWS's error messages.

botocore's model of the service, https://github.com/boto/botocore/tree/develop/botocore/data/kinesis, states lengths,
ranges, patterns and allowed values. LocalStack's parser ignores them, and so do clients that validate little.
"""

import re
from collections.abc import Callable
from typing import Any

from botocore.model import OperationModel

from pipeline_emulator.kinesis.streams.errors import ValidationError

Path = tuple["Path", str] | None
Check = Callable[[Any, Path, list[str]], None]

_MAX_ERRORS = 10


class RequestValidator:
    """Validates requests; compiles each operation's checks at its first request. Thread-safe."""

    def __init__(self) -> None:
        """Start without compiled checks."""
        self._checks: dict[str, Check] = {}

    def validate(self, operation: OperationModel, request: Any) -> None:
        """Check a parsed request.

        Raises:
            ValidationError: it violates constraints of the model; the message lists them.
        """
        check = self._checks.get(operation.name)
        if check is None:
            check = self._checks[operation.name] = _structure(operation.input_shape)
        errors: list[str] = []
        check(request or {}, None, errors)
        if errors:
            count = f"{len(errors)} validation error{'s' if len(errors) > 1 else ''} detected"
            raise ValidationError(f"{count}: {'; '.join(errors[:_MAX_ERRORS])}")


def failure(value: str, path: str, constraint: str) -> str:
    """Return one error in AWS's wording; `value` is `'text' `, `null `, or empty if AWS does not repeat it."""
    return f"Value {value}at '{path}' failed to satisfy constraint: Member must {constraint}"


def _compile(shape: Any) -> Check:
    match shape.type_name:
        case "structure":
            return _structure(shape)
        case "list":
            return _list(shape)
        case "map":
            return _map(shape)
        case "string":
            return _string(shape)
        case "integer" | "long":
            return _integer(shape)
        case "blob":
            return _sized(shape)
    return lambda _value, _path, _errors: None


def _structure(shape: Any) -> Check:
    members = [
        (name, name[0].lower() + name[1:], name in shape.required_members, _compile(member))
        for name, member in (shape.members if shape is not None else {}).items()
    ]

    def check(value: Any, path: Path, errors: list[str]) -> None:
        for name, shown, required, check_member in members:
            if (member := value.get(name)) is not None:
                check_member(member, (path, shown), errors)
            elif required:
                errors.append(failure("null ", _text((path, shown)), "not be null"))

    return check


def _list(shape: Any) -> Check:
    check_size, check_member = _sized(shape), _compile(shape.member)

    def check(value: Any, path: Path, errors: list[str]) -> None:
        check_size(value, path, errors)
        for index, member in enumerate(value, 1):
            check_member(member, ((path, str(index)), "member"), errors)

    return check


def _map(shape: Any) -> Check:
    check_size, check_key, check_value = _sized(shape), _compile(shape.key), _compile(shape.value)

    def check(value: Any, path: Path, errors: list[str]) -> None:
        check_size(value, path, errors)
        for key, member in value.items():
            check_key(key, (path, "key"), errors)
            check_value(member, ((path, key), "member"), errors)

    return check


def _sized(shape: Any) -> Check:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", float("inf"))
    repeated = shape.type_name == "string"

    def check(value: Any, path: Path, errors: list[str]) -> None:
        if not least <= len(value) <= most:
            bound = f"greater than or equal to {least}" if len(value) < least else f"less than or equal to {most}"
            shown = f"'{value}' " if repeated else ""
            errors.append(failure(shown, _text(path), f"have length {bound}"))

    return check


def _string(shape: Any) -> Check:
    check_size = _sized(shape)
    pattern, allowed = shape.metadata.get("pattern"), shape.metadata.get("enum")
    expression = _expression(pattern)

    def check(value: Any, path: Path, errors: list[str]) -> None:
        check_size(value, path, errors)
        if expression and not expression.fullmatch(value):
            errors.append(
                failure(f"'{value}' ", _text(path), f"satisfy regular expression pattern: {expression.pattern}")
            )
        if allowed and value not in allowed:
            errors.append(failure(f"'{value}' ", _text(path), f"satisfy enum value set: [{', '.join(allowed)}]"))

    return check


def _expression(pattern: str | None) -> re.Pattern[str] | None:
    r"""Compile a model's pattern; some services use Java's syntax, such as \p{L}, which Python does not know."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None


def _integer(shape: Any) -> Check:
    least, most = shape.metadata.get("min", float("-inf")), shape.metadata.get("max", float("inf"))

    def check(value: Any, path: Path, errors: list[str]) -> None:
        if not least <= value <= most:
            bound = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
            errors.append(failure(f"'{value}' ", _text(path), f"have value {bound}"))

    return check


def _text(path: Path) -> str:
    parts: list[str] = []
    while path is not None:
        path, part = path
        parts.append(part)
    return ".".join(reversed(parts))
