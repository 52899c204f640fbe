"""What a function's response says about its batch when ReportBatchItemFailures is on.

"Configuring partial batch response with Kinesis Data Streams and Lambda"
(https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html).
"""

import json
from collections.abc import Collection


class WholeBatchFailedError(ValueError):
    """The response is malformed, or names no record of the batch: everything counts as failed."""


def first_failed(response: bytes, sequence_numbers: Collection[int]) -> int | None:
    """Return the lowest failed sequence number, the checkpoint to retry from, or None for a full success.

    Success: a null or empty response, a null, missing or empty `batchItemFailures`.

    Raises:
        WholeBatchFailedError: no JSON object, a bad key name, an empty, null or unknown `itemIdentifier`.
    """
    failures = _failures(response)
    if not failures:
        return None
    if not isinstance(failures, list):
        raise WholeBatchFailedError("batchItemFailures is no list")
    return min(_identifier(failure, sequence_numbers) for failure in failures)


def _failures(response: bytes) -> object:
    try:
        document = json.loads(response or b"null")
    except ValueError as error:
        raise WholeBatchFailedError("the response is no JSON") from error
    if document is None or document == "":
        return None
    if not isinstance(document, dict):
        raise WholeBatchFailedError("the response is no JSON object")
    return document.get("batchItemFailures")


def _identifier(failure: object, sequence_numbers: Collection[int]) -> int:
    identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
    if not isinstance(identifier, str) or not identifier.isdecimal() or int(identifier) not in sequence_numbers:
        raise WholeBatchFailedError(f"{identifier!r} is no sequence number of the batch")
    return int(identifier)
