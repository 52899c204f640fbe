"""Loads the services the pipeline uses before the first request, one after the other.

Core loads a service at its first request. Terraform's first requests come at the same time, and threads that import
moto's modules, which import each other, deadlocked now and then: CreateLogGroup then failed with "deadlock detected by
_ModuleLock('moto.s3.exceptions')" for as long as LocalStack ran.
"""

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.utils.bootstrap import is_api_enabled
from moto.backends import get_backend

# In the order of what needs what: logs imports s3's modules, lambda uses iam's, logs' and sqs's.
SERVICES = ("s3", "iam", "sts", "kms", "sqs", "cloudwatch", "logs", "kinesis", "ecr", "lambda")


def load() -> None:
    """Load them; what is missing or, by SERVICES, disabled is left to the first request, which tells why."""
    for name in SERVICES:
        get_backend(name)  # type: ignore[call-overload]
        if SERVICE_PLUGINS.exists(name) and is_api_enabled(name):
            SERVICE_PLUGINS.require(name)
