"""Entry point of the Lambda function.

Wrong settings and unusable models fail at import, in Lambda's INIT phase, so the function never takes a batch that it
cannot process.
"""

import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from store_sales.processor import Context, Processor


def _start() -> "Processor":
    """Start without garbage collection, which would look through all modules many times and find nothing."""
    gc.disable()
    try:
        from store_sales.start import start

        return start()
    finally:
        gc.freeze()  # nor does it have to look through them again later
        gc.enable()


_processor = _start()


def lambda_handler(event: Mapping[str, Any], context: "Context") -> dict[str, list[dict[str, str]]]:
    """Predict a batch of Kinesis records; see `Processor.process`."""
    return _processor.process(event, context)
