"""Settings of ECR, read from the environment."""

import os

from localstack import config, constants


def registry_url() -> str | None:
    """Return the registry's base URL as LocalStack sees it (PIPELINE_ECR_REGISTRY_URL), or None without a registry."""
    return os.environ.get("PIPELINE_ECR_REGISTRY_URL", "").rstrip("/") or None


def public_host() -> str:
    """Return `host:port` under which clients and the container engine reach the gateway: LOCALSTACK_HOST.

    Engines push to and pull from 127.0.0.0/8 without TLS, but not from LocalStack's own
    default, a name that only a public name server knows: the loopback address takes its place.
    """
    default = config.LOCALSTACK_HOST
    if default.host == constants.LOCALHOST_HOSTNAME:
        return f"{constants.LOCALHOST_IP}:{default.port}"
    return str(default)
