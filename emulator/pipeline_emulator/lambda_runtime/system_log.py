"""Lambda's own messages in a function's log, as text or as JSON, by their levels.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html has the documents,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html the levels.
"""

import json
from datetime import UTC, datetime
from typing import Any

from pipeline_emulator.lambda_runtime import reports
from pipeline_emulator.lambda_runtime.log_delivery import FunctionLog
from pipeline_emulator.lambda_runtime.log_levels import LEVELS, LogSettings
from pipeline_emulator.lambda_runtime.reports import Report


class SystemLog:
    """Writes Lambda's messages.

    Args:
        log: the function's.
        settings: format and level.
    """

    def __init__(self, log: FunctionLog, settings: LogSettings) -> None:
        self._log = log
        self._settings = settings

    def init_start(self, version: str, version_arn: str) -> None:
        """Write that an environment with a managed runtime starts."""
        self._write(
            reports.init_start(version, version_arn), "initStart", "DEBUG",
            initializationType="on-demand", phase="init", runtimeVersion=version, runtimeVersionArn=version_arn,
        )  # fmt: skip

    def init_report(self, duration_ms: float, phase: str, status: str, error_type: str | None) -> None:
        """Write that an initialization has failed. Takes what `reports.init_report` does."""
        self._write(
            reports.init_report(duration_ms, phase, status, error_type), "initReport", "WARN",
            initializationType="on-demand", phase=phase, status=status,
            **({"errorType": error_type} if error_type else {}), metrics={"durationMs": round(duration_ms, 3)},
        )  # fmt: skip

    def start(self, request_id: str, version: str) -> None:
        """Write that an invocation begins."""
        self._write(reports.start(request_id, version), "start", "INFO", requestId=request_id, version=version)

    def end(self, report: Report, produced_bytes: int) -> None:
        """Write that an invocation has ended; `produced_bytes` is the size of the answer."""
        level, status = ("WARN", report.status) if report.status else ("DEBUG", "success")
        error = {"errorType": report.error_type} if report.error_type else {}
        self._write(
            reports.end(report.request_id), "runtimeDone", level, requestId=report.request_id, status=status, **error,
            metrics={"durationMs": round(report.duration_ms, 3), "producedBytes": produced_bytes},
        )  # fmt: skip
        level = "WARN" if report.status else "INFO"
        self._write(report.line(), "report", level, **report.record(), status=status, **error)

    def _write(self, text: str, kind: str, level: str, **record: Any) -> None:
        if not self._settings.is_json:
            self._log.add_now(text)
        elif LEVELS[level] >= self._settings.system:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            document = {"time": now, "type": f"platform.{kind}", "record": record}
            self._log.add_now(json.dumps(document, separators=(",", ":")) + "\n")
