"""The HTTP API: GET /_pipeline/activity and GET /_pipeline/attempts."""

import json
import re
from typing import Any

from localstack.http import Response
from localstack.services.edge import ROUTER
from werkzeug import Request

from pipeline_emulator.trace.journal import Journal

ACTIVITY = "/_pipeline/activity"
ATTEMPTS = "/_pipeline/attempts"
_EVENT_ID = re.compile(r"(shardId-\d{12}):(\d{1,60})")


def install(journal: Journal) -> None:
    """Add the paths to the gateway's router."""

    def activity(request: Request, _arguments: Any = None) -> Response:
        after = request.args.get("after", "0")
        if not (after.isascii() and after.isdigit()):
            return _json({"message": f"after={after} is not the number of an attempt"}, 400)
        return _json(journal.activity(int(after)))

    def attempts(request: Request, _arguments: Any = None) -> Response:
        stream, event_id = request.args.get("stream", ""), request.args.get("event_id", "")
        found = _EVENT_ID.fullmatch(event_id)
        if not stream or found is None:
            return _json({"message": "needs stream=NAME and event_id=shardId-…:sequence number"}, 400)
        return _json({"attempts": list(journal.of_record(stream, found[1], int(found[2])))})

    ROUTER.add(ACTIVITY, endpoint=activity, methods=["GET"])
    ROUTER.add(ATTEMPTS, endpoint=attempts, methods=["GET"])


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
