"""The HTTP API: GET and PUT /_pipeline/snapshot, with the token (PIPELINE_SNAPSHOT_TOKEN) as bearer."""

import json
import logging
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from localstack import config
from localstack.http import Response
from localstack.services.edge import ROUTER
from werkzeug import Request

from pipeline_emulator.snapshots import saving
from pipeline_emulator.snapshots.errors import SnapshotError

LOG = logging.getLogger(__name__)
PATH = "/_pipeline/snapshot"
_PIECE = 2**20


def install(token: str) -> None:
    """Add the API to the gateway's router."""

    def handle(request: Request, _arguments: Any = None) -> Response:
        if not secrets.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}"):
            return _json(
                {
                    "message": "the token is missing or another one",
                    "next": "send PIPELINE_SNAPSHOT_TOKEN as the bearer",
                },
                403,
            )
        return _answered(_get if request.method == "GET" else lambda: _put(request))

    ROUTER.add(PATH, endpoint=handle, methods=["GET", "PUT"])


def _answered(work: Callable[[], Response]) -> Response:
    try:
        return work()
    except SnapshotError as error:
        return _json({"message": error.cause, "next": error.next_step}, error.status)
    except Exception as error:
        LOG.exception("The snapshot failed")
        return _json({"message": f"{type(error).__name__}: {error}", "next": "read the emulator's log"}, 500)


def _get() -> Response:
    """Return the snapshot. It is complete before the first byte is sent, so an error is never taken for one."""
    file = tempfile.TemporaryFile(dir=_folder())  # noqa: SIM115 - closed when it has been sent
    try:
        with tempfile.TemporaryDirectory(dir=_folder(), prefix="snapshot-") as folder:
            saving.save(Path(folder), file)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = Response(_pieces(file), mimetype="application/x-tar")
    response.headers["Content-Length"] = str(size)
    return response


def _put(request: Request) -> Response:
    with (
        tempfile.TemporaryFile(dir=_folder()) as file,
        tempfile.TemporaryDirectory(dir=_folder(), prefix="snapshot-") as folder,
    ):
        shutil.copyfileobj(request.stream, file, _PIECE)
        file.seek(0)
        saving.load(file, Path(folder))
    return _json({})


def _folder() -> str:
    folder = Path(config.dirs.tmp)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _json(document: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")
