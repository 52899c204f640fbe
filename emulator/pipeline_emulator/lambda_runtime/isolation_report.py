"""Says how functions are isolated: in the log when LocalStack starts, and at GET /_pipeline/isolation."""

import json
import threading
from typing import Any

from localstack.http import Response
from localstack.services.edge import ROUTER
from werkzeug import Request

from pipeline_emulator.lambda_runtime import isolation

PATH = "/_pipeline/isolation"


def install() -> None:
    """Add the path, and find out in the background: it takes about 0.1 s, and the first function needs it."""
    ROUTER.add(PATH, endpoint=_handle, methods=["GET"])
    threading.Thread(target=isolation.line, name="lambda-isolation", daemon=True).start()


def _handle(_request: Request, _arguments: Any = None) -> Response:
    return Response(json.dumps({"isolation": isolation.line()}), mimetype="application/json")
