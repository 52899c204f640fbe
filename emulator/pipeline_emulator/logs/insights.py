"""Queries of Logs Insights: `fields`, `sort` by time and `limit`. moto returns every event for any other command.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from localstack.aws.api.logs import InvalidParameterException, MalformedQueryException

from pipeline_emulator import patches

_DEFAULT_FIELDS = ("@timestamp", "@message")
_MOST_RESULTS = 10_000
_FIELDS: Mapping[str, Callable[[Any, Any], str]] = {
    "@timestamp": lambda _stream, event: _text(event.timestamp),
    "@ingestionTime": lambda _stream, event: _text(event.ingestion_time),
    "@message": lambda _stream, event: str(event.message),
    "@logStream": lambda stream, _event: str(stream.log_stream_name),
    "@log": lambda stream, _event: f"{stream.account_id}:{stream.log_group.name}",
}
_SUPPORTED = f"`fields` with {', '.join(_FIELDS)}; `sort @timestamp asc` or `desc`; `limit` with a number up to 10,000"


@dataclass
class Query:
    """What a query asks for."""

    fields: tuple[str, ...] = _DEFAULT_FIELDS
    latest_first: bool = True
    limit: int = _MOST_RESULTS


class Rows(list[dict[str, str]]):
    """The results of a query, with its statistics.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_QueryStatistics.html
    """

    statistics: Mapping[str, float]


def install() -> None:
    """Replace moto's execution of queries and its search for their groups, and add statistics."""
    patches.EXECUTE_QUERY.replace(execute)
    patches.START_QUERY.replace(start_query)

    @patches.SHOW_STATISTICS.wrap
    def to_result_json(original: Callable[..., dict[str, Any]], self: Any) -> dict[str, Any]:
        return original(self) | {"statistics": self.results.statistics}


def start_query(response: Any) -> str:
    """Query the groups of a request, given by one of three parameters.

    Raises:
        InvalidParameterException: it is not clear which groups are meant.
        ResourceNotFoundException: a group does not exist.
    """
    name, names, identifiers = map(response._get_param, ("logGroupName", "logGroupNames", "logGroupIdentifiers"))
    if sum(map(bool, (name, names, identifiers))) != 1:
        raise InvalidParameterException("Exactly one of the log group parameters must be given.")  # our words
    groups = [response.logs_backend._find_log_group(each).name for each in identifiers or names or [name]]
    times = [response._get_int_param(each) for each in ("startTime", "endTime")]
    query = response.logs_backend.start_query(groups, *times, response._get_param("queryString"))
    return json.dumps({"queryId": query})


def execute(log_groups: Collection[Any], query: str, start_time: int, end_time: int) -> Rows:
    """Return the fields of the events from `start_time` to `end_time`, in whole seconds.

    Events at other times are not scanned, and the supported queries match all others.

    Raises:
        MalformedQueryException: the emulator does not support the query.
    """
    wanted = parse(query)
    streams = [stream for group in log_groups for stream in list(group.streams.values())]
    found = [
        (stream, event)
        for stream in streams
        for event in list(stream.events)
        if start_time <= event.timestamp // 1000 <= end_time
    ]
    found.sort(key=lambda one: int(one[1].timestamp), reverse=wanted.latest_first)
    rows = Rows(
        {name: _FIELDS[name](stream, event) for name in wanted.fields} | {"@ptr": str(event.event_id)}
        for stream, event in found[: wanted.limit]
    )
    rows.statistics = {
        "recordsMatched": float(len(found)),
        "recordsScanned": float(len(found)),
        "bytesScanned": float(sum(len(event.message.encode()) for _, event in found)),
        "estimatedRecordsSkipped": 0.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": float(len(log_groups)),
    }
    return rows


def parse(text: str) -> Query:
    """Parse a query.

    Raises:
        MalformedQueryException: the emulator does not support it.
    """
    query = Query()
    for part in text.split("|"):
        command, rest = [*part.split(maxsplit=1), "", ""][:2]
        match command.lower():
            case "fields":
                query.fields = _fields(rest, part)
            case "sort":
                query.latest_first = _latest_first(rest, part)
            case "limit":
                query.limit = _limit(rest, part)
            case _:
                _refuse(part)
    return query


def _fields(text: str, part: str) -> tuple[str, ...]:
    names = tuple(re.split(r"\s*,\s*", text.strip()))
    return names if set(names) <= _FIELDS.keys() else _refuse(part)


def _latest_first(text: str, part: str) -> bool:
    found = re.fullmatch(r"@timestamp(?:\s+(asc|desc))?", text.strip(), re.IGNORECASE)
    return (found[1] or "").lower() != "asc" if found else _refuse(part)


def _limit(text: str, part: str) -> int:
    number = int(text) if re.fullmatch(r"\s*\d{1,5}\s*", text) else 0
    return number if 1 <= number <= _MOST_RESULTS else _refuse(part)


def _refuse(part: str) -> NoReturn:
    text = f"The emulator does not support this part of a query: '{part.strip()}'. It supports {_SUPPORTED}."
    raise MalformedQueryException(text, queryCompileError={"message": text})


def _text(milliseconds: int) -> str:
    """Return a time as Logs Insights shows it."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
