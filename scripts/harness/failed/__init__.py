"""The failed-events bucket: lists what failed and why, and puts events back on the source stream (docs/delivery.md)."""

from harness.failed.documents import DISCARDED, INVALID, Failed
from harness.failed.reader import NewFailures, Object, objects, read
from harness.failed.redriving import Redriven, bucket_of, redrive, redrive_bucket

__all__ = [
    "DISCARDED",
    "INVALID",
    "Failed",
    "NewFailures",
    "Object",
    "Redriven",
    "bucket_of",
    "objects",
    "read",
    "redrive",
    "redrive_bucket",
]
