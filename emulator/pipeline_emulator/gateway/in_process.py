"""Services of this LocalStack, called without HTTP.

An event source mapping makes three calls for each batch. Over HTTP each of them costs several milliseconds of the one
interpreter that also serves everybody else.
"""

from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS


def provider(service: str) -> Any:
    """Return the object whose methods are the service's operations; starts the service if need be.

    Raises:
        ValueError: there is no such service.
    """
    return SERVICE_PLUGINS.require(service)._provider
