"""Records a role's allowed requests and evaluates them again with other policies: /_pipeline/iam/noted.

- PUT `{"role": ARN, "during": label}` starts recording the allowed requests of the role's sessions under a label.
- GET lists the recorded requests.
- POST `{"policies": {name: document}, "action": name}` re-evaluates them (all, or those of one action) as if the role
  had exactly these policies, and lists those that would be denied. Boundary, session and resource policies are those of
  the recorded request.
- DELETE stops recording and forgets everything.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from localstack.http import Response
from localstack.services.edge import ROUTER
from werkzeug import Request as HttpRequest
from werkzeug.exceptions import BadRequest

from pipeline_emulator.iam.context import RESOURCE_TAGS, Context, Tags
from pipeline_emulator.iam.documents import compiled
from pipeline_emulator.iam.evaluation import evaluate
from pipeline_emulator.iam.request import Policies, Policy, Request

PATH = "/_pipeline/iam/noted"
MAX_ENTRIES = 20_000
"""Distinct requests kept; `left_off` counts the rest."""


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """An allowed request, with everything needed to evaluate it again."""

    during: str
    request: Request
    policies: Policies

    def as_json(self) -> dict[str, Any]:
        """Return the request as the API presents it."""
        return {"during": self.during, "action": self.request.action, "resource": self.request.resource}


class Recorder:
    """Records allowed requests once a role is set. Thread-safe.

    Attributes:
        role: the ARN of the role; None while nothing is recorded.
    """

    def __init__(self) -> None:
        self.role: str | None = None
        self._lock = threading.Lock()
        self._during = ""
        self._found: dict[tuple[str, ...], RecordedRequest] = {}
        self._left_off = 0

    def start(self, role: str, during: str) -> None:
        """Start recording for a role; earlier records are kept."""
        with self._lock:
            self.role, self._during = role, during

    def stop(self) -> None:
        """Stop recording, and forget the records."""
        with self._lock:
            self.role, self._during, self._left_off = None, "", 0
            self._found.clear()

    def add(self, request: Request, context: Context, policies: Policies) -> None:
        """Record an allowed request, once for each set of values that a condition could read.

        Args:
            request: the allowed request.
            context: its complete context.
            policies: the policies that allowed it.
        """
        if context.principal.entity_arn != self.role:
            return
        tags = _as_they_are(context.resource_tags)
        asked = (context.request_tags, tags, context.tag_keys, sorted(context.service_values.items()))
        with self._lock:
            key = (self._during, request.action, request.resource, repr(asked))
            if key in self._found:
                return
            if len(self._found) >= MAX_ENTRIES:
                self._left_off += 1
                return
            context = replace(context, resource_tags=tags.__getitem__)
            self._found[key] = RecordedRequest(self._during, replace(request, context=context), policies)

    def report(self) -> dict[str, Any]:
        """Return the recorded requests, oldest first."""
        with self._lock:
            found, left_off = list(self._found.values()), self._left_off
        return {"role": self.role, "left_off": left_off, "noted": [each.as_json() for each in found]}

    def refused(self, documents: Mapping[str, str], action: str | None = None) -> list[dict[str, Any]]:
        """Return the recorded requests (of one action) that these policies would deny, each with the explanation."""
        identity = tuple(Policy(name, text) for name, text in documents.items())
        with self._lock:
            found = [each for each in self._found.values() if action in (None, each.request.action)]
        again = [(each, evaluate(each.request, replace(each.policies, identity=identity))) for each in found]
        return [
            {**each.as_json(), "explanation": decision.explanation} for each, decision in again if not decision.allowed
        ]


def _as_they_are(tags: Tags | Callable[[str], Tags]) -> dict[str, Tags]:
    """Look up a resource's tags now, because they may change and the resource may be deleted."""
    return {prefix: tags(prefix) if callable(tags) else tags for prefix in sorted(RESOURCE_TAGS)}


RECORDER = Recorder()


def install() -> None:
    """Add the path to the gateway's router."""
    ROUTER.add(PATH, endpoint=_handle, methods=["GET", "PUT", "POST", "DELETE"])


def _handle(request: HttpRequest, _arguments: Any = None) -> Response:
    try:
        if request.method == "PUT":
            RECORDER.start(*_texts(request.get_json(force=True), "role", "during"))
        elif request.method == "POST":
            body = request.get_json(force=True)
            return _answer({"refused": RECORDER.refused(_documents(body), body.get("action"))})
        elif request.method == "DELETE":
            RECORDER.stop()
    except (ValueError, BadRequest) as error:
        return Response(str(error), status=400, mimetype="text/plain")
    return _answer(RECORDER.report())


def _answer(body: Mapping[str, Any]) -> Response:
    return Response(json.dumps(body), mimetype="application/json")


def _texts(body: Any, *names: str) -> list[str]:
    found = [body.get(name) for name in names] if isinstance(body, dict) else []
    texts = [each for each in found if isinstance(each, str) and each]
    if len(texts) != len(names):
        raise ValueError(f"the body must be an object with the strings {' and '.join(names)}")
    return texts


def _documents(body: Any) -> dict[str, str]:
    found = body.get("policies") if isinstance(body, dict) else None
    documents = {name: json.dumps(document) for name, document in found.items()} if isinstance(found, dict) else {}
    if not documents:
        raise ValueError('the body must be {"policies": {name: document}}')
    for name, text in documents.items():
        if malformed := compiled(text, of_resource=False).malformed:
            raise ValueError(f"the policy {name} is malformed: {malformed}")
    return documents
