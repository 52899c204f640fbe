"""Endpoints: only AWS's own, except in a rehearsal."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import botocore.session

from harness.errors import HarnessError
from harness.stages.access import ENDPOINT_VARIABLE, Access
from harness.stages.stage import Stage

KEY = "endpoint_url"


def check(stage: Stage, access: Access) -> None:
    """Refuse settings that would send requests elsewhere, and a rehearsal that would leave this machine.

    Such settings would be ignored (access.py), but users who made them expect them to take effect.

    Args:
        stage: to be changed.
        access: has an endpoint in a rehearsal.

    Raises:
        HarnessError: there is such a setting.
    """
    if access.endpoint_url is not None:
        _check_loopback(access.endpoint_url)
        return
    if found := sorted(name for name in os.environ if ENDPOINT_VARIABLE.fullmatch(name)):
        name = found[0]
        raise HarnessError(
            f"{name}={os.environ[name]} is set, but {stage.name} uses AWS's own endpoints only",
            f"unset {' '.join(found)}",
        )
    for where, url in _configured():
        raise HarnessError(
            f"{where} sets {KEY} = {url}, but {stage.name} uses AWS's own endpoints only",
            "remove it there, or choose another profile with AWS_PROFILE",
        )


def _configured() -> Iterator[tuple[str, str]]:
    """Yield place and URL of the endpoints in the chosen profile and in its source profiles."""
    session = botocore.session.Session()
    config = session.full_config
    profiles: Mapping[str, Any] = config.get("profiles", {})
    name, seen = session.profile or "default", set[str]()
    while name and name not in seen and name in profiles:
        seen.add(name)
        profile = profiles[name]
        if KEY in profile:
            yield f"profile {name}", str(profile[KEY])
        section = profile.get("services")
        # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        for service, settings in config.get("services", {}).get(section, {}).items():
            if isinstance(settings, dict) and KEY in settings:
                yield f"service {service} of [services {section}], which profile {name} uses,", str(settings[KEY])
        name = profile.get("source_profile", "")


def _check_loopback(url: str) -> None:
    parts = urlsplit(url)
    try:
        loopback = ip_address(parts.hostname or "").is_loopback
    except ValueError:  # a name could resolve to anything
        loopback = False
    if parts.scheme != "http" or not loopback:
        raise HarnessError(
            f"a rehearsal stays on this machine, but {url} is not a loopback address", "use http://127.0.0.1:<port>"
        )
