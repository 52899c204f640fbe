"""Cross-origin requests to function URLs: the URL's CORS configuration decides, not the function.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-cors
"""

from typing import Any

from localstack.http import Response
from werkzeug import Request

from pipeline_emulator.function_urls import addresses
from pipeline_emulator.gateway import hosts

_PREFIX = "access-control-"
_ANY = "*"


def allows_page(request: Any, origin: str | None) -> bool | None:
    """Return whether a page of another host may send a request; None if it is for no function URL.

    A preflight request may come, if there is a configuration: it runs no function.
    """
    authority = request.environ.get("HTTP_HOST")
    if hosts.function_url_of(authority) is None:
        return None
    config = addresses.configuration_of(authority)
    if config is None or not config.cors:
        return False
    return is_preflight(request) or _allows(config.cors, origin)


def is_preflight(request: Any) -> bool:
    """Return whether a browser asks what a page may send."""
    return request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.environ


def preflight(request: Request, cors: Any) -> Response:
    """Return the response to a preflight request."""
    response = Response(status=200)
    add_headers(response, request, cors)
    if _allows(cors, request.headers.get("Origin")):
        for name, key in (("allow-headers", "AllowHeaders"), ("allow-methods", "AllowMethods")):
            if values := cors.get(key):
                response.headers[f"{_PREFIX}{name}"] = ",".join(values)
        if cors.get("MaxAge") is not None:
            response.headers[f"{_PREFIX}max-age"] = str(cors["MaxAge"])
    return response


def add_headers(response: Response, request: Request, cors: Any) -> None:
    """Add what lets the page read the response. The function's own headers of this kind are replaced."""
    for name in [name for name in response.headers.keys() if name.lower().startswith(_PREFIX)]:  # noqa: SIM118
        del response.headers[name]
    origin = request.headers.get("Origin")
    if origin is None:
        return
    response.headers.add("vary", "Origin")
    if not _allows(cors, origin):
        return
    credentials = bool(cors.get("AllowCredentials"))
    # With credentials, browsers accept no wildcard.
    response.headers[f"{_PREFIX}allow-origin"] = _ANY if _ANY in cors["AllowOrigins"] and not credentials else origin
    if credentials:
        response.headers[f"{_PREFIX}allow-credentials"] = "true"
    if (exposed := cors.get("ExposeHeaders")) and not is_preflight(request):
        response.headers[f"{_PREFIX}expose-headers"] = ",".join(exposed)


def _allows(cors: Any, origin: str | None) -> bool:
    allowed = cors.get("AllowOrigins") or []
    return origin is not None and (_ANY in allowed or origin in allowed)
