"""The HTTP API `/_pipeline/debug/<function's ARN>`: run a function under a debugger. Only with HOT_RELOAD=1.

- PUT the Zip of debugpy opens a session. From then on an environment waits for a debugger, beside those that answer.
- POST, every second, extends it. The answer says where debugpy waits. `{"attach": <id>}` says that a debugger is there:
  that environment alone answers the function's events then, and its clock stands still. `{"attach": null}` ends that.
- DELETE ends the session.
"""

import io
import json
from typing import Any

from localstack.http import Response
from localstack.runtime.shutdown import SHUTDOWN_HANDLERS
from localstack.services.edge import ROUTER
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion
from werkzeug import Request

from pipeline_emulator.event_source import hooks as event_source
from pipeline_emulator.lambda_runtime import editions, hooks
from pipeline_emulator.lambda_runtime.archive_layout import RefusedArchiveError
from pipeline_emulator.lambda_runtime.debugging import remote
from pipeline_emulator.lambda_runtime.debugging.attachment import Attachment
from pipeline_emulator.lambda_runtime.debugging.files import NoDebuggerError
from pipeline_emulator.lambda_runtime.debugging.session import Session
from pipeline_emulator.lambda_runtime.debugging.sessions import SESSIONS, AlreadyDebuggedError, paused_since

PATH = "/_pipeline/debug/<path:arn>"


def install() -> None:
    """Add the API to the gateway's router, and let sessions answer events."""
    ROUTER.add(PATH, endpoint=handle, methods=["PUT", "POST", "DELETE"])
    hooks.answer_elsewhere.subscribe(SESSIONS.answer)
    event_source.paused_since.subscribe(paused_since)
    SHUTDOWN_HANDLERS.register(SESSIONS.close_all)


def handle(request: Request, arn: str) -> Response:
    """Serve one request."""
    version = editions.version_of(arn)
    if version is None:
        return _json({"message": f"there is no function {arn}"}, 404)
    if request.method == "PUT":
        return _open(version, arn, request.get_data())
    session = SESSIONS.of(arn)
    if session is None:
        return _json({"message": "nobody debugs this function"}, 404)
    if request.method == "POST":
        return _renew(session, json.loads(request.get_data() or b"{}"))
    SESSIONS.close(session)
    return _json({})


def _open(version: FunctionVersion, arn: str, archive: bytes) -> Response:
    if refusal := remote.refusal(version):
        return _json({"message": refusal}, 400)
    try:
        SESSIONS.open(arn, io.BytesIO(archive))
    except AlreadyDebuggedError:
        return _json({"message": "somebody debugs this function already"}, 409)
    except NoDebuggerError:
        return _json({"message": "the Zip has no package debugpy"}, 400)
    except RefusedArchiveError as error:
        return _json({"message": f"the Zip cannot be used: {error}"}, 400)
    return _json({"timeout": version.config.timeout})


def _renew(session: Session, wanted: dict[str, Any]) -> Response:
    if session.refusal:
        SESSIONS.close(session)
        return _json({"message": f"the function does not start under debugpy: {session.refusal}"}, 400)
    if "attach" in wanted:
        if wanted["attach"] is None:
            session.detach()
        elif not session.attach(str(wanted["attach"])):
            return _json({"message": "this environment waits no longer"}, 409)
    attachment = session.renew()
    return _json(_place(attachment) if attachment else {})


def _place(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "container": attachment.environment.container_id,
        "port": attachment.port,
        "folder": remote.folder(attachment.version),
    }


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
