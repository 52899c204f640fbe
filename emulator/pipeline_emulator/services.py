"""LocalStack's services: loads them at startup and calls them without HTTP.

Core loads a service on its first request. Terraform sends its first requests in parallel, and threads that import
moto's interdependent modules at the same time sometimes deadlock. CreateLogGroup then failed with "deadlock detected by
_ModuleLock('moto.s3.exceptions')" until LocalStack was restarted.
"""

import gc
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.utils.bootstrap import is_api_enabled
from moto.backends import get_backend

# Dependencies first: logs imports s3's modules; lambda uses iam's, logs' and sqs's.
_PRELOADED = ("s3", "iam", "sts", "kms", "sqs", "cloudwatch", "logs", "kinesis", "ecr", "lambda")
# These thresholds make full collections rare.
_COLLECTOR_THRESHOLDS = (20_000, 20, 20)


def load() -> None:
    """Load the pipeline's services one after the other.

    Services that are missing, or disabled by SERVICES, are skipped: their first request reports the error.
    """
    for name in _PRELOADED:
        get_backend(name)  # type: ignore[call-overload]
        if SERVICE_PLUGINS.exists(name) and is_api_enabled(name):
            SERVICE_PLUGINS.require(name)


def freeze_loaded_objects() -> None:
    """Turn the garbage collector on, without the objects of the loaded services.

    LocalStack keeps several hundred thousand of them until it exits. Under load, collections that walked them all took
    a quarter of the time (sampling profiler, `make bench`). What is garbage among them is left to `memory_at_rest`.
    """
    gc.freeze()
    gc.set_threshold(*_COLLECTOR_THRESHOLDS)
    gc.enable()


def provider(service: str) -> Any:
    """Return the object whose methods implement a service's operations. Starts the service if necessary.

    A direct call saves several milliseconds per request. An event source mapping makes three calls per batch, and HTTP
    would compete for the one interpreter that also serves every client.

    Raises:
        ValueError: there is no such service.
    """
    return SERVICE_PLUGINS.require(service)._provider
