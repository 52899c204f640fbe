"""Levels of log messages, and which of them a function's LoggingConfig keeps.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

# As in the types of frames that awslambdaric writes: see its lambda_runtime_log_utils.py.
LEVELS: Mapping[str, int] = {"TRACE": 1, "DEBUG": 2, "INFO": 3, "WARN": 4, "ERROR": 5, "FATAL": 6}
_OTHER_NAMES = {"WARNING": "WARN", "CRITICAL": "FATAL"}
_LEVEL_BITS, _LEVEL_SHIFT = 0x1C, 2
_DEFAULT = "INFO"
_TIMES = ("timestamp", "time", "@timestamp")
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class LogSettings:
    """What a function's LoggingConfig says. Levels count in the JSON format only.

    Attributes:
        is_json: whether messages are JSON.
        application: lowest level of the function's own messages.
        system: lowest level of Lambda's.
    """

    is_json: bool = False
    application: int = 0
    system: int = 0

    @classmethod
    def of(cls, config: Mapping[str, Any] | None) -> "LogSettings":
        """Read a LoggingConfig."""
        if not config or config.get("LogFormat") != "JSON":
            return cls()
        application, system = (config.get(f"{whose}LogLevel") or _DEFAULT for whose in ("Application", "System"))
        return cls(is_json=True, application=LEVELS[str(application)], system=LEVELS[str(system)])

    def keeps_frame(self, kind: int) -> bool:
        """Return whether a message of the runtime's logger is kept, by its frame's type. One without a level is."""
        level = (kind & _LEVEL_BITS) >> _LEVEL_SHIFT
        return not level or level >= self.application

    def keeps_line(self, line: str) -> bool:
        """Return whether a line of standard output is kept: JSON with a level that is too low is not.

        The level counts only beside a valid time. Any other JSON has the level INFO.
        """
        if not self.application or not line.lstrip().startswith("{"):
            return True
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            return True
        name = str(document.get("level", "")).upper() if any(_is_time(document.get(key)) for key in _TIMES) else ""
        return LEVELS.get(_OTHER_NAMES.get(name, name), LEVELS[_DEFAULT]) >= self.application


def _is_time(value: Any) -> bool:
    found = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    try:
        return found is not None and bool(datetime.fromisoformat("".join(found.groups()).upper()))
    except ValueError:  # such as February 30
        return False
