"""The keys of the objects that Firehose writes: prefix, name and extension.

https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html and
https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

import re
import secrets
import string
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

_EXPRESSION = re.compile(r"!\{(\w+):([^}]*)\}")
_DEFAULT_TIME = "yyyy/MM/dd/HH/"
_EXTENSIONS = {"GZIP": ".gz", "ZIP": ".zip", "Snappy": ".snappy", "HADOOP_SNAPPY": ".hsnappy"}
_RANDOM_LENGTH = 11
# Of Java's DateTimeFormatter, what prefixes use: runs of a letter, and text in quotation marks.
_PATTERN = re.compile(r"'([^']*)'|([a-zA-Z])\2*")
_FIELDS = {
    "y": "%Y", "u": "%Y", "yyyy": "%Y", "uuuu": "%Y", "YYYY": "%G", "yy": "%y", "M": "%-m", "MM": "%m", "MMM": "%b",
    "MMMM": "%B", "d": "%-d", "dd": "%d", "D": "%-j", "DDD": "%j", "H": "%-H", "HH": "%H", "h": "%-I", "hh": "%I",
    "a": "%p", "m": "%-M", "mm": "%M", "s": "%-S", "ss": "%S", "E": "%a", "EEE": "%a", "EEEE": "%A",
}  # fmt: skip


def key(stream: str, destination: Mapping[str, Any], arrived: datetime) -> str:
    """Return the key of a new object.

    Args:
        stream: name of the delivery stream.
        destination: the description of the bucket.
        arrived: when the oldest record in the object arrived.
    """
    return prefix(destination, arrived) + _name(stream, destination, arrived)


def failed_key(stream: str, destination: Mapping[str, Any], arrived: datetime, kind: str) -> str:
    """Return the key of an object with records that failed, for a reason such as `processing-failed`."""
    moment, chosen = arrived.astimezone(_zone(destination)), destination.get("ErrorOutputPrefix")
    plain = destination.get("Prefix") or ""
    usual = f"{'' if _EXPRESSION.search(plain) else plain}{kind}/{formatted(_DEFAULT_TIME, moment)}"
    before = _evaluated(chosen, moment, kind) if chosen else usual
    return before + _name(stream, {**destination, "CompressionFormat": None}, arrived)


def prefix(destination: Mapping[str, Any], arrived: datetime) -> str:
    """Return the evaluated prefix. One without an expression is followed by the time."""
    moment, chosen = arrived.astimezone(_zone(destination)), destination.get("Prefix") or ""
    if not _EXPRESSION.search(chosen):
        return f"{chosen}{formatted(_DEFAULT_TIME, moment)}"
    return _evaluated(chosen, moment, "")


def formatted(pattern: str, moment: datetime) -> str:
    """Return a time as Java's DateTimeFormatter writes it. What is no field of a prefix stays as it is."""

    def field(found: re.Match[str]) -> str:
        if found[2] is None:
            return found[1] or "'"
        if set(found[0]) == {"S"}:
            return f"{moment.microsecond:06}"[: len(found[0])]
        return moment.strftime(_FIELDS.get(found[0], found[0]))

    return _PATTERN.sub(field, pattern)


def _evaluated(text: str, moment: datetime, error_type: str) -> str:
    def value(found: re.Match[str]) -> str:
        match found[1], found[2]:
            case "timestamp", pattern:
                return formatted(pattern, moment)
            case "firehose", "error-output-type":
                return error_type
            case "firehose", "random-string":
                return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_RANDOM_LENGTH))
        return found[0]

    return _EXPRESSION.sub(value, text)


def _name(stream: str, destination: Mapping[str, Any], arrived: datetime) -> str:
    extension = destination.get("FileExtension") or _EXTENSIONS.get(destination.get("CompressionFormat") or "", "")
    moment = arrived.astimezone(_zone(destination))
    return f"{stream}-1-{moment:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{extension}"


def _zone(destination: Mapping[str, Any]) -> tzinfo:
    name = destination.get("CustomTimeZone")
    return ZoneInfo(name) if name else UTC
