"""The lines that Lambda itself writes to a function's log, in AWS's text format.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html shows them, REPORT with its newer `Status`.
"""

import dataclasses
import math
from typing import Any


@dataclasses.dataclass(frozen=True)
class Report:
    """The figures of one invocation.

    Attributes:
        request_id: The invocation's id.
        duration_ms: Time from passing the event to the answer, including an inline initialization.
        memory_mb: The function's limit.
        max_memory_bytes: Peak memory use in this environment so far.
        init_ms: Duration of the initialization if the environment is new, else None.
        status: `timeout` or `error` if the runtime did not answer, else None.
        error_type: AWS's name of the error if the status is `error`, else None.
        trace: X-Ray trace id and segment id of a sampled trace, else None.
    """

    request_id: str
    duration_ms: float
    memory_mb: int
    max_memory_bytes: int
    init_ms: float | None = None
    status: str | None = None
    error_type: str | None = None
    trace: tuple[str, str] | None = None

    def line(self) -> str:
        """Return the REPORT line. Since August 2025, AWS also bills the initialization."""
        fields = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {self._billed_ms} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self._max_memory_mb} MB",
        ]
        if self.init_ms is not None:
            fields.append(f"Init Duration: {self.init_ms:.2f} ms")
        text = "\t".join(fields + _status_fields(self.status, self.error_type)) + "\t\n"
        if self.trace:
            text += f"XRAY TraceId: {self.trace[0]}\tSegmentId: {self.trace[1]}\tSampled: true\t\n"
        return text

    def record(self) -> dict[str, Any]:
        """Return the report as JSON: `requestId`, `metrics` and, if the trace is sampled, `tracing`."""
        metrics: dict[str, float] = {
            "durationMs": round(self.duration_ms, 3),
            "billedDurationMs": self._billed_ms,
            "memorySizeMB": self.memory_mb,
            "maxMemoryUsedMB": self._max_memory_mb,
        }
        if self.init_ms is not None:
            metrics["initDurationMs"] = round(self.init_ms, 3)
        record: dict[str, Any] = {"requestId": self.request_id, "metrics": metrics}
        if self.trace:
            root, segment = self.trace
            record["tracing"] = {"spanId": segment, "type": "X-Amzn-Trace-Id", "value": f"Root={root};Sampled=1"}
        return record

    @property
    def _billed_ms(self) -> int:
        return math.ceil(self.duration_ms + (self.init_ms or 0))

    @property
    def _max_memory_mb(self) -> int:
        return min(self.memory_mb, math.ceil(self.max_memory_bytes / 2**20))


def sampled(trace: str) -> tuple[str, str] | None:
    """Return trace id and segment id of an X-Ray trace header, or None if the trace is not sampled."""
    fields = dict(field.split("=", 1) for field in trace.split(";") if "=" in field)
    return (fields["Root"], fields["Parent"]) if fields.get("Sampled") == "1" else None


def init_start(runtime_version: str, runtime_version_arn: str) -> str:
    """Return the first line of an environment with a managed runtime."""
    return f"INIT_START Runtime Version: {runtime_version}\tRuntime Version ARN: {runtime_version_arn}\n"


def init_report(duration_ms: float, phase: str, status: str, error_type: str | None) -> str:
    """Return the line of a failed initialization in phase `init`, or `invoke` if it was repeated inline."""
    fields = [f"INIT_REPORT Init Duration: {duration_ms:.2f} ms", f"Phase: {phase}"]
    fields += _status_fields(status, error_type)
    return "\t".join(fields) + "\n"


def start(request_id: str, version: str) -> str:
    """Return the line before the function's own lines."""
    return f"START RequestId: {request_id} Version: {version}\n"


def end(request_id: str) -> str:
    """Return the line after the function's own lines."""
    return f"END RequestId: {request_id}\n"


def _status_fields(status: str | None, error_type: str | None) -> list[str]:
    return [f"Status: {status}"] * bool(status) + [f"Error Type: {error_type}"] * bool(error_type)
