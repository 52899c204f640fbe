"""Entry point of the Lambda function.

Wrong settings and unusable models fail at import, in Lambda's INIT phase, so the function never takes a batch that it
cannot process.
"""

import logging
import os
import time
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

from store_sales.calls import Clients
from store_sales.config import Settings
from store_sales.failures import FailureStore
from store_sales.logs import configure, log
from store_sales.model import load_model
from store_sales.output import StreamWriter
from store_sales.processor import Context, Processor
from store_sales.shadow import Shadow, load_shadow

# Used only to load the model at INIT; no batch waits for it.
MODEL_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 5, "mode": "standard"})
SHADOW_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1, "mode": "standard"})


def _start() -> Processor:
    started = time.monotonic()
    settings = Settings.from_environment(os.environ)
    configure(settings.log_level)
    model_s3 = boto3.client("s3", config=MODEL_CONFIG)
    s3 = Clients(lambda config: boto3.client("s3", config=config))
    kinesis = Clients(lambda config: boto3.client("kinesis", config=config))
    model = load_model(model_s3, settings.model_bucket, settings.run_id, settings.model_location)
    duration = round((time.monotonic() - started) * 1000, 1)
    log(
        logging.INFO,
        "model loaded",
        model_version=model.version,
        stores=len(model.profiles.stores),
        duration_ms=duration,
    )
    return Processor(
        model,
        StreamWriter(kinesis, settings.predictions_stream),
        FailureStore(s3, settings.failed_events_bucket),
        _shadow(settings),
    )


def _shadow(settings: Settings) -> Shadow | None:
    """Load the shadow model, after the live one, which the function cannot do without."""
    if settings.shadow_run_id is None:
        return None
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "unknown")
    s3 = boto3.client("s3", config=SHADOW_CONFIG)
    return load_shadow(s3, settings.model_bucket, settings.shadow_run_id, settings.run_id, name)


_processor = _start()


def lambda_handler(event: Mapping[str, Any], context: Context) -> dict[str, list[dict[str, str]]]:
    """Predict a batch of Kinesis records; see `Processor.process`."""
    return _processor.process(event, context)
