"""Lets LocalStack end while mappings invoke.

An invocation that the shutdown breaks off makes core record an error metric. That starts the CloudWatch provider after
all providers were stopped, and its scheduler, which is no daemon thread, then keeps the process alive for ever.
"""

from collections.abc import Callable
from typing import Any

from localstack.runtime import events
from localstack.services.lambda_.invocation import metrics


def install() -> None:
    """Drop invocation metrics from the moment the shutdown begins."""
    module: Any = metrics
    publish: Callable[..., None] = module.publish_lambda_metric

    def publish_lambda_metric(*args: Any, **kwargs: Any) -> None:
        if not events.infra_stopping.is_set():
            publish(*args, **kwargs)

    module.publish_lambda_metric = publish_lambda_metric
