"""ECR's settings, read from the environment."""

import os

from localstack import config, constants


def registry_url() -> str | None:
    """Return the registry's base URL as LocalStack reaches it (PIPELINE_ECR_REGISTRY_URL); None without a registry."""
    return os.environ.get("PIPELINE_ECR_REGISTRY_URL", "").rstrip("/") or None


def public_host() -> str:
    """Return the `host:port` at which clients and the container engine reach the gateway: LOCALSTACK_HOST.

    Engines use HTTP without TLS only for 127.0.0.0/8, so the loopback address replaces LocalStack's own default, a
    name that needs a public name server.
    """
    default = config.LOCALSTACK_HOST
    if default.host == constants.LOCALHOST_HOSTNAME:
        return f"{constants.LOCALHOST_IP}:{default.port}"
    return str(default)
