"""The hosts of function URLs: `<id>.lambda-url.<region>.<host of the emulator>`."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from localstack import config
from localstack.constants import LOCALHOST_HOSTNAME
from localstack.services.lambda_.invocation.models import lambda_stores
from werkzeug import Request

from pipeline_emulator.arn import parse_function_arn
from pipeline_emulator.gateway import hosts

# Browsers, curl and systemd find names below it on this machine, without a name server (RFC 6761, 6.3).
_LOOPBACK_NAME = "localhost"
_issued: set[str] = set()  # ids of the URLs that were created since the start


def issue(url: str) -> None:
    """Note that a function has had this URL."""
    _issued.add(urlsplit(url).netloc.partition(".")[0].lower())


def was_issued(authority: str | None) -> bool:
    """Return whether a function has had the URL of a Host header since the emulator's start."""
    named = hosts.function_url_of(authority)
    return named is not None and named[0] in _issued


def configuration_of(authority: str | None) -> Any | None:
    """Return core's FunctionUrlConfig of a Host header; None if no function has this URL."""
    named = hosts.function_url_of(authority)
    if named is None:
        return None
    url_id, region = named
    found: Any = None
    for account in list(lambda_stores):
        store = lambda_stores[account].get(region)  # [] would create it
        for function in list(store.functions.values()) if store else ():
            for each in list(function.function_url_configs.values()):
                if each.url_id.lower() == url_id:
                    found = each  # like core: the last one, if there are several
    return found


def url_of(url_id: str, function_arn: str, request: Request) -> str:
    """Return the URL under the name and port by which the client of the Lambda API reaches the emulator.

    Subdomains need a name. Where the client uses an address, that is LOCALSTACK_HOST's, or `localhost`. Core's default
    for the former needs a name server.
    """
    region = parse_function_arn(function_arn).region
    _, separator, port = request.host.rpartition(":")
    suffix = f":{port}" if separator and port.isdigit() else ""
    own = config.LOCALSTACK_HOST.host
    names = (hosts.host_of(request.host), own if own != LOCALHOST_HOSTNAME else None, _LOOPBACK_NAME)
    name = next(name for name in names if name and not _is_address(name))
    return f"{request.scheme}://{url_id}.lambda-url.{region}.{name}{suffix}/"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
