"""The HTTP API: GET /_pipeline/activity, /_pipeline/attempts and /_pipeline/discarded."""

import json
import re
from typing import Any

from localstack.http import Response
from localstack.services.edge import ROUTER
from werkzeug import Request

from pipeline_emulator.trace.journal import Journal

ACTIVITY = "/_pipeline/activity"
ATTEMPTS = "/_pipeline/attempts"
DISCARDED = "/_pipeline/discarded"
_EVENT_ID = re.compile(r"(shardId-\d{12}):(\d{1,60})")


def install(journal: Journal) -> None:
    """Add the paths to the gateway's router."""

    def activity(request: Request, _arguments: Any = None) -> Response:
        after = request.args.get("after", "0")
        if not _is_number(after):
            return _json({"message": f"after={after} is not the number of an attempt"}, 400)
        return _json(journal.activity(int(after)))

    def attempts(request: Request, _arguments: Any = None) -> Response:
        stream, event_id = request.args.get("stream", ""), request.args.get("event_id", "")
        found = _EVENT_ID.fullmatch(event_id)
        if not stream or found is None:
            return _json({"message": "needs stream=NAME and event_id=shardId-…:sequence number"}, 400)
        return _json({"attempts": list(journal.of_record(stream, found[1], int(found[2])))})

    def discarded(request: Request, _arguments: Any = None) -> Response:
        stream, after = request.args.get("stream", ""), request.args.get("after", "0")
        if not stream or not _is_number(after):
            return _json({"message": "needs stream=NAME, and after=N with the number of a discarded record"}, 400)
        return _json(journal.given_up(stream, int(after)))

    ROUTER.add(ACTIVITY, endpoint=activity, methods=["GET"])
    ROUTER.add(ATTEMPTS, endpoint=attempts, methods=["GET"])
    ROUTER.add(DISCARDED, endpoint=discarded, methods=["GET"])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
