"""Records the requests denied since LocalStack started: GET and DELETE /_pipeline/iam/denials."""

import json
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localstack.http import Response
from localstack.services.edge import ROUTER
from werkzeug import Request

from pipeline_emulator.iam.decision import Decision

LOG = logging.getLogger(__name__)
PATH = "/_pipeline/iam/denials"
MAX_ENTRIES = 1000


@dataclass(slots=True)
class Denial:
    """A denied action on a resource, with the number of attempts."""

    decision: Decision
    refused: bool
    first: datetime
    last: datetime
    count: int = 1

    def as_json(self) -> dict[str, Any]:
        """Return the denial as the API presents it."""
        found = self.decision
        return {
            "principal": found.principal,
            "action": found.action,
            "resource": found.resource,
            "refused": self.refused,
            "count": self.count,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "message": found.message,
            "explanation": found.explanation,
        }


class Denials:
    """The newest `MAX_ENTRIES` denials; each is logged the first time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str, str, bool], Denial] = {}

    def add(self, decision: Decision, *, refused: bool) -> None:
        """Record a decision that denies."""
        key, now = (decision.principal, decision.action, decision.resource, refused), datetime.now(UTC)
        with self._lock:
            denial = self._found.get(key)
            if denial:
                denial.last, denial.count, denial.decision = now, denial.count + 1, decision
                return
            if len(self._found) >= MAX_ENTRIES:
                del self._found[min(self._found, key=lambda each: self._found[each].last)]
            self._found[key] = Denial(decision, refused, now, now)
        done = "refused" if refused else "served anyway (IAM_ENFORCEMENT=soft)"
        LOG.warning("IAM: %s [%s; %s]", decision.message, decision.explanation, done)

    def clear(self) -> None:
        """Forget all denials."""
        with self._lock:
            self._found.clear()

    def report(self) -> list[dict[str, Any]]:
        """Return the denials, oldest first."""
        with self._lock:
            return [denial.as_json() for denial in sorted(self._found.values(), key=lambda each: each.first)]


DENIALS = Denials()


def install(enforcement: str) -> None:
    """Add the path to the gateway's router. Its response also names the mode."""

    def handle(request: Request, _arguments: Any = None) -> Response:
        if request.method == "DELETE":
            DENIALS.clear()
        body = {"enforcement": enforcement, "denials": DENIALS.report()}
        return Response(json.dumps(body), mimetype="application/json")

    ROUTER.add(PATH, endpoint=handle, methods=["GET", "DELETE"])
