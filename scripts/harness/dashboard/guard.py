"""Lets only the page itself, in this machine's browser, talk to its server.

A foreign page can send requests to any address that the browser reaches, and by DNS rebinding read the answers. So
Host must be the server's own, Origin and fetch metadata must not name another site, and what changes something needs
the token of this start, which only the page's own HTML has.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "x-pipeline-token"  # noqa: S105 - the header's name
SAFE = ("GET", "HEAD")
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Middleware that refuses requests of other pages, and adds the headers that keep the page to itself."""

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app = app
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            await send(message)

        if problem := self.problem(scope["method"], Headers(scope=scope)):
            refusal = JSONResponse({"cause": problem, "next_step": "open the page from the address bar"}, 403)
            await refusal(scope, receive, send_guarded)
            return
        await self._app(scope, receive, send_guarded)

    def problem(self, method: str, headers: Headers) -> str | None:
        """Return why a request is refused, or None."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if host not in self._hosts:
            return f"this server does not serve the host {host!r}"
        if origin is not None and origin != f"http://{host}":
            return f"this server does not serve pages of {origin!r}"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return "this server does not serve other pages"
        if method not in SAFE and not secrets.compare_digest(headers.get(TOKEN_HEADER, ""), self._token):
            return "the page is from an earlier start of its server: load it again"
        return None
