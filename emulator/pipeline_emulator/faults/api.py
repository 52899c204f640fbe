"""The HTTP API: GET, PUT and DELETE /_pipeline/faults. It exists only with FAULTS=1."""

import json
from typing import Any

from localstack.http import Response
from localstack.services.edge import ROUTER
from werkzeug import Request

from pipeline_emulator.faults.rules import FAULTS, FaultRuleError, Rule

PATH = "/_pipeline/faults"


def install() -> None:
    """Add the API to the gateway's router."""
    ROUTER.add(PATH, endpoint=handle, methods=["GET", "PUT", "DELETE"])


def handle(request: Request, _arguments: Any = None) -> Response:
    """Replace or remove all rules; return those in force and how often each has struck."""
    if request.method == "DELETE":
        FAULTS.replace([])
    elif request.method == "PUT":
        try:
            FAULTS.replace(*_parsed(request.get_data()))
        except FaultRuleError as error:
            return _json({"message": str(error)}, 400)
    return _json({"rules": FAULTS.report()})


def _parsed(body: bytes) -> tuple[list[Rule], int]:
    """Return the rules and the seed in `{"seed": 0, "rules": [...]}`.

    Raises:
        FaultRuleError: the body has another form.
    """
    try:
        document = json.loads(body)
        rules, seed = document["rules"], document.get("seed", 0)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FaultRuleError('the body must be {"seed": <integer>, "rules": [<rule>, ...]}') from error
    if not isinstance(rules, list) or not isinstance(seed, int):
        raise FaultRuleError("rules must be a list, seed an integer")
    return [Rule.from_json(rule) for rule in rules], seed


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
