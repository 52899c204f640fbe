"""Structured logs: one JSON object per line, which CloudWatch Logs Insights parses."""

import datetime as dt
import json
import logging
import sys
from typing import Any

LOGGER = logging.getLogger("store_sales")


class JsonFormatter(logging.Formatter):
    """Formats a log record with the fields given by `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        entry: dict[str, Any] = {
            "timestamp": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def configure(level: str) -> None:
    """Send the function's logs to standard output, where Lambda collects them; an unknown level means INFO."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    LOGGER.handlers = [handler]
    LOGGER.propagate = False  # the runtime's own root handler would write every line a second time
    LOGGER.setLevel(logging.getLevelNamesMapping().get(level.upper(), logging.INFO))


def log(level: int, message: str, **fields: Any) -> None:
    """Write one line with fields."""
    LOGGER.log(level, message, extra={"fields": fields})
