"""The event that a function gets from its URL: payload format 2.0.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from werkzeug import Request

from pipeline_emulator.function_urls.hooks import Access
from pipeline_emulator.gateway import twisted_request

_TIME = "%d/%b/%Y:%H:%M:%S +0000"
# Of the connection to the emulator (RFC 9110, 7.6.1), not of the request.
_CONNECTION_HEADERS = frozenset({"connection", "expect", "keep-alive", "te", "transfer-encoding", "upgrade"})
_TEXT = re.compile(r"(?:text/.*|application/(?:.*\+)?(?:json|xml|javascript))(?:\s*;.*)?", re.IGNORECASE)


def event_of(request: Request, config: Any, access: Access, request_id: str, trace: str, now: datetime) -> bytes:
    """Return the event for a request, as JSON.

    Args:
        request: the request.
        config: core's FunctionUrlConfig.
        access: who sends it.
        request_id: its id.
        trace: its trace header, which is made if the client sends none.
        now: its time, with a time zone.
    """
    environ: Mapping[str, Any] = request.environ
    path, _, query = str(environ.get("RAW_URI") or "/").partition("?")
    headers, cookies = _headers(environ.get("rolo.headers") or ())
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": cookies,
        "headers": headers | _forwarded(request) | {"x-amzn-trace-id": trace},
        "queryStringParameters": _joined(parse_qsl(query, keep_blank_values=True)),
        "requestContext": _context(request, config, access, request_id, path, now),
        **_body(_content(request), headers),
    }
    for name in ("cookies", "queryStringParameters"):
        if not event[name]:
            del event[name]
    return json.dumps(event, ensure_ascii=False).encode()


def _headers(sent: Any) -> tuple[dict[str, str], list[str]]:
    """Return the headers in lower case, those that come several times joined by commas, and the cookies."""
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in sent]
    cookies = [cookie.strip() for name, value in pairs if name == "cookie" for cookie in value.split(";")]
    kept = [pair for pair in pairs if pair[0] != "cookie" and pair[0] not in _CONNECTION_HEADERS]
    return _joined(kept), [cookie for cookie in cookies if cookie]


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def _forwarded(request: Request) -> dict[str, str]:
    port = request.host.rpartition(":")[2]
    return {
        "x-forwarded-for": request.remote_addr or "",
        "x-forwarded-port": port if port.isdigit() else "80",
        "x-forwarded-proto": request.scheme,
    }


def _context(
    request: Request, config: Any, access: Access, request_id: str, path: str, now: datetime
) -> dict[str, Any]:
    identity = access.identity
    found: dict[str, Any] = {
        "accountId": identity["accountId"] if identity else "anonymous",
        "apiId": config.url_id,
        "domainName": request.host,
        "domainPrefix": config.url_id,
        "http": {
            "method": request.method,
            "path": _decoded(path),
            "protocol": request.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "sourceIp": request.remote_addr or "",
            "userAgent": request.headers.get("User-Agent", ""),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": now.astimezone(UTC).strftime(_TIME),
        "timeEpoch": int(now.timestamp() * 1000),
    }
    return found | {"authorizer": {"iam": dict(identity)}} if identity else found


def _decoded(path: str) -> str:
    """Return a path without its percent encoding, and with one slash in front.

    LocalStack's authors recorded both (test_lambda.snapshot.json, TestLambdaURL), but no `rawPath`.
    """
    return "/" + unquote(path).lstrip("/")


def _content(request: Request) -> bytes:
    """Return the body as it was sent: core decodes some."""
    twisted: Any = twisted_request.of(request.environ)
    if twisted is None:
        return request.get_data()
    twisted.content.seek(0)
    content: bytes = twisted.content.read()
    return content


def _body(content: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Return the body as text if its type says so, and in base64 otherwise."""
    if not content:
        return {"isBase64Encoded": False}
    if _TEXT.fullmatch(headers.get("content-type", "").strip()) and "content-encoding" not in headers:
        try:
            return {"body": content.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": b64encode(content).decode(), "isBase64Encoded": True}
