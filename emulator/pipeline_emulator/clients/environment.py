"""The variables with which AWS clients, Terraform and scripts use the emulator in place of AWS."""

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_DEFAULT_REGION = "us-east-1"
_LOOPBACK = ("127.0.0.1", "localhost")


def region(environment: Mapping[str, str]) -> str:
    """Return the region of the user's environment, or a default."""
    return named_region(environment) or _DEFAULT_REGION


def named_region(environment: Mapping[str, str]) -> str | None:
    """Return the region of the user's environment; None if it names none."""
    return environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None


def for_clients(endpoint_url: str, region: str) -> dict[str, str]:
    """Return the variables for AWS clients: the address, the root user's keys, the region, and no files of yours."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def for_shells(endpoint_url: str, region: str) -> dict[str, str]:
    """Return the variables for Terraform, tflocal and scripts."""
    address = by_address(endpoint_url)
    return {**for_clients(address, region), "S3_HOSTNAME": urlsplit(address).hostname or ""}  # tflocal's


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return NO_PROXY and no_proxy of an environment with a proxy, extended by the loopback addresses.

    Clients of botocore send requests to those through the proxy, too, which cannot reach this machine's loopback.
    """
    if not any(value for name, value in environment.items() if name.lower() in ("http_proxy", "all_proxy")):
        return {}
    found = {}
    for name in ("NO_PROXY", "no_proxy"):
        listed = [entry for entry in environment.get(name, "").split(",") if entry]
        found[name] = ",".join([*listed, *(entry for entry in _LOOPBACK if entry not in listed)])
    return found


def foreign(environment: Mapping[str, str], ours: Mapping[str, str]) -> list[str]:
    """Return the names of the user's AWS variables that must not reach a command: a profile, a session token."""
    return sorted(name for name in environment if name.startswith("AWS_") and name not in ours)


def by_address(endpoint_url: str) -> str:
    """Return the URL with an address for `localhost`.

    With an address, neither clients nor Terraform's S3 backend put a bucket's name in front of it.
    """
    return re.sub(r"//localhost\b", "//127.0.0.1", endpoint_url)
