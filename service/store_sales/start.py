"""Makes the processor from the function's settings. What takes long at a cold start happens side by side."""

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.config import Config

from store_sales.aws import Aws
from store_sales.calls import Clients
from store_sales.config import Settings
from store_sales.location import read_model
from store_sales.logs import configure, log

if TYPE_CHECKING:
    from store_sales.processor import Processor
    from store_sales.shadow import Shadow

# Used only to load the model at INIT; no batch waits for it.
MODEL_CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 5, "mode": "standard"})
SHADOW_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1, "mode": "standard"})


def start() -> "Processor":
    """Read the model file from S3 in a thread, while numpy and ONNX Runtime are imported.

    Raises:
        ConfigurationError: a setting is missing.
        ModelError: the model is missing, damaged or incompatible.
    """
    started = time.monotonic()
    settings = Settings.from_environment(os.environ)
    configure(settings.log_level)
    aws = Aws()
    model_s3 = aws.s3(MODEL_CONFIG)
    with ThreadPoolExecutor(1) as pool:
        file = pool.submit(read_model, model_s3, settings.model_bucket, settings.run_id, settings.model_location)
        s3, kinesis = Clients(aws.s3), Clients(aws.kinesis)
        # The function does no linear algebra, and OpenBLAS's threads take time and memory as soon as numpy is imported.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from store_sales.failures import FailureStore
        from store_sales.model import loaded
        from store_sales.output import StreamWriter
        from store_sales.processor import Processor
    model = loaded(file.result(), settings.run_id)
    duration = round((time.monotonic() - started) * 1000, 1)
    log(
        logging.INFO,
        "model loaded",
        model_version=model.version,
        stores=len(model.profiles.stores),
        duration_ms=duration,
    )
    writer = StreamWriter(kinesis, settings.predictions_stream)
    return Processor(model, writer, FailureStore(s3, settings.failed_events_bucket), _shadow(aws, settings))


def _shadow(aws: Aws, settings: Settings) -> "Shadow | None":
    """Load the shadow model, after the live one, which the function cannot do without."""
    if settings.shadow_run_id is None:
        return None
    from store_sales.shadow import load_shadow

    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "unknown")
    return load_shadow(aws.s3(SHADOW_CONFIG), settings.model_bucket, settings.shadow_run_id, settings.run_id, name)
