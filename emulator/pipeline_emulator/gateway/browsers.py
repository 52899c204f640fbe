"""Keeps web pages in this machine's browser away from the emulator: checks Host, Origin and fetch metadata.

A page can send requests to any address that its browser reaches, without being allowed to read the answers; by DNS
rebinding, it can even read them. Browsers say where a request comes from in headers that pages cannot set:
https://fetch.spec.whatwg.org/#origin-header and https://www.w3.org/TR/fetch-metadata/.
"""

import logging
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from localstack import config
from localstack.aws import handlers
from localstack.aws.api import RequestContext
from localstack.http import Response
from localstack.services.s3.cors import S3CorsHandler
from werkzeug.datastructures import Headers

from pipeline_emulator import patches
from pipeline_emulator.gateway import hooks, hosts

LOG = logging.getLogger(__name__)

_BODY = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{}</Message></Error></ErrorResponse>"
_HOST = f"The emulator does not serve the host {{!r}}. If it is reached by this name, add it to {hosts.VARIABLE}."
_PAGE = (
    "The emulator does not serve requests that a browser sends for {!r}. If this is a page of yours, add its host to "
    f"{hosts.VARIABLE}, or allow its origin in the CORS configuration of the bucket or function URL. To follow a link,"
    " open it from the address bar."
)
_SCHEME = re.compile(r"^https?://")
_NO_METADATA = (
    "The emulator does not serve requests with Action in the URL to browsers, which may send them for any page."
)


class Guard:
    """The first handler in the gateway's chain. Everything follows it: services, core's and our routes, websockets."""

    def __init__(self, allowed: hosts.AllowedHosts) -> None:
        self._allowed = allowed

    def __call__(self, chain: Any, context: RequestContext, response: Response) -> None:
        """End the chain with status 403 if the host is not the emulator's, or a foreign page sent the request."""
        problem = self.problem(context.request)
        if problem is None:
            return
        LOG.warning("Refused %s %s: %s", context.request.method, context.request.path, problem)
        response.status_code = 403
        if "HTTP_X_AMZ_TARGET" in context.request.environ:
            response.set_json({"__type": "AccessDeniedException", "message": problem})
        else:  # clients of REST services with JSON read the code from the header and take any body for the message
            response.headers["x-amzn-ErrorType"] = "AccessDeniedException"
            response.content_type = "application/xml"
            response.data = _BODY.format(escape(problem)).encode()
        chain.terminate()  # without response handlers: nothing here is for the page, CORS headers included

    def problem(self, request: Any) -> str | None:
        """Return why a request is refused; None if it is served."""
        environ: dict[str, Any] = request.environ
        # Some clients send a URL as the Host, and AWS serves them. No browser does.
        if not self._allowed.allow(_SCHEME.sub("", environ.get("HTTP_HOST", ""))):
            return _HOST.format(environ.get("HTTP_HOST", ""))
        target = environ.get("RAW_URI", "/")
        # A target with a host takes precedence over the header (RFC 9112, 3.2.2), and some code may read it.
        if not target.startswith("/") and target != "*" and not self._allowed.allow(urlsplit(target).netloc):
            return _HOST.format(urlsplit(target).netloc)
        return self._problem_of_page(request, environ)

    def _problem_of_page(self, request: Any, environ: dict[str, Any]) -> str | None:
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        if origin is None:
            if site in ("same-origin", "none"):  # "none": the address bar, a bookmark
                return None
            referer = environ.get("HTTP_REFERER")
            if site is None:
                return self._problem_without_metadata(request, environ, referer)
            origin = _origin_of(referer)
        if self._is_allowed(origin) or _resource_allows(request, origin):
            return None
        return _PAGE.format(origin or "another page")

    def _problem_without_metadata(self, request: Any, environ: dict[str, Any], referer: str | None) -> str | None:
        """Judge what browsers send to names without TLS that are not localhost: perhaps a Referer, or nothing.

        Other clients send Referer headers as they like.
        """
        if not environ.get("HTTP_USER_AGENT", "").startswith("Mozilla/"):
            return None
        origin = _origin_of(referer)
        if origin and not self._is_allowed(origin) and not _resource_allows(request, origin):
            return _PAGE.format(origin)
        return _NO_METADATA if any(name.lower() == "action" for name in request.args) else None

    def _is_allowed(self, origin: str | None) -> bool:
        if origin is None:
            return False
        scheme, _, authority = origin.partition("://")
        if scheme in ("http", "https") and self._allowed.allow(authority):
            return True
        return config.DISABLE_CORS_CHECKS or origin in _EXTRA_ORIGINS or "*" in _EXTRA_ORIGINS


# LocalStack's own setting for origins that may read its answers.
_EXTRA_ORIGINS = frozenset(each.strip() for each in config.EXTRA_CORS_ALLOWED_ORIGINS.split(",") if each.strip())


def _origin_of(url: str | None) -> str | None:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else None


def _resource_allows(request: Any, origin: str | None) -> bool:
    """Return whether a resource that the request is for lets pages of this origin in."""
    decided = hooks.allows_page(request, origin)
    return _bucket_allows(request, origin) if decided is None else decided


def _bucket_allows(request: Any, origin: str | None) -> bool:
    """Return whether S3 decides about the request by a bucket's CORS configuration, and that allows it.

    Core's handler, which comes later, finds the bucket by the same means and then directs the request to S3, whatever
    else its headers say. It answers preflight requests itself, also if the bucket does not allow the origin.
    """
    handler = next((each for each in handlers.preprocess_request.handlers if isinstance(each, S3CorsHandler)), None)
    if handler is None or request.method == "WEBSOCKET":
        return False
    _, bucket = handler.pre_parse_s3_request(request)
    if bucket is None or origin is None:
        return False
    if request.method == "OPTIONS":
        return True
    rules = handler.bucket_cors_index.cors.get(bucket, {"CORSRules": []})["CORSRules"]
    asked: Any = SimpleNamespace(method=request.method, headers=Headers({"Origin": origin}))
    return handler.match_rules(asked, rules) is not None


def install() -> None:
    """Check every request from now on. Call it before the gateway is created."""
    guard = Guard(hosts.allowed())

    @patches.CHECK_HOST_AND_ORIGIN.wrap
    def __init__(original: Callable[..., None], self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.request_handlers.insert(0, guard)
