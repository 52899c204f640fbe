"""The page's server: static files, one stream of live numbers, and a few requests for everything else."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from harness.dashboard import about, drifting, function, model, problems, records, resources, shadow, way
from harness.dashboard.guard import Guard
from harness.dashboard.live import Live
from harness.dashboard.local import Current, Local
from harness.errors import HarnessError, NoAnswerError

STATIC = Path(__file__).parent / "static"
MOST_BODY = 2 * 1024 * 1024

type Endpoint = Callable[[Request], Awaitable[Response]]


def make(name: str, port: int, token: str, end: Callable[[], None]) -> Starlette:
    """Return the application.

    Args:
        name: the stack's name.
        port: that it is served on.
        token: of this start.
        end: ends the server.
    """
    current = Current(name)
    live = Live(current, end)
    html = (STATIC / "index.html").read_text().replace("{{token}}", token)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(live.run())
        yield
        task.cancel()

    async def page(_request: Request) -> Response:
        return HTMLResponse(html)

    async def stream(_request: Request) -> Response:
        return StreamingResponse(live.messages(), media_type="text/event-stream")

    async def stack(_request: Request) -> Response:
        return await _answer(lambda: about.describe(current))

    def reading(read: Callable[[Local, Request], Any]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            return await _answer(lambda: read(current.local(), request))

        return endpoint

    def changing(change: Callable[[Local, Any], Any]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            body = await _body(request)
            return body if isinstance(body, Response) else await _answer(lambda: change(current.local(), body))

        return endpoint

    routes = [
        Route("/", page),
        Route("/api/live", stream),
        Route("/api/stack", stack),
        Route(
            "/api/events", reading(lambda local, request: way.find(local, request.query_params.get("id", "").strip()))
        ),
        Route("/api/events", changing(_put), methods=["POST"]),
        Route("/api/failed", reading(lambda local, _: problems.failures(local))),
        Route(
            "/api/failed/redrive", changing(lambda local, body: problems.redrive(local, body["keys"])), methods=["POST"]
        ),
        Route("/api/function", reading(lambda local, _: function.describe(local))),
        Route("/api/log", reading(lambda local, request: function.log(local, request.query_params.get("search", "")))),
        Route("/api/resources", reading(lambda local, _: resources.describe(local))),
        Route("/api/denials", reading(lambda local, _: problems.denied(local))),
        Route("/api/faults", reading(lambda local, _: problems.faults(local))),
        Route("/api/faults", changing(_switch), methods=["POST"]),
        Route("/api/model", reading(lambda local, _: model.describe(local))),
        Route("/api/model/hold-out", reading(_hold_out)),
        Route("/api/model/drift", reading(lambda local, _: drifting.describe(local))),
        Route("/api/model/shadow", reading(lambda local, _: shadow.describe(local))),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Guard, port=port, token=token)])


def _hold_out(local: Local, request: Request) -> Any:
    return model.over_time(local, request.query_params.get("group", ""), request.query_params.get("value", ""))


def _put(local: Local, body: Any) -> dict[str, str]:
    return {"event_id": records.put(local, str(body["event"]))}


def _switch(local: Local, body: Any) -> Any:
    return problems.switch(local, body["name"], on=bool(body["on"]))


async def _body(request: Request) -> Any:
    """Return the JSON object in a request, or the refusal."""
    raw = b""
    async for part in request.stream():
        raw += part
        if len(raw) > MOST_BODY:
            return _problem("the request is larger than 2 MiB", "an event has at most 1 MiB", 413)
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else _problem("the request is no JSON object", "load the page again", 400)


async def _answer(work: Callable[[], Any]) -> Response:
    """Do the work in a thread and return its result as JSON; or the cause of its failure, and the next step."""
    try:
        return JSONResponse(await run_in_threadpool(work))
    except NoAnswerError as error:
        return _problem(error.cause, error.next_step, 503)
    except HarnessError as error:
        return _problem(error.cause, error.next_step, 400)
    except KeyError as error:
        return _problem(f"the request has no {error}", "load the page again", 400)
    except ClientError as error:
        return _problem(
            f"the local AWS endpoint answered: {error}", "look at make local-status and make local-logs", 502
        )
    except BotoCoreError as error:
        return _problem(f"LocalStack does not answer: {error}", "look at make local-status", 503)


def _problem(cause: str, next_step: str, status: int) -> Response:
    return JSONResponse({"cause": cause, "next_step": next_step}, status)
